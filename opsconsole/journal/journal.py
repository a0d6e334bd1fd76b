"""The journal: what happened, entry by entry, durable, in one chain, whoever writes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from opsconsole.domain.entries import Actor, Entry, NewEntry
from opsconsole.domain.units import utc
from opsconsole.journal import reserve, rows
from opsconsole.journal.actor import current_actor
from opsconsole.journal.database import Database
from opsconsole.journal.errors import DiskFullError
from opsconsole.journal.ids import IdMaker
from opsconsole.journal.lock import PATIENCE
from opsconsole.journal.verify import Verification, verify

_PAGE: Final = 500
_COLUMNS: Final = ", ".join(rows.COLUMNS)
_INSERT: Final = f"INSERT INTO entries ({_COLUMNS}) VALUES ({', '.join('?' * len(rows.COLUMNS))})"  # noqa: S608
_REFILL_EVERY: Final = 60.0


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry's place and hash; 0 and `GENESIS` of an empty journal."""

    seq: int
    hash: str


def _silent(message: str) -> None:
    """Nobody wants to be told."""


class Journal:
    """The journal of one data folder, through a connection of its own. It belongs to the thread that opened it.

    Attributes:
        distress: what the operator has to know of the disk now, "" when all is well.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environment: str = "",
        actor: Actor | None = None,
        create: bool = True,
        on_distress: Callable[[str], None] = _silent,
        clock: Callable[[], float] = time.time,
        make_id: Callable[[], str] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """Open the journal.

        Args:
            folder: the data folder.
            environment: project and environment, which every entry carries: "acme-web/production".
            actor: who acts when an entry does not say; whoever runs the process by default.
            create: False raises `NoJournalError` instead of making a database.
            on_distress: called with `distress` whenever it changes, in the thread that writes.
            clock: seconds since the epoch, for tests.
            make_id: makes the ids of entries, for tests.
            patience: seconds to wait for others who write.

        Raises:
            JournalError: as `Database` does.
        """
        self.distress = ""
        self._environment = environment
        self._actor = actor or current_actor()
        self._on_distress = on_distress
        self._clock = clock
        self._make_id = make_id or IdMaker(clock)
        self._refill_at = 0.0
        self._database = Database(folder, create=create, patience=patience)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    @property
    def database(self) -> Database:
        """The connection, for other state that is written in turn with the entries."""
        return self._database

    def append(self, entry: NewEntry, actor: Actor | None = None) -> Entry:
        """Record one entry; it has reached the disk when this returns. See `append_many`."""
        return self.append_many((entry,), actor)[0]

    def append_many(self, entries: Sequence[NewEntry], actor: Actor | None = None) -> list[Entry]:
        """Record entries in one transaction: all of them, durable when this returns, or none.

        An entry whose id is there already is not written again: the one that is there is returned in its place.
        When the disk is full, the reserve is given up for them, and `distress` says so.

        Args:
            entries: what is to be recorded, in order.
            actor: who acted, where it is not the journal's own actor.

        Raises:
            DiskFullError: there is no room, even with the reserve given up.
            JournalError: the turn did not come, or SQLite refused. Nothing was written.
            ValueError: an entry has no kind or an impossible time. Nothing was written.
        """
        who = actor or self._actor
        prepared = [rows.prepare(entry, who, self._environment, entry.id or self._make_id()) for entry in entries]
        if not prepared:
            return []
        try:
            written = self._write(prepared)
        except DiskFullError:
            self._tell(
                "The disk is full. The session log now uses up the room that was set aside for this; it takes "
                f"some hundred entries. Free some space on the disk of {self._database.folder}."
                if self._database.make_room()
                else f"The disk is full, and the room set aside for this is used up. Free some space on the disk "
                f"of {self._database.folder} now: entries of the session log can no longer be written for certain."
            )
            written = self._write(prepared)
        if self.distress:
            self._save_room()
        return written

    def entries(
        self,
        *,
        after_seq: int | None = None,
        since: float | None = None,
        until: float | None = None,
        kinds: Sequence[str] = (),
        incident: str = "",
        text: str = "",
        limit: int | None = None,
    ) -> Iterator[Entry]:
        """The entries that match all of these, in the order of the chain.

        Args:
            after_seq: only those after this place; `limit` then takes the first ones, else the newest.
            since: what happened at this moment or later, seconds since the epoch.
            until: what happened before this moment.
            kinds: of one of these kinds; a kind ending in ".*" stands for all that begin so.
            incident: of this incident.
            text: that hold this text, upper and lower case of ASCII letters alike.
            limit: at most this many.

        Raises:
            JournalError: the database cannot be read.
        """
        where, values = _conditions(since, until, kinds, incident, text)
        if limit is not None and after_seq is None:
            newest = self._select(f"{where} ORDER BY seq DESC LIMIT ?", [*values, limit])
            yield from (rows.entry(row) for row in reversed(newest))
            return
        after, left = after_seq or 0, limit
        while left is None or left > 0:
            page = self._select(
                f"{where} AND seq > ? ORDER BY seq LIMIT ?",
                [*values, after, _PAGE if left is None else min(left, _PAGE)],
            )
            if not page:
                return
            yield from (rows.entry(row) for row in page)
            after = page[-1][0]
            left = None if left is None else left - len(page)

    def head(self) -> Head:
        """The newest entry's place and hash."""
        with self._database.translated():
            return Head(*self._database.connection.execute("SELECT seq, hash FROM head").fetchone())

    def data_version(self) -> int:
        """A number that changes when another connection, of this process or another one, has written."""
        return self._database.data_version()

    def verify(self) -> Verification:
        """Walk the whole chain; see `opsconsole.journal.verify`."""
        return verify(self._database)

    def _write(self, prepared: Sequence[rows.Prepared]) -> list[Entry]:
        written: list[Sequence[Any]] = []
        with self._database.write() as connection:
            seq, last_hash = connection.execute("SELECT seq, hash FROM head").fetchone()
            for entry in prepared:
                row = None if entry.own_id else _find(connection, entry.id)
                if row is None:
                    seq += 1
                    row = entry.chained(seq, last_hash, self._clock())
                    last_hash = row[-1]
                    connection.execute(_INSERT, row)
                    connection.execute("UPDATE head SET seq = ?, hash = ?", (seq, last_hash))
                written.append(row)
        return [rows.entry(row) for row in written]

    def _select(self, rest: str, values: Sequence[str | int]) -> list[tuple[Any, ...]]:
        query = f"SELECT {_COLUMNS} FROM entries {rest}"  # noqa: S608 - values are bound
        with self._database.translated():
            return self._database.connection.execute(query, values).fetchall()

    def _tell(self, message: str) -> None:
        self._refill_at = time.monotonic() + _REFILL_EVERY
        if message != self.distress:
            self.distress = message
            self._on_distress(message)

    def _save_room(self) -> None:
        """Keep the write-ahead log short; once there is room, set the reserve aside and take the warning back."""
        self._database.checkpoint()
        if time.monotonic() >= self._refill_at:
            self._refill_at = time.monotonic() + _REFILL_EVERY
            if reserve.fill(self._database.folder):
                self._tell("")


def _find(connection: sqlite3.Connection, entry_id: str) -> tuple[Any, ...] | None:
    found: tuple[Any, ...] | None = connection.execute(
        f"SELECT {_COLUMNS} FROM entries WHERE id = ?",  # noqa: S608
        (entry_id,),
    ).fetchone()
    return found


def _conditions(
    since: float | None, until: float | None, kinds: Sequence[str], incident: str, text: str
) -> tuple[str, list[str | int]]:
    parts: list[str] = ["seq > 0"]
    values: list[str | int] = []
    for moment, comparison in ((since, ">="), (until, "<")):
        if moment is not None:
            parts.append(f"occurred_at {comparison} ?")
            values.append(utc(moment, milliseconds=True))
    if kinds:
        parts.append(f"({' OR '.join('kind GLOB ?' if kind.endswith('.*') else 'kind = ?' for kind in kinds)})")
        values.extend(kinds)
    if incident:
        parts.append("incident = ? AND incident <> ''")  # the second half lets the partial index be used
        values.append(incident)
    if text:
        parts.append("text LIKE ? ESCAPE '\\'")
        values.append("%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%")
    return "WHERE " + " AND ".join(parts), values
