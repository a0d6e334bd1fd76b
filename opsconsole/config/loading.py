"""From the file to the configuration: which one it is, whether it is trusted, and all that is wrong with it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from opsconsole.config.folders import FILE_BY_CHANCE, SYSTEM_FILE, data_folder, user_config_file, user_data_dir
from opsconsole.config.model import Config
from opsconsole.config.problems import UNREADABLE, ConfigError, Findings, Place, Problem, dotted, instead
from opsconsole.config.schema import ROOT, UNUSED
from opsconsole.config.trust import distrust, is_own, is_private

LARGEST: Final = 1_048_576
"""Bytes of a file that are read; a configuration is never longer."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that can be used, and what is worth knowing about it.

    Attributes:
        config: the configuration.
        warnings: what a person should be told, by line.
    """

    config: Config
    warnings: tuple[Problem, ...] = ()


def load(
    path: Path | None = None,
    *,
    data_dir: Path | None = None,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    read_only: bool = False,
) -> Loaded:
    """Find, read and check the configuration; without any file, the defaults, which watch this machine.

    Args:
        path: the file to use (`--config` or `OPSCONSOLE_CONFIG`); None looks in the usual places.
        data_dir: where data is kept (`--data-dir`); None for `OPSCONSOLE_DATA_DIR` or the user's data folder.
        environment: the environment variables; those of the process by default.
        cwd: the folder the program was started in; that of the process by default.
        read_only: nothing may be changed.

    Raises:
        ConfigError: with every problem of the file.
    """
    environment = os.environ if environment is None else environment
    cwd = Path.cwd() if cwd is None else cwd
    warnings: list[Problem] = []
    found = cwd / path if path is not None else search(environment, cwd, warnings)
    loaded = Loaded(Config()) if found is None else read_file(found)
    config = placed(loaded.config, data_dir=data_dir, environment=environment, cwd=cwd)
    return Loaded(replace(config, read_only=read_only), (*warnings, *loaded.warnings))


def placed(config: Config, *, data_dir: Path | None, environment: Mapping[str, str], cwd: Path) -> Config:
    """The configuration with its data folder; the arguments are those of `load`."""
    told = environment.get("OPSCONSOLE_DATA_DIR")
    base = data_dir or (Path(told) if told else user_data_dir(environment))
    folder = data_folder(cwd / base.expanduser(), config.project.name, config.project.environment)
    return replace(config, data_dir=folder)


def search(environment: Mapping[str, str], cwd: Path, warnings: list[Problem]) -> Path | None:
    """The first configuration file of the usual places; what is worth knowing is added to the warnings."""
    chance = cwd / FILE_BY_CHANCE
    if os.path.lexists(chance):
        if is_own(chance, os.getuid()) and chance.is_file():
            return chance
        warnings.append(
            Problem(
                chance, None, "", "this file is not yours, so it was not used", "name it with --config to use it"
            )
        )
    for path in (user_config_file(environment), SYSTEM_FILE):
        if os.path.lexists(path):
            return path
    return None


def read_file(path: Path) -> Loaded:
    """Read and check one file; `data_dir` and `read_only` of the result are the defaults.

    Raises:
        ConfigError: with every problem of the file.
    """
    content, status = _content(path)
    refused = [Problem(path, None, "", *reason) for reason in distrust(path, status, os.getuid())]
    if refused:
        raise ConfigError(refused)
    return parse(_text(path, content), path, private=is_private(status))


def _content(path: Path) -> tuple[bytes, os.stat_result]:
    """The bytes of a file and what the system says of exactly that file."""
    try:
        # A named pipe would otherwise wait for somebody to write.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigError([_cannot_open(path, error)]) from None
    except ValueError:
        raise ConfigError([Problem(path, None, "", "this is not the name of a file", "name another")]) from None
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            inside = path / "config.toml"
            raise ConfigError([Problem(path, None, "", "this is a folder", f"name a file, like {inside}")])
        if not stat.S_ISREG(status.st_mode):
            raise ConfigError([Problem(path, None, "", "this is not a regular file", "name a TOML file")])
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError([_cannot_open(path, error)]) from None
    finally:
        os.close(descriptor)
    if len(content) > LARGEST:
        raise ConfigError([Problem(path, None, "", "this file is longer than 1 MiB", "name a configuration file")])
    return content, status


def _cannot_open(path: Path, error: OSError) -> Problem:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Problem(
            path,
            None,
            "",
            "there is no such file",
            "check the name, or write one with: opsconsole init --non-interactive --url https://your.site/",
        )
    from shlex import quote

    reason = error.strerror or type(error).__name__
    advice = f"see who may read it with: ls -l {quote(str(path))}"
    return Problem(path, None, "", f"this file cannot be read: {reason}", advice)


_MARKS: Final = (
    (b"\xef\xbb\xbf", "UTF-8 with a byte order mark"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


def _text(path: Path, content: bytes) -> str:
    for mark, name in _MARKS:
        if content.startswith(mark):
            raise ConfigError([Problem(path, 1, "", f"this file is {name}", "save it as plain UTF-8")])
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        message = f"this file is not UTF-8: byte 0x{byte:02x} cannot stand here"
        raise ConfigError([Problem(path, line, "", message, "save it as UTF-8")]) from None
    if not text.strip():
        advice = "write one with: opsconsole init --non-interactive --url https://your.site/"
        raise ConfigError([Problem(path, None, "", "this file is empty", advice)])
    return text


def parse(text: str, path: Path, *, private: bool = False) -> Loaded:
    """Check the text of a configuration file.

    Args:
        text: the TOML.
        path: the file it came from, for messages and as the start of relative paths.
        private: whether the file may hold secrets as text.

    Raises:
        ConfigError: with every problem of the text.
    """
    import tomllib

    mistakes: list[Problem] = []
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError):
        from opsconsole.config.recovery import read_toml

        recovered = read_toml(text)
        values, text = recovered.values, recovered.text
        mistakes = [
            Problem(path, each.line, dotted(each.path), each.message, each.advice) for each in recovered.mistakes
        ]
    findings = Findings(folder=path.parent, private=private)
    config = _read(values, Place(findings))
    warnings = _located(findings.noted, text, path)
    problems = mistakes + _located(findings.wrong, text, path)
    if problems:
        problems.sort(key=lambda problem: problem.line or 0)
        raise ConfigError(problems, warnings)
    return Loaded(replace(config, path=path), tuple(warnings))


def _read(values: dict[str, Any], root: Place) -> Config:
    keys = {key.name: key for key in ROOT}
    read: dict[str, Any] = {}
    for name, value in values.items():
        place = root.at(name)
        if name in keys:
            got = keys[name].kind.read(value, place)
            if got is not UNREADABLE:
                read[keys[name].field or name] = got
        elif name in UNUSED:
            place.note(f"[{name}] is not used by this version", "it changes nothing; you can leave it")
        else:
            place.wrong("this table is not known", instead(name, (*keys, *UNUSED), "the tables are"))
    return Config(**read)


def _located(told: list[tuple[Any, Any, str, str]], text: str, path: Path) -> list[Problem]:
    if not told:
        return []
    from opsconsole.config.locate import Lines

    lines = Lines(text)
    found = [Problem(path, lines.of(at), dotted(key), message, advice) for key, at, message, advice in told]
    return sorted(found, key=lambda problem: problem.line or 0)
