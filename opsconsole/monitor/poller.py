"""The poller: one task a source, each with its own interval, timeout, jitter and back-off.

A source that hangs, raises or returns rubbish costs itself only: its task gives the poll up, says so on the board,
and tries again. Two polls of one source never run at once, not even when the first cannot be ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random
from typing import Final

from opsconsole.domain.metrics import CATALOGUE
from opsconsole.domain.reading import Measurement, Reading, Status, Verdict
from opsconsole.domain.text import plain
from opsconsole.domain.units import duration
from opsconsole.monitor.board import Board
from opsconsole.monitor.clocks import Clocks
from opsconsole.monitor.control import ControlProbe
from opsconsole.sources.base import Source, SourceError

logger = logging.getLogger(__name__)

JITTER: Final = 0.05
"""Share of the interval by which a poll may come early or late, so that many sources do not knock together."""
SPREAD: Final = 0.25
"""Seconds over which the very first polls are spread when there are many."""
SLOWEST_RETRY: Final = 30.0
"""Seconds that a failing source is left alone at most (or its interval, where that is longer), so that its
recovery is soon seen."""
MARGIN: Final = 0.5
"""Seconds a source is given beyond its own timeout before its poll is ended from outside."""


async def poll_once(source: Source, clocks: Clocks, control: ControlProbe | None = None) -> Reading:
    """Read a source once, whatever it does: the outcome is always a reading, within its timeout and a margin."""
    return await _Polling(source, clocks, control).reading()


class _Polling:
    """The polls of one source: at most one at a time."""

    def __init__(self, source: Source, clocks: Clocks, control: ControlProbe | None) -> None:
        self.source = source
        self._clocks = clocks
        self._control = control
        self._pending: asyncio.Task[Reading] | None = None

    async def reading(self) -> Reading:
        """One poll, and what came of it."""
        started = self._clocks.monotonic()
        if self._pending is not None and not self._pending.done():
            problem = "an earlier poll still hangs and could not be ended"
        else:
            self._pending = asyncio.ensure_future(self._ask())
            self._pending.add_done_callback(_look_at)
            problem = ""
            try:
                done, _ = await asyncio.wait({self._pending}, timeout=self.source.timeout + MARGIN)
            except asyncio.CancelledError:
                self._pending.cancel()
                raise
            if not done:
                self._pending.cancel()
                problem = f"no answer within {duration(self.source.timeout)}"
        took = self._clocks.monotonic() - started
        return await self._explained(
            self._failed(problem, took) if problem else self._outcome(self._pending, took)
        )

    async def _ask(self) -> Reading:
        return await self.source.poll()

    def _outcome(self, task: asyncio.Task[Reading], took: float) -> Reading:
        if task.cancelled():
            return self._failed("the poll was ended from outside", took)
        error = task.exception()
        if error is None:
            reading: object = task.result()
            fault = _rubbish(self.source.id, reading)
            if not fault and isinstance(reading, Reading):
                return reading
            logger.error("%s: %s", self.source.id, fault)
            return self._failed(f"the source returned rubbish: {fault}", took)
        if isinstance(error, SourceError):
            return self._failed(plain(str(error)) or "it could not be read, and did not say why", took)
        logger.error("%s: the source failed in a way of its own", self.source.id, exc_info=error)
        kind = type(error).__name__
        return self._failed(f"the source failed by itself ({kind}); the log file has the details", took)

    def _failed(self, problem: str, took: float) -> Reading:
        return Reading(self.source.id, self._clocks.wall(), took, problem=problem)

    async def _explained(self, reading: Reading) -> Reading:
        """The reading, with failures that this machine's missing network explains turned into unknown."""
        if self._control is None or not self.source.remote:
            return reading
        suspects = [m for m in reading.measurements if m.facts.get("maybe_offline")]
        if not suspects and not reading.failed:
            return reading
        address = next((str(m.facts["address"]) for m in suspects if m.facts.get("address")), "")
        try:
            has_network, words = await self._control.has_network(address)
        except Exception:
            logger.exception("%s: the control probe failed by itself", self.source.id)
            return reading
        if has_network:
            return reading
        reason = f"this machine has no network: {words}"
        if reading.failed:
            return replace(reading, problem=f"{reason} ({reading.problem})", offline=True)
        return replace(
            reading,
            offline=True,
            measurements=tuple(
                _unknown(measurement, reason) if measurement in suspects else measurement
                for measurement in reading.measurements
            ),
        )


