"""The one SQLite database: opened or made, brought to the newest schema, and written in fair turns."""

from __future__ import annotations

import os
import sqlite3
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

from opsconsole.journal import folder as folders
from opsconsole.journal import reserve, schema
from opsconsole.journal.errors import DiskFullError, JournalError, NoJournalError, explain, explain_system
from opsconsole.journal.lock import PATIENCE, FairLock

NAME: Final = "opsconsole.db"
T = TypeVar("T")

_OPEN: Final[Counter[tuple[int, int]]] = Counter()
"""Device and inode of each database that this process has open → how many connections to it.

Closing any descriptor of a file drops every POSIX lock that the process has on it, those of its other connections
too (https://sqlite.org/howtocorrupt.html, section 2.2); the next process that closes its own connection would then
take itself for the last one and delete the write-ahead log from under us. So a file that is open here is never
opened by hand."""
_OPENING: Final = threading.Lock()


class Database:
    """One connection to the database of a data folder. It belongs to the thread that opened it.

    Every write, every checkpoint and the closing happen inside the fair lock. That keeps writers in a queue; and
    it keeps a checkpoint from ever meeting another connection's write, which in versions of SQLite before 3.51.3
    can, very rarely, damage a write-ahead log (https://sqlite.org/wal.html, "the WAL-reset bug").

    Attributes:
        folder: the data folder.
        path: the database's file.
        connection: in autocommit mode; write only inside `write`.
    """

    def __init__(
        self, folder: Path, *, create: bool = True, durable: bool = True, patience: float = PATIENCE
    ) -> None:
        """Open the database, make it where it is missing, and bring its schema to the newest version.

        Args:
            folder: the data folder; made with mode 0700 where it is missing.
            create: False raises instead of making anything.
            durable: a write has reached the disk when it returns (`synchronous=FULL`); False leaves it to the next
                checkpoint, which may lose the last writes when the machine fails, never when a process does.
            patience: seconds to wait for others who hold the database.

        Raises:
            NoJournalError: there is none, and `create` is False.
            DiskFullError: there is no room, even with the reserve given up.
            JournalError: a newer program made it, it is damaged, not ours, not permitted or on a network file
        system.
        """
        self.folder = folder
        self.path = folder / NAME
        self._patience = patience
        self._file: tuple[int, int] | None = None
        if not create and not self.path.exists():
            raise NoJournalError(f"there is no session log in {folder} yet: nothing was recorded there.")
        folders.prepare(folder)
        with _OPENING:
            if self._is_open_here() is None:
                self._look_at_header()
            self._lock = FairLock(folder, patience)
            try:
                self.connection = self._with_reserve(lambda: self._connect(durable))
                opened = self.path.stat()
            except BaseException:
                self._lock.close()
                raise
            self._file = (opened.st_dev, opened.st_ino)
            _OPEN[self._file] += 1

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the last one to close moves the write-ahead log into the database."""
        with _OPENING:
            try:
                with self._lock:
                    self.connection.close()
            except JournalError:  # somebody hangs: SQLite's own locks still hold
                self.connection.close()
            finally:
                self._lock.close()
                if self._file is not None:
                    _OPEN[self._file] -= 1
                    self._file = None

    def _is_open_here(self) -> tuple[int, int] | None:
        """Device and inode of the file, if this process has a connection to it."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        file = (found.st_dev, found.st_ino)
        return file if _OPEN[file] > 0 else None

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: everything in it is written, or nothing.

        Raises:
            DiskFullError: there is no room; nothing was written.
            JournalError: the turn did not come, or SQLite refused; nothing was written.
        """
        with self.translated(), self._lock:
            self._look_whether_there()
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Several reads of one and the same state, whatever others write meanwhile.

        Raises:
            JournalError: the database cannot be read.
        """
        with self.translated():
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                with suppress(sqlite3.Error):
                    self.connection.execute("ROLLBACK")

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn SQLite's errors into ours."""
        try:
            yield
        except sqlite3.Error as error:
            raise explain(error, self.path) from error

    def make_room(self) -> bool:
        """Give up the reserve and the room the write-ahead log takes; returns whether there was a reserve."""
        given_up = reserve.give_up(self.folder)
        self.checkpoint()
        return given_up

    def checkpoint(self) -> None:
        """Move the write-ahead log into the database now, where that can be done, and give back its room.

        An entry takes some 25 KB in the log, where whole pages stand, and less than one in the database.
        """
        with suppress(sqlite3.Error, JournalError), self._lock:
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def data_version(self) -> int:
        """A number that changes when another connection has written."""
        with self.translated():
            return int(self.connection.execute("PRAGMA data_version").fetchone()[0])

    def _look_whether_there(self) -> None:
        """Refuse to write to a file that nobody will find again."""
        try:
            there = self.path.stat()
        except OSError as error:
            raise explain_system(error, self.path) from None
        if (there.st_dev, there.st_ino) != self._file:
            raise JournalError(
                f"{self.path} was replaced by another file while it was open: nothing was written. Open it anew."
            )

    def _look_at_header(self) -> None:
        """Refuse what is not ours before anything is opened for writing.

        The header is that of https://sqlite.org/fileformat.html, section 1.3.
        """
        try:
            with self.path.open("rb") as file:
                header = file.read(100)
        except FileNotFoundError:
            return
        except OSError as error:
            raise explain_system(error, self.path) from None
        if not header:
            return
        if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
            raise JournalError(
                f"{self.path} is not an SQLite database. Move it away, or choose another folder with --data-dir; "
                "it was not touched."
            )
        version, application = struct.unpack_from(">I", header, 60)[0], struct.unpack_from(">I", header, 68)[0]
        self._judge(version, application)

    def _judge(self, version: int, application: int) -> None:
        if application != schema.APPLICATION_ID and (application or version):
            raise JournalError(
                f"{self.path} is an SQLite database of another program. Move it away, or choose another folder "
                "with --data-dir; it was not touched."
            )
        if version > schema.NEWEST:
            raise JournalError(
                f"{self.path} was written by a newer opsconsole: its schema has version {version}, this program "
                f"knows versions up to {schema.NEWEST}. Install the newer opsconsole, or choose another folder "
                "with --data-dir; the file was not touched."
            )

    def _with_reserve(self, attempt: Callable[[], T]) -> T:
        try:
            return attempt()
        except DiskFullError:
            if not reserve.give_up(self.folder):
                raise
            return attempt()

    def _connect(self, durable: bool) -> sqlite3.Connection:
        with self.translated():
            try:
                if not self.path.exists():
                    os.close(folders.open_private(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                pass  # another process was quicker
            except OSError as error:
                raise explain_system(error, self.path) from None
            connection = sqlite3.connect(self.path, timeout=self._patience, isolation_level=None)
            try:
                with self._lock:
                    self._prepare(connection, durable)
            except BaseException:
                connection.close()
                raise
            return connection

    def _prepare(self, connection: sqlite3.Connection, durable: bool) -> None:
        version = _pragma(connection, "user_version")
        self._judge(version, _pragma(connection, "application_id"))
        if version == 0:
            if _pragma_of(connection, "SELECT count(*) FROM sqlite_master"):
                raise JournalError(
                    f"{self.path} is an SQLite database of another program. Move it away, or choose another "
                    "folder with --data-dir; it was not touched."
                )
            # Only before the first table: freed pages can then be given back to the disk later.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        # Asked for only where it is not so yet: it needs the database to itself.
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        if version < schema.NEWEST:
            self._migrate(connection)
        if not reserve.there(self.folder):
            reserve.fill(self.folder)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        for number in sorted(schema.STEPS):
            connection.execute("BEGIN IMMEDIATE")
            try:
                # Another process may have taken this step since, if its lock file was not ours.
                version = _pragma(connection, "user_version")
                self._judge(version, _pragma(connection, "application_id"))
                if version == number - 1:
                    for statement in schema.STEPS[number]:
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {number}")
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return _pragma_of(connection, f"PRAGMA {name}")


def _pragma_of(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
