"""The recorder: one thread that writes and reads the database, so that nobody else ever waits for a disk."""

from __future__ import annotations

import atexit
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

from opsconsole.config.model import Storage
from opsconsole.domain.entries import Actor, Entry, NewEntry
from opsconsole.domain.series import Bucket, Sample
from opsconsole.journal.actor import current_actor
from opsconsole.journal.emergency import write_down
from opsconsole.journal.errors import JournalError
from opsconsole.journal.ids import IdMaker
from opsconsole.journal.journal import Journal
from opsconsole.journal.rows import prepare
from opsconsole.journal.samples import Samples

FLUSH_EVERY: Final = 5.0
"""Seconds between two batches of samples."""

TIDY_EVERY: Final = 60.0
"""Seconds between two rounds of summing up and pruning."""

RETRY_AFTER: Final = 2.0
"""Seconds after which what could not be written is tried again."""

SAMPLES_KEPT: Final = 100_000
"""Samples that wait in memory for a disk that takes none; then the oldest are dropped."""

PATIENCE: Final = 5.0
"""Seconds to wait for others who write."""

_ENTRIES_AT_ONCE: Final = 200
T = TypeVar("T")
_Waiting = tuple[NewEntry, Future[Entry]]
_Query = tuple[Callable[[Journal, Samples], Any], Future[Any]]


def _silent(message: str) -> None:
    """Nobody wants to be told."""


