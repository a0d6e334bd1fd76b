"""Where things are kept: the configuration files that are looked for, and the data folder."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from opsconsole.config.trust import account

FILE_BY_CHANCE: Final = "opsconsole.toml"
SYSTEM_FILE: Final = Path("/etc/opsconsole/config.toml")
_LONGEST: Final = 80


class DataFolderError(Exception):
    """The data folder cannot be used; the text says why and what to do."""


def user_config_file(environment: Mapping[str, str]) -> Path:
    """The user's own configuration file, by the XDG specification (which ignores relative settings)."""
    return _xdg(environment, "XDG_CONFIG_HOME", ".config") / "opsconsole" / "config.toml"


def user_data_dir(environment: Mapping[str, str]) -> Path:
    """The folder for all data of this user, by the XDG base directory specification."""
    return _xdg(environment, "XDG_DATA_HOME", ".local/share") / "opsconsole"


def _xdg(environment: Mapping[str, str], variable: str, default: str) -> Path:
    told = environment.get(variable, "")
    if told.startswith("/"):
        return Path(told)
    home = environment.get("HOME", "")
    return (Path(home) if home.startswith("/") else Path("~").expanduser()) / default


def data_folder(base: Path, project: str, environment: str) -> Path:
    """The folder of one project and environment; two different pairs never share one."""
    return base / f"{_file_name(project)}@{_file_name(environment)}"


def _file_name(name: str) -> str:
    """A name as part of a file name: letters, digits, "-", "_" and "." stay, the rest is written in per cent.

    Nothing is lost, so different names stay different; a long one is cut and told apart by its hash.
    """
    normal = unicodedata.normalize("NFC", name)
    said = ""
    for index, character in enumerate(normal):
        if character.isalnum() or character in "-_" or (character == "." and index > 0):
            said += character
        else:
            said += "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))
    if not said:
        return "%"
    if len(said.encode()) > _LONGEST:
        import hashlib

        mark = hashlib.sha256(normal.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        kept = said.encode()[: _LONGEST - 17].decode("utf-8", "ignore")
        return f"{kept}~{mark}"
    return said


def prepare_data_dir(path: Path) -> Path:
    """Make the data folder if it is not there, for its owner alone (0700), and look whether it can be used.

    Inside a folder that its owner shares with a group, the new folder is shared with that group too. One that is
    there keeps its mode.

    Returns:
        The path itself.

    Raises:
        DataFolderError: it cannot be made, is no folder, cannot be written, or everybody may write to it.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
        status = path.stat()
    except OSError as error:
        raise DataFolderError(
            f"the data folder {path} cannot be made: {error.strerror}; name another with --data-dir"
        ) from None
    _refuse(path, status)
    return path


def look_at_data_dir(path: Path) -> bool:
    """Whether the data folder is there; it is not made.

    Raises:
        DataFolderError: `prepare_data_dir` would fail, as far as can be told without trying.
    """
    try:
        _refuse(path, path.stat())
    except FileNotFoundError:
        pass
    except OSError as error:
        raise DataFolderError(
            f"the data folder {path} cannot be looked at: {error.strerror}; name another with --data-dir"
        ) from None
    else:
        return True
    above = next(each for each in path.parents if each.exists())
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise DataFolderError(
            f"the data folder {path} cannot be made: nothing can be made in {above}; name another with --data-dir"
        )
    return False


def _refuse(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISDIR(status.st_mode):
        raise DataFolderError(f"{path} is not a folder; name another with --data-dir")
    if status.st_mode & stat.S_IWOTH:
        from shlex import quote

        command = f"chmod o-w {quote(str(path))}"
        raise DataFolderError(f"everybody may write to the data folder {path}; run: {command}")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise DataFolderError(
            f"{account(os.getuid())} may not write to the data folder {path}, which belongs to "
            f"{account(status.st_uid)}; name another with --data-dir"
        )


def _make(path: Path) -> None:
    above = path.parent.stat().st_mode
    shared = above & stat.S_IWGRP and not above & stat.S_IWOTH
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return
    if shared:
        path.chmod(0o700 | above & (stat.S_ISGID | stat.S_IRWXG))
