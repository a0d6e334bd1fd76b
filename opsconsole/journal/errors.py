"""What can go wrong with the database, said so that a person knows what happened, where, and what to do next."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from typing import Final


class JournalError(Exception):
    """The database could not be opened, read or written. The text is for a person and is shown as it is."""


class NoJournalError(JournalError):
    """There is no database in the folder, and none was to be made."""


class DiskFullError(JournalError):
    """There was no room to write; nothing of what was to be written is in the database."""


_BUSY = (
    "another program holds the database {path}, and did not let go of it in time. Close it (an open sqlite3 "
    "shell, a backup) and try again."
)
_READONLY = (
    "the database {path} cannot be written ({error}). Make the file and its folder writable for this account, or "
    "choose another folder with --data-dir."
)
_DAMAGED = (
    "the database {path} is damaged ({error}). Keep the file: it can be looked into. Move it and the files beside "
    "it that begin with its name to another folder; the next start then begins a new one."
)
_FULL = (
    "there is no room to write to the database {path} ({error}): the disk or a quota is full. Free some space; "
    "nothing that was acknowledged is lost."
)
_CANNOT_OPEN = (
    "the database {path} cannot be opened ({error}). Look at the permissions of the file and its folder, or "
    "choose another folder with --data-dir."
)
_DISK = (
    "the disk under the database {path} failed ({error}). Look at the system's log and at the health of the disk; "
    "nothing that was acknowledged is lost."
)
_MESSAGES: Final = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_READONLY: _READONLY,
    sqlite3.SQLITE_PERM: _READONLY,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: "{path} is not an SQLite database ({error}). Move it away, or choose another folder "
    "with --data-dir; it was not touched.",
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_CANTOPEN: _CANNOT_OPEN,
    sqlite3.SQLITE_AUTH: _CANNOT_OPEN,
    sqlite3.SQLITE_IOERR: _DISK,
}
"""Primary result code of SQLite (https://sqlite.org/rescode.html) → what is said."""

_NO_ROOM: Final = frozenset(
    (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR_WRITE,  # a quota, a limit on the size of files
        sqlite3.SQLITE_IOERR_FSYNC,
        sqlite3.SQLITE_IOERR_TRUNCATE,
        sqlite3.SQLITE_IOERR_SHMSIZE,  # no room for the index of the write-ahead log
    )
)
"""Extended result codes that a full disk, a quota or a size limit gives."""

_SYSTEM_NO_ROOM: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


def explain(error: sqlite3.Error, path: Path) -> JournalError:
    """The error of ours that says what SQLite's means."""
    code = getattr(error, "sqlite_errorcode", None) or 0
    if code in _NO_ROOM or (code & 0xFF == sqlite3.SQLITE_CANTOPEN and no_room(path.parent)):
        return DiskFullError(_FULL.format(path=path, error=error))
    said = _MESSAGES.get(code & 0xFF, "the database {path} answered with an error: {error}.")
    return JournalError(said.format(path=path, error=error))


def explain_system(error: OSError, path: Path) -> JournalError:
    """The error of ours for one of the operating system's at this path."""
    reason = error.strerror or str(error)
    if error.errno in _SYSTEM_NO_ROOM:
        return DiskFullError(_FULL.format(path=path, error=reason))
    if isinstance(error, PermissionError):
        return JournalError(
            f"{path} cannot be used: {reason}. Make it readable and writable for this account, or choose another "
            "folder with --data-dir."
        )
    return JournalError(f"{path} cannot be used: {reason}. Choose another folder with --data-dir.")


def no_room(folder: Path) -> bool:
    """Whether the file system has as good as nothing left for this account."""
    try:
        room = os.statvfs(folder)
    except OSError:
        return False
    return room.f_bavail * room.f_frsize < 65_536 or (room.f_files > 0 and room.f_favail == 0)