class Recorder:
    """The journal and the stored series of one data folder, for a program that must not wait.

    Every method may be called from any thread; what is to be awaited is made in a running loop. A result nobody
    awaits is written all the same.

    Entries are never dropped. One that cannot be written fails its result with a `JournalError`, so that nothing
    is done whose start is not in the journal; it stays in memory, is tried again, and goes to a text file in the
    data folder when the recorder is closed before it succeeded.

    Attributes:
        problem: why nothing can be recorded now, for a person; "" when it can.
        distress: what the operator has to know of the disk now, "" when all is well.
        dropped: samples lost because the disk would not take them.
    """

    def __init__(
        self,
        folder: Path,
        *,
        storage: Storage | None = None,
        environment: str = "",
        actor: Actor | None = None,
        on_distress: Callable[[str], None] = _silent,
        flush_every: float = FLUSH_EVERY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Start the thread, which opens the database. Never raises: what goes wrong is told by `on_distress`.

        Args:
            folder: the data folder.
            storage: how much of the past is kept.
            environment: project and environment, which every entry carries.
            actor: who acts; whoever runs the process by default.
            on_distress: called with `distress` whenever it changes, in the recorder's thread.
            flush_every: seconds between two batches of samples.
            clock: seconds since the epoch, for tests.
        """
        self.problem = ""
        self.distress = ""
        self.dropped = 0
        self._folder = folder
        self._storage = storage or Storage()
        self._environment = environment
        self._actor = actor or current_actor()
        self._on_distress = on_distress
        self._flush_every = flush_every
        self._clock = clock
        self._make_id = IdMaker(clock)
        self._wake = threading.Condition()
        self._entries: deque[_Waiting] = deque()
        self._queries: deque[_Query] = deque()
        self._samples: deque[tuple[str, Sample]] = deque()
        self._samples_problem = ""
        self._journal: Journal | None = None
        self._stored: Samples | None = None
        self._closing = False
        self._reading = False
        self._new_entries = False
        self._flush_at = time.monotonic() + flush_every
        self._tidy_at = time.monotonic() + TIDY_EVERY
        self._retry_at = 0.0
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()
        atexit.register(self.close)  # a crash leaves no entry behind in memory

    def submit(self, entry: NewEntry) -> Future[Entry]:
        """Record an entry; the result is there when it is durable.

        Raises:
            ValueError: it has no kind or an impossible time.
        """
        moment = self._clock() if entry.occurred_at is None else entry.occurred_at
        entry = replace(entry, id=entry.id or self._make_id(), occurred_at=moment)
        prepare(entry, self._actor, self._environment, entry.id)
        result: Future[Entry] = Future()
        result.set_running_or_notify_cancel()  # whoever stops waiting does not take the entry back
        with self._wake:
            if not self._closing:
                self._entries.append((entry, result))
                self._new_entries = True
                self._wake.notify()
                return result
        _fail(result, JournalError("the session log is closed; the entry was not recorded."))
        return result

    def append(self, entry: NewEntry) -> Awaitable[Entry]:
        """As `submit`, awaitable: raises `JournalError` there when the entry could not be written."""
        return _awaitable(self.submit(entry))

    def samples(self, batch: Iterable[tuple[str, Sample]]) -> None:
        """Take samples, each with the id of its series; they are written with the next batch. Never waits."""
        with self._wake:
            self._samples.extend(batch)
            while len(self._samples) > SAMPLES_KEPT:
                self._samples.popleft()
                self.dropped += 1

    def request(self, call: Callable[[Journal, Samples], T]) -> Future[T]:
        """Run a short read in the recorder's thread, after the entries that wait are written."""
        result: Future[T] = Future()
        result.set_running_or_notify_cancel()
        with self._wake:
            if not self._closing:
                self._queries.append((call, result))
                self._wake.notify()
                return result
        _fail(result, JournalError("the session log is closed; it cannot be read any more."))
        return result

    def query(self, call: Callable[[Journal, Samples], T]) -> Awaitable[T]:
        """As `request`, awaitable: raises there whatever `call` raised, or `JournalError`."""
        return _awaitable(self.request(call))

    def newest(self, limit: int, text: str = "") -> Awaitable[Sequence[Entry]]:
        """The newest entries, oldest first, optionally only those that contain a text."""
        return self.query(lambda journal, _: list(journal.entries(limit=limit, text=text)))

    def buckets(self, series: str, start: float, end: float, count: int) -> Awaitable[Sequence[Bucket]]:
        """A stored series cut into spans of time; see `Samples.buckets`."""
        return self.query(lambda _, samples: samples.buckets(series, start, end, count))

    def close(self, timeout: float = 1.0) -> str:
        """Write what waits and end, within this many seconds. Closing again does nothing.

        Returns:
            "" when every entry is in the database; else what became of the rest, to be shown to the operator.
        """
        atexit.unregister(self.close)
        with self._wake:
            self._closing = True
            self._wake.notify()
        deadline = time.monotonic() + timeout
        while self._thread.is_alive() and (left_over := deadline - time.monotonic()) > 0:
            self._interrupt_reading()
            self._thread.join(min(left_over, 0.05))
        with self._wake:
            left, self._entries = self._entries, deque()
            queries, self._queries = self._queries, deque()
        for result in (*(result for _, result in left), *(result for _, result in queries)):
            _fail(result, JournalError("the session log was closed before it could be written or read."))
        entries = [entry for entry, _ in left]
        return write_down(entries, self._actor, self._folder, self._clock(), self.problem) if entries else ""

    def _interrupt_reading(self) -> None:
        for part in (self._journal, self._stored):
            if self._reading and part is not None:
                with suppress(Exception):  # it may just have been closed
                    part.database.connection.interrupt()

    # From here on everything runs in the recorder's thread.

    def _run(self) -> None:
        self._work(closing=False)  # opens the database
        while True:
            with self._wake:
                self._wake.wait_for(self._is_due, timeout=max(self._next_due() - time.monotonic(), 0.0))
                closing = self._closing
            self._work(closing)
            if closing:
                break
        self._let_go()

    def _let_go(self) -> None:
        """Close both connections."""
        parts, self._journal, self._stored = (self._journal, self._stored), None, None
        for part in parts:
            if part is not None:
                with suppress(Exception):  # whatever is wrong with it, it is not used again
                    part.close()

    def _is_due(self) -> bool:
        return bool(self._closing or self._new_entries or self._queries or self._next_due() <= time.monotonic())

    def _next_due(self) -> float:
        return self._retry_at if self.problem else min(self._flush_at, self._tidy_at)

    def _work(self, closing: bool) -> None:
        """One round: entries first, then reads, then samples, then a bit of tidying."""
        try:
            journal, stored = self._open()
            self._write_entries(journal)
        except JournalError as error:
            self._hold_back(str(error))
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the thread that all rely on
            self._hold_back(f"the session log failed in an unforeseen way ({error!r}); please report this.")
        else:
            self.problem = ""
            self._read(journal, stored, closing)
            self._write_samples(stored, closing)
            if not closing:
                self._tidy(stored)
        self._tell()

    def _open(self) -> tuple[Journal, Samples]:
        if self._journal is None:
            self._journal = Journal(
                self._folder,
                environment=self._environment,
                actor=self._actor,
                clock=self._clock,
                patience=PATIENCE,
            )
        if self._stored is None:
            self._stored = Samples(self._folder, self._storage, clock=self._clock, patience=PATIENCE)
        return self._journal, self._stored

    def _write_entries(self, journal: Journal) -> None:
        while True:
            with self._wake:
                batch = [self._entries[index] for index in range(min(len(self._entries), _ENTRIES_AT_ONCE))]
                self._new_entries = False
            if not batch:
                return
            written = journal.append_many([entry for entry, _ in batch])
            with self._wake:
                for _ in batch[: len(self._entries)]:  # none is left if the recorder was closed meanwhile
                    self._entries.popleft()
            for (_, result), entry in zip(batch, written, strict=True):
                if not result.done():
                    result.set_result(entry)

    def _hold_back(self, problem: str) -> None:
        """Nothing can be written now: tell everybody who waits, keep the entries, begin anew soon."""
        self._let_go()
        self.problem = problem
        self._retry_at = time.monotonic() + RETRY_AFTER
        with self._wake:
            waiting = [result for _, result in self._entries]
            queries, self._queries = self._queries, deque()
            self._new_entries = False
        for result in (*waiting, *(result for _, result in queries)):
            _fail(result, JournalError(problem))

    def _read(self, journal: Journal, stored: Samples, closing: bool) -> None:
        while not closing:
            with self._wake:
                if not self._queries or self._new_entries:
                    return
                call, result = self._queries.popleft()
                self._reading = True
            try:
                result.set_result(call(journal, stored))
            except Exception as error:  # noqa: BLE001 - handed to the one who asked
                _fail(result, error)
            finally:
                self._reading = False

    def _write_samples(self, stored: Samples, closing: bool) -> None:
        if not closing and time.monotonic() < self._flush_at:
            return
        self._flush_at = time.monotonic() + self._flush_every
        with self._wake:
            batch, self._samples = self._samples, deque()
        if not batch:
            return
        try:
            stored.write(batch)
        except JournalError as error:
            self._samples_problem = str(error)
            with self._wake:
                self._samples.extendleft(reversed(batch))
                while len(self._samples) > SAMPLES_KEPT:
                    self._samples.popleft()
                    self.dropped += 1
        else:
            self._samples_problem = ""

    def _tidy(self, stored: Samples) -> None:
        """One step of it at a time, so that an entry never waits for more than that."""
        if time.monotonic() < self._tidy_at:
            return
        try:
            done = stored.roll_up(steps=1) and stored.prune(steps=1)
        except JournalError as error:
            self._samples_problem, done = str(error), True
        if done:
            self._tidy_at = time.monotonic() + TIDY_EVERY

    def _tell(self) -> None:
        told = self.problem or (self._journal.distress if self._journal else "") or self._samples_problem
        if told != self.distress:
            self.distress = told
            with suppress(Exception):  # whoever is told must not end the thread
                self._on_distress(told)


def _fail(result: Future[Any], error: Exception) -> None:
    if not result.done():
        result.set_exception(error)


def _awaitable(source: Future[T]) -> Awaitable[T]:
    """The same result for the running loop; one that nobody awaits is no complaint, nor a loop that has ended."""
    import asyncio

    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def settle() -> None:
        if result.done():
            return
        error = source.exception()
        if error is None:
            result.set_result(source.result())
        else:
            result.set_exception(error)
            result.exception()  # now it counts as seen

    def hand_over(_: Future[T]) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle)

    source.add_done_callback(hand_over)
    return result
