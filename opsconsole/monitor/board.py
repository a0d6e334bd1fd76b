"""The board: what is true now, how old it is, and what has just changed.

Every value carries the moment it was read. Fresh, stale and failed are three states: a value older than two
intervals is stale, a source that could not be read has failed, and neither is ever shown as current.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from opsconsole.domain.reading import Measurement, Reading, Status, Verdict
from opsconsole.domain.series import Sample, Series
from opsconsole.domain.thresholds import HANDBOOK, Threshold, judge
from opsconsole.domain.units import duration
from opsconsole.sources.base import Source

STALE_AFTER: Final = 2.0
"""Intervals after which a value is no longer current."""
GRACE: Final = 1.0
"""Seconds beyond that, so that a poll that runs a little late does not flicker."""


class Freshness(StrEnum):
    """Whether a value may be believed."""

    WAITING = "waiting"
    FRESH = "fresh"
    STALE = "stale"
    FAILED = "failed"


class SourceState(NamedTuple):
    """How one source fares.

    Attributes:
        source: its id.
        table: its configuration table.
        title: what a person calls it.
        interval: seconds between polls.
        last_poll: when a poll last ended, on the board's monotonic clock; None before the first.
        last_good: when it last could be read, likewise.
        last_good_at: the same moment, seconds since the epoch.
        problem: why it cannot be read now; "" when it can.
        failures: polls that failed in a row.
        took: seconds the last poll took.
    """

    source: str
    table: str
    title: str
    interval: float
    last_poll: float | None = None
    last_good: float | None = None
    last_good_at: float | None = None
    problem: str = ""
    failures: int = 0
    took: float = 0.0


class Observation(NamedTuple):
    """One series as it can be shown now.

    Attributes:
        id: the series.
        source: the id of its source.
        kind: its kind of metric.
        label: what tells it from its siblings.
        measurement: the newest one that was read; None when none ever was.
        verdict: what it is worth now: unknown, with the reason, unless it is fresh.
        freshness: whether the value is current.
        age: seconds since it was read; None when it never was.
    """

    id: str
    source: str
    kind: str
    label: str
    measurement: Measurement | None
    verdict: Verdict
    freshness: Freshness
    age: float | None


@dataclass(slots=True)
class _Slot:
    """What the board keeps of one series."""

    source: str
    kind: str
    label: str
    measurement: Measurement | None = None
    verdict: Verdict | None = None
    read_at: float | None = None


Listener = Callable[[Reading], None]


class Board:
    """The newest reading of every series, the state of every source, and the recent past in memory.

    Args:
        monotonic: a clock that never jumps; ages are measured on it.
        thresholds: kind → limits.
        capacity: samples kept in memory for each series.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        thresholds: Mapping[str, Threshold] = HANDBOOK,
        capacity: int = 4_096,
    ) -> None:
        self._monotonic = monotonic
        self._thresholds = thresholds
        self._capacity = capacity
        self._sources: dict[str, SourceState] = {}
        self._slots: dict[str, _Slot] = {}
        self._series: dict[str, Series] = {}
        self._listeners: list[Listener] = []
        self._order: dict[str, list[str]] = {}

    # -- filling it

    def register(self, source: Source) -> None:
        """Announce a source, so that its series are shown as not yet known before it was ever read."""
        self._sources[source.id] = SourceState(source.id, source.table, source.title, source.interval)
        self._order.setdefault(source.id, [])
        for series, kind, label in source.expects:
            self._slot(series, source.id, kind, label)

    def publish(self, reading: Reading) -> None:
        """Take in the outcome of a poll and tell every listener; a failed one leaves the last values, unbelieved.

        A listener that raises does not keep the others from hearing; its error is raised at the end.
        """
        now = self._monotonic()
        state = self._sources[reading.source]
        if reading.failed:
            self._sources[reading.source] = state._replace(
                last_poll=now, problem=reading.problem, failures=state.failures + 1, took=reading.took
            )
        else:
            self._sources[reading.source] = state._replace(
                last_poll=now,
                last_good=now,
                last_good_at=reading.at,
                problem="",
                failures=0,
                took=reading.took,
            )
            self._take(reading, now)
        errors: list[Exception] = []
        for listener in tuple(self._listeners):
            try:
                listener(reading)
            except Exception as error:  # noqa: BLE001 - raised below, after everybody heard
                errors.append(error)
        if errors:
            raise errors[0]

    def _take(self, reading: Reading, now: float) -> None:
        for measurement in reading.measurements:
            slot = self._slot(measurement.id, reading.source, measurement.kind, measurement.label)
            slot.measurement = measurement
            slot.verdict = judge(measurement, self._thresholds)
            slot.read_at = now
            if measurement.value is not None:
                self.series(measurement.id).append(Sample(measurement.at, measurement.value))

    def _slot(self, series: str, source: str, kind: str, label: str) -> _Slot:
        slot = self._slots.get(series)
        if slot is None:
            slot = self._slots[series] = _Slot(source, kind, label)
            self._order.setdefault(source, []).append(series)
        return slot

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Be told of every reading; returns what ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    # -- asking it

    @property
    def thresholds(self) -> Mapping[str, Threshold]:
        """The limits that readings are held against."""
        return self._thresholds

    def sources(self) -> tuple[SourceState, ...]:
        """Every source, in the order of the configuration."""
        return tuple(self._sources.values())

    def source(self, source: str) -> SourceState:
        """How one source fares."""
        return self._sources[source]

    def ids(self) -> list[str]:
        """Every series, in the order of the configuration, then of appearance."""
        return [series for source in self._order for series in self._order[source]]

    def series(self, series: str) -> Series:
        """The recent past of one series, oldest first; empty for one that was never read."""
        found = self._series.get(series)
        if found is None:
            found = self._series[series] = Series(self._capacity)
        return found

    def observe(self, series: str) -> Observation:
        """One series as it can be shown now.

        Raises:
            KeyError: no source has announced or given such a series.
        """
        slot = self._slots[series]
        state = self._sources[slot.source]
        age = None if slot.read_at is None else max(0.0, self._monotonic() - slot.read_at)
        freshness, verdict = self._believe(slot, state, age)
        return Observation(series, slot.source, slot.kind, slot.label, slot.measurement, verdict, freshness, age)

    def observations(self) -> list[Observation]:
        """Every series as it can be shown now."""
        return [self.observe(series) for series in self.ids()]

    def _believe(self, slot: _Slot, state: SourceState, age: float | None) -> tuple[Freshness, Verdict]:
        threshold = self._thresholds.get(slot.kind)
        limit = threshold.words() if threshold else None
        if state.problem:
            return Freshness.FAILED, Verdict(Status.UNKNOWN, state.problem, limit)
        if slot.verdict is None or age is None:
            if state.last_good is None:
                return Freshness.WAITING, Verdict(Status.UNKNOWN, "not read yet", limit)
            return Freshness.FAILED, Verdict(Status.UNKNOWN, f"{state.title} does not give it", limit)
        if age > STALE_AFTER * state.interval + GRACE:
            if slot.read_at is not None and state.last_good is not None and state.last_good > slot.read_at:
                gone = f"{state.title} no longer gives it; it last did {duration(age)} ago"
                return Freshness.STALE, Verdict(Status.UNKNOWN, gone, limit)
            reason = f"no reading for {duration(age)}, expected every {duration(state.interval)}"
            return Freshness.STALE, Verdict(Status.UNKNOWN, reason, limit)
        return Freshness.FRESH, slot.verdict
