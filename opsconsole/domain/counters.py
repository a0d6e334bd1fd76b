"""Counters that only rise: how much they grew from reading to reading, and the sums over a sliding window.

Ratios and percentiles over a window are made from summed growth, never from averaged ratios: one error of two
requests in a quiet second must not weigh as much as a busy one.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)

REMEMBERED: Final = 20_000
"""How many vanished groups are remembered at most, so that a source of endless new names costs no memory."""


@dataclass(frozen=True, slots=True)
class Growth(Generic[K]):
    """How much every counter grew between two readings.

    Attributes:
        elapsed: seconds between the readings.
        groups: group → part → growth, never negative.
    """

    elapsed: float
    groups: Mapping[str, Mapping[K, float]]


class Counters(Generic[K]):
    """The last reading of a family of counters, group by group.

    A *group* is what is reset together, one labelled histogram with its buckets as *parts*, or a plain counter
    with one part. When one part fell, the group was reset (its process restarted), and what it shows is what came
    since. A group that was not there at the last reading began at zero since then: exporters make a labelled
    counter when it first counts, and the first server error must not be lost. A group that vanished is remembered
    for `remember` seconds, so that its return is no burst.

    Args:
        longest_gap: readings farther apart than this, seconds, are not compared: they say little about now.
        remember: seconds that a vanished group is remembered.
    """

    def __init__(self, *, longest_gap: float = 300.0, remember: float = 3_600.0) -> None:
        self._longest_gap = longest_gap
        self._remember = remember
        self._at: float | None = None
        self._last: dict[str, Mapping[K, float]] = {}
        self._vanished: dict[str, tuple[float, Mapping[K, float]]] = {}

    def step(self, reading: Mapping[str, Mapping[K, float]], at: float) -> Growth[K] | None:
        """Take a reading; returns the growth since the last one, None where there is none to compare with.

        Args:
            reading: group → part → count.
            at: when it was read, seconds of a clock that only goes forward.
        """
        before, last = self._at, self._last
        self._at, self._last = at, dict(reading)
        if before is None or not 0 < at - before <= self._longest_gap:
            self._vanished.clear()
            return None
        self._note_vanished(last, reading, at)
        groups: dict[str, Mapping[K, float]] = {}
        for group, parts in reading.items():
            known = last.get(group)
            if known is None:
                known = self._vanished.pop(group, (0.0, None))[1]
            groups[group] = _grown(known, parts)
        return Growth(at - before, groups)

    def _note_vanished(
        self, last: Mapping[str, Mapping[K, float]], reading: Mapping[str, Mapping[K, float]], at: float
    ) -> None:
        for group in last.keys() - reading.keys():
            self._vanished[group] = (at, last[group])
        stale = [group for group, (since, _) in self._vanished.items() if at - since > self._remember]
        surplus = list(self._vanished)[: max(0, len(self._vanished) - REMEMBERED)]
        for group in {*stale, *surplus}:
            del self._vanished[group]


def _grown(before: Mapping[K, float] | None, now: Mapping[K, float]) -> Mapping[K, float]:
    if before is None or any(count < before.get(part, 0.0) for part, count in now.items()):
        return now
    return {part: count - before.get(part, 0.0) for part, count in now.items()}


class Window(Generic[K]):
    """Growth summed over the last stretch of time.

    Args:
        span: the longest stretch that is kept, seconds.
    """

    def __init__(self, span: float = 300.0) -> None:
        self._span = span
        self._entries: deque[tuple[float, Mapping[K, float]]] = deque()
        self._kept = 0.0

    def add(self, elapsed: float, grown: Mapping[K, float]) -> None:
        """Add what grew in the last `elapsed` seconds; what leaves the window is forgotten."""
        self._entries.append((elapsed, grown))
        self._kept += elapsed
        while len(self._entries) > 1 and self._kept > self._span:
            self._kept -= self._entries.popleft()[0]

    def clear(self) -> None:
        """Forget everything: the counters are no longer comparable."""
        self._entries.clear()
        self._kept = 0.0

    def totals(self, span: float | None = None) -> tuple[float, dict[K, float]]:
        """Seconds covered, and the sum of each part over them; the newest entry always counts, (0, {}) for none.

        Args:
            span: look back no farther than this, seconds; the whole window by default.
        """
        covered = 0.0
        columns: dict[K, list[float]] = {}
        for elapsed, grown in reversed(self._entries):
            if span is not None and covered and covered + elapsed > span:
                break
            covered += elapsed
            for part, amount in grown.items():
                columns.setdefault(part, []).append(amount)
        return covered, {part: math.fsum(amounts) for part, amounts in columns.items()}
