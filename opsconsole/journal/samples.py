"""The stored series: samples as they came, their summaries by minute and by hour, and their way into a chart."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

from opsconsole.config.model import Storage
from opsconsole.domain.series import Bucket, Sample
from opsconsole.journal import reserve
from opsconsole.journal.charts import read_buckets
from opsconsole.journal.database import Database
from opsconsole.journal.errors import DiskFullError
from opsconsole.journal.lock import PATIENCE
from opsconsole.journal.pruning import Pruning
from opsconsole.journal.tiers import HOURS, MINUTES, RAW, TIERS, count_rows, marks, oldest, sum_up

GRACE: Final = 15_000
"""Milliseconds after its end in which a minute waits for samples that are still on their way."""

_MINUTES_AT_ONCE: Final = 5
_LATE_AT_ONCE: Final = 200
_MINUTES_AN_HOUR: Final = 60


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: samples stored, and left out (there already, too old, or no finite number)."""

    stored: int
    left_out: int


class Samples:
    """The stored series of one data folder, through a connection of its own. It belongs to the thread that opened
    it.

    Unlike an entry of the journal, a sample that was written last may be lost when the machine itself fails.
    """

    def __init__(
        self,
        folder: Path,
        storage: Storage | None = None,
        *,
        create: bool = True,
        clock: Callable[[], float] = time.time,
        patience: float = PATIENCE,
    ) -> None:
        """Open the series.

        Args:
            folder: the data folder.
            storage: how much of the past is kept.
            create: False raises `NoJournalError` instead of making a database.
            clock: seconds since the epoch, for tests.
            patience: seconds to wait for others who write.

        Raises:
            JournalError: as `Database` does.
        """
        self._storage = storage or Storage()
        self._clock = clock
        self._ids: dict[str, int] = {}
        self._database = Database(folder, create=create, durable=False, patience=patience)
        self._pruning = Pruning(self._database, self._storage)

    def __enter__(self) -> Samples:
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
        """The connection."""
        return self._database

    def write(self, batch: Iterable[tuple[str, Sample]]) -> Taken:
        """Store samples, each with the id of its series, in one transaction.

        They may come in any order and late; one that is there already (same series, same millisecond) stays as it
        is.

        Raises:
            DiskFullError: there is little room left, and it is kept for the journal. Nothing was written.
            JournalError: the turn did not come, or SQLite refused. Nothing was written.
        """
        given = list(batch)
        if reserve.free(self._database.folder) < reserve.SIZE:
            raise DiskFullError(
                f"the disk of {self._database.folder} is almost full, so samples are not stored: what room there "
                "is is kept for the session log. Free some space."
            )
        try:
            with self._database.write() as connection:
                stored = self._store(connection, given)
        except BaseException:
            self._ids.clear()  # what was rolled back may have numbered a series
            raise
        return Taken(stored, len(given) - stored)

    def roll_up(self, now: float | None = None, *, steps: int | None = None) -> bool:
        """Sum up the minutes and hours that are over; doing it again, or in two processes at once, changes
        nothing.

        Args:
            now: seconds since the epoch, the clock's by default.
            steps: at most this many transactions, each of some milliseconds, so that others get their turn; None
                takes as many as there is work for.

        Returns:
            Whether all is done.

        Raises:
            JournalError: the turn did not come, or SQLite refused. What was done so far is kept.
        """
        over = int(((self._clock() if now is None else now) * 1_000 - GRACE) // MINUTES.unit)
        taken = 0
        while steps is None or taken < steps:
            taken += 1
            if not self._roll_up_some(over):
                return True
        return False

    def prune(self, now: float | None = None, *, steps: int | None = None) -> bool:
        """Drop what has passed its age, then the oldest until the byte budget is kept. See `roll_up`."""
        return self._pruning.run(self._clock() if now is None else now, steps)

    def size(self) -> int:
        """Bytes that the stored samples take in the database, as the budget counts them."""
        with self._database.translated():
            known = marks(self._database.connection)
        return sum(known[tier.name].rows * tier.bytes for tier in TIERS)

    def series(self) -> list[str]:
        """The ids of all series that ever had a sample, in alphabetical order."""
        with self._database.translated():
            return [name for (name,) in self._database.connection.execute("SELECT name FROM series ORDER BY name")]

    def since(self, series_id: str, at: float) -> list[Sample]:
        """The samples of a series as they came, from this moment on, oldest first."""
        with self._database.translated():
            found = self._database.connection.execute(
                "SELECT at, value FROM raw JOIN series ON series = id WHERE name = ? AND at >= ? ORDER BY at",
                (series_id, math.ceil(at * 1_000)),
            )
            return [Sample(at / 1_000, value) for at, value in found]

    def buckets(self, series_id: str, start: float, end: float, n: int) -> list[Bucket]:
        """What happened to a series in each of `n` equal spans of [start, end), seconds since the epoch.

        Short spans are read from the samples, longer ones from the minutes or the hours, whatever the moment from
        which each is kept allows; the newest part, not yet summed up, always comes from the finer ones. A summary
        counts for the span in which it begins. Where only summaries are kept that are wider than a span, each span
        shows the summary it lies in, and counts are not to be added up. A span without samples is a gap.

        Raises:
            ValueError: no span was asked for, or the end is not after the start.
            JournalError: the database cannot be read.
        """
        with self._database.read() as connection:
            return read_buckets(connection, series_id, start, end, n)

    def _store(self, connection: sqlite3.Connection, given: list[tuple[str, Sample]]) -> int:
        known = marks(connection)
        floor = known["raw"].floor
        if floor > self._clock() * 1_000:  # the clock was set back: what it says now is as good as ever
            floor = 0
        rows = [
            (self._series(connection, series), int(sample.at * 1_000), sample.value)
            for series, sample in given
            if math.isfinite(sample.value) and math.isfinite(sample.at) and sample.at * 1_000 >= floor
        ]
        if not rows:
            return 0
        stored = connection.executemany("INSERT OR IGNORE INTO raw VALUES (?, ?, ?)", rows).rowcount
        count_rows(connection, RAW, stored)
        rolled = known["minutes"].rolled
        late = {(at // MINUTES.unit, series) for series, at, _ in rows if at // MINUTES.unit < rolled}
        connection.executemany("INSERT OR IGNORE INTO late VALUES (?, ?)", late)
        return stored

    def _series(self, connection: sqlite3.Connection, name: str) -> int:
        """The number of a series in the database. Numbers are never given twice, so they may be remembered."""
        number = self._ids.get(name)
        if number is None:
            connection.execute("INSERT OR IGNORE INTO series (name) VALUES (?)", (name,))
            number = int(connection.execute("SELECT id FROM series WHERE name = ?", (name,)).fetchone()[0])
            self._ids[name] = number
        return number

    def _roll_up_some(self, over: int) -> bool:
        """One transaction's work of summing up what ended before minute `over`; returns whether there was any."""
        with self._database.write() as connection:
            known = marks(connection)
            minutes, hours = known["minutes"], known["hours"]
            if minutes.rolled > over + _MINUTES_AN_HOUR:
                # The clock was set back: what was summed up since is made again, floors to come mean nothing.
                for tier in TIERS:
                    now = over * MINUTES.unit // tier.unit
                    connection.execute(
                        "UPDATE tiers SET rolled = min(rolled, :now), floor = iif(floor > :now, 0, floor)"
                        " WHERE name = :name",
                        {"now": now, "name": tier.name},
                    )
                return True
            if _sum_up_late(connection, over, known["hours"].rolled):
                return True
            if minutes.rolled < over:
                first = oldest(connection, RAW, minutes.rolled * MINUTES.unit)
                begin = over if first is None else min(first // MINUTES.unit, over)
                end = min(begin + _MINUTES_AT_ONCE, over)
                sum_up(connection, MINUTES, begin, end)
                _set_rolled(connection, MINUTES.name, end)
                return True
            if hours.rolled < over // _MINUTES_AN_HOUR:
                first = oldest(connection, MINUTES, hours.rolled * _MINUTES_AN_HOUR)
                last = over // _MINUTES_AN_HOUR
                begin = last if first is None else min(first // _MINUTES_AN_HOUR, last)
                sum_up(connection, HOURS, begin, min(begin + 1, last))
                _set_rolled(connection, HOURS.name, min(begin + 1, last))
                return True
        return False


def _set_rolled(connection: sqlite3.Connection, name: str, rolled: int) -> None:
    connection.execute("UPDATE tiers SET rolled = ? WHERE name = ?", (rolled, name))


def _sum_up_late(connection: sqlite3.Connection, over: int, hours_rolled: int) -> bool:
    """Sum up again some of the minutes that had another sample since; returns whether there were any."""
    late = connection.execute(
        "SELECT minute, series FROM late WHERE minute < ? ORDER BY minute, series LIMIT ?", (over, _LATE_AT_ONCE)
    ).fetchall()
    for minute, series in late:
        sum_up(connection, MINUTES, minute, minute + 1, series)
    for hour, series in {(minute // _MINUTES_AN_HOUR, series) for minute, series in late}:
        if hour < hours_rolled:
            sum_up(connection, HOURS, hour, hour + 1, series)
    connection.executemany("DELETE FROM late WHERE minute = ? AND series = ?", late)
    return bool(late)
