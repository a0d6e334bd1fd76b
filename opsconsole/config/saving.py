"""Changing a configuration file: one value, and everything else stays as a person wrote it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from opsconsole.config.loading import parse
from opsconsole.config.problems import ConfigError


class SaveError(Exception):
    """Nothing was written; the text says why and what to do."""


def fingerprint(path: Path) -> str:
    """What tells whether a file was changed since: a hash of its bytes, "" where there is none.

    Raises:
        SaveError: it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SaveError(f"{path} cannot be read: {error.strerror}") from None


def set_value(path: Path, keys: Sequence[str | int], value: Any, *, seen: str | None = None) -> None:
    """Set one value in a configuration file; comments, order and the file's mode stay as they are.

    Tables on the way are made where they are missing; elements of lists must be there. What would make the file
    invalid is not written.

    Args:
        path: the file.
        keys: the way to the value, places in lists counted from 0: ("probe", 0, "interval").
        value: a text, number, truth value, list or mapping.
        seen: the `fingerprint` of the file as the caller knows it; None takes it as it is now.

    Raises:
        SaveError: the file was changed meanwhile, cannot be read or written, or would not be valid afterwards.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    path = path.resolve()  # a link stays a link: what it points at is replaced
    try:
        before = path.read_bytes()
        document = tomlkit.parse(before.decode("utf-8"))
    except OSError as error:
        raise SaveError(f"{path} cannot be read: {error.strerror}") from None
    except (TOMLKitError, UnicodeDecodeError):
        raise SaveError(f"{path} is not valid TOML; opsconsole doctor tells what is wrong") from None
    known = hashlib.sha256(before).hexdigest()
    if seen is not None and seen != known:
        raise SaveError(f"{path} was changed meanwhile; look at it again and repeat")
    try:
        _set(document, keys, value)
        text = tomlkit.dumps(document)
        parse(text, path, private=True)
    except (KeyError, IndexError, TypeError, ValueError, TOMLKitError) as error:
        raise SaveError(
            f"{path} was left as it is: the value cannot be set there ({type(error).__name__})"
        ) from None
    except ConfigError as error:
        raise SaveError(f"{path} was left as it is, since it would not be valid afterwards:\n{error}") from None
    write_atomically(path, text, seen=known)


def _set(container: Any, keys: Sequence[str | int], value: Any) -> None:
    import tomlkit

    *way, last = keys
    for step in way:
        if isinstance(step, str) and step not in container:
            container[step] = tomlkit.table()
        container = container[step]
    container[last] = value


def write_atomically(path: Path, text: str, *, seen: str | None = None, keep: bool = True) -> None:
    """Write a file as a whole or not at all: beside it, flushed to the disk, then put in its place.

    A new file has mode 0600.

    Args:
        path: the file; the folder must be there.
        text: what to write.
        seen: the `fingerprint` the file must still have ("" for none there); None replaces whatever is there.
        keep: whether a file that is there keeps its mode, and its owner and group where that is allowed.

    Raises:
        SaveError: it was changed meanwhile, or could not be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise SaveError(f"nothing can be written in {path.parent}: {error.strerror}") from None
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            if keep:
                _take_over(path, descriptor)
            os.fsync(descriptor)
        if seen is not None and fingerprint(path) != seen:
            raise SaveError(f"{path} was changed meanwhile; look at it again and repeat")
        beside.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise SaveError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        beside.unlink(missing_ok=True)


def _take_over(path: Path, descriptor: int) -> None:
    try:
        status = path.stat()
    except FileNotFoundError:  # a new file stays as mkstemp makes it: 0600
        return
    with suppress(PermissionError):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, status.st_mode & 0o7777)


def _flush_folder(folder: Path) -> None:
    """Make the new name durable; a file system that cannot do that has done what it can."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