def _look_at(task: asyncio.Task[Reading]) -> None:
    """Take note of how a poll ended, so that asyncio does not complain about one that was given up."""
    if not task.cancelled():
        task.exception()


def _rubbish(source: str, reading: object) -> str:
    """What is wrong with what a source's poll returned, "" for nothing: each is held to what a source promises."""
    if not isinstance(reading, Reading):
        return f"a {type(reading).__name__} instead of a reading"
    if reading.source != source:
        return f"a reading of {plain(str(reading.source))}"
    measurements: object = reading.measurements
    if not isinstance(measurements, tuple):
        return f"a {type(measurements).__name__} instead of a tuple of measurements"
    return next((fault for each in measurements if (fault := _no_measurement(source, each))), "")


def _no_measurement(source: str, found: object) -> str:
    if not isinstance(found, Measurement):
        return f"a {type(found).__name__} instead of a measurement"
    name = plain(str(found.id))
    value: object = found.value
    if found.kind not in CATALOGUE:
        return f"{name} is of the unknown kind {plain(str(found.kind))!r}"
    if name != source and not name.startswith((f"{source}.", f"{source}:")):
        return f"{name}, which is no series of this source"
    if value is not None and not isinstance(value, int | float):
        return f"{name} is a {type(value).__name__}, not a number"
    return ""


def _unknown(measurement: Measurement, reason: str) -> Measurement:
    limit = measurement.verdict.threshold if measurement.verdict else None
    return replace(measurement, value=None, verdict=Verdict(Status.UNKNOWN, reason, limit), problem=reason)


class Poller:
    """Polls every source for as long as it runs, and publishes on the board.

    Args:
        board: where the readings go.
        sources: what is polled; each is announced to the board and closed at the end.
        clocks: both clocks.
        random: for the jitter.
        control: tells "this machine has no network" from "they are down"; None believes every failure.
    """

    def __init__(
        self,
        board: Board,
        sources: Sequence[Source],
        clocks: Clocks,
        random: Random,
        control: ControlProbe | None = None,
    ) -> None:
        self._board = board
        self._sources = sources
        self._clocks = clocks
        self._random = random
        self._control = control
        self._wake: dict[str, asyncio.Event] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to poll. Sources are spread over a moment, so that many do not start in one breath."""
        step = SPREAD / max(len(self._sources), 1)
        for place, source in enumerate(self._sources):
            self._wake[source.id] = asyncio.Event()
            task = asyncio.create_task(self._run(source, place * step), name=f"source.{source.id}")
            self._tasks.append(task)

    def poll_now(self, sources: Iterable[str] | None = None) -> None:
        """Poll these (or all) at once instead of at their time; what nobody polls is left out."""
        for source in self._wake if sources is None else sources:
            if source in self._wake:
                self._wake[source].set()

    async def stop(self) -> None:
        """End every poll and give back what the sources hold; takes no longer than a moment."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=0.3)
        self._tasks.clear()
        closing = [asyncio.ensure_future(source.close()) for source in self._sources]
        if closing:
            _, late = await asyncio.wait(closing, timeout=0.3)
            for task in late:
                task.cancel()

    async def _run(self, source: Source, delay: float) -> None:
        polling = _Polling(source, self._clocks, self._control)
        await asyncio.sleep(delay)
        due = self._clocks.monotonic()
        failures = 0
        while True:
            reading = await polling.reading()
            failures = failures + 1 if reading.failed else 0
            try:
                self._board.publish(reading)
            except Exception:
                logger.exception("%s: its reading could not be taken in", source.id)
            due = self._next(source, due, failures)
            if await self._woken(source.id, due - self._clocks.monotonic()):
                due = self._clocks.monotonic()  # the rhythm begins anew

    def _next(self, source: Source, due: float, failures: int) -> float:
        """The monotonic moment of the next poll: the rhythm is kept, missed beats are left out."""
        pause = source.interval
        if failures > 1:
            pause = min(source.interval * 2.0 ** min(failures - 1, 16), max(SLOWEST_RETRY, source.interval))
        pause *= 1 + self._random.uniform(-JITTER, JITTER)
        now = self._clocks.monotonic()
        return max(due + pause, now) if due + pause > now - source.interval else now + pause

    async def _woken(self, source: str, seconds: float) -> bool:
        """Sleep; returns whether somebody wanted the source polled before its time."""
        wake = self._wake[source]
        wake.clear()
        if seconds <= 0:
            await asyncio.sleep(0)
            return False
        try:
            await asyncio.wait_for(wake.wait(), seconds)
        except TimeoutError:
            return False
        return True
