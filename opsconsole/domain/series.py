"""Series in memory: bounded rings of samples, their down-sampling for a chart, and the straight-line forecast."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple


class Sample(NamedTuple):
    """One value at one moment (seconds since the epoch, UTC)."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened to a series in one span of time: [start, start + width).

    Attributes:
        start: seconds since the epoch, UTC.
        width: seconds.
        count: samples in it; 0 is a gap, and then the other figures are NaN: a gap is never a zero.
        low: the least value.
        high: the greatest value.
        total: the sum, so that means of means are never taken.
        last: the newest value.
    """

    start: float
    width: float
    count: int = 0
    low: float = math.nan
    high: float = math.nan
    total: float = 0.0
    last: float = math.nan

    @property
    def mean(self) -> float:
        """The mean of the samples, NaN for a gap."""
        return self.total / self.count if self.count else math.nan


class Series:
    """The newest samples of one series, oldest first, at most `capacity` of them.

    Samples come in order of time; one that is not newer than the newest replaces nothing and is dropped (a clock
    that jumped back must not fold the past over the present), unless it lies so far back that the clock was
    set right, which begins the ring anew.
    """

    CLOCK_JUMP = 3_600.0

    def __init__(self, capacity: int = 4_096) -> None:
        self._samples: deque[Sample] = deque(maxlen=capacity)

    def __len__(self) -> int:
        return len(self._samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self._samples)

    @property
    def newest(self) -> Sample | None:
        """The sample that came last, or None."""
        return self._samples[-1] if self._samples else None

    def append(self, sample: Sample) -> bool:
        """Add a sample; returns whether it was taken."""
        if not math.isfinite(sample.value):
            return False
        if self._samples and sample.at <= self._samples[-1].at:
            if sample.at > self._samples[-1].at - self.CLOCK_JUMP:
                return False
            self._samples.clear()
        self._samples.append(sample)
        return True

    def since(self, at: float) -> list[Sample]:
        """The samples at or after `at`, oldest first; costs no more than what it returns."""
        found: list[Sample] = []
        for sample in reversed(self._samples):
            if sample.at < at:
                break
            found.append(sample)
        found.reverse()
        return found


def downsample(samples: Iterable[Sample], start: float, end: float, buckets: int) -> list[Bucket]:
    """Cut [start, end) into spans of equal width and say what happened in each; samples outside are left out.

    Raises:
        ValueError: no bucket was asked for, or the end is not after the start.
    """
    if buckets < 1 or end <= start:
        raise ValueError("a series is cut into at least one span of time")
    width = (end - start) / buckets
    cells: list[list[float]] = [[] for _ in range(buckets)]
    for sample in samples:
        if start <= sample.at < end:
            cells[min(int((sample.at - start) / width), buckets - 1)].append(sample.value)
    return [
        Bucket(start + index * width, width, len(cell), min(cell), max(cell), math.fsum(cell), cell[-1])
        if cell
        else Bucket(start + index * width, width)
        for index, cell in enumerate(cells)
    ]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0…1) of the values lie, between neighbours by straight line; NaN of none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def time_to_zero(samples: Sequence[Sample], *, least_span: float, now: float) -> float | None:
    """Seconds until a falling series reaches zero, by a least-squares line; None where it does not fall.

    Args:
        samples: oldest first.
        least_span: a series that covers less time than this tells no trend, seconds.
        now: the moment to count from.
    """
    if len(samples) < 3 or samples[-1].at - samples[0].at < least_span:
        return None
    origin = samples[0].at
    mean_time = math.fsum(sample.at - origin for sample in samples) / len(samples)
    mean_value = math.fsum(sample.value for sample in samples) / len(samples)
    spread = math.fsum((sample.at - origin - mean_time) ** 2 for sample in samples)
    slope = (
        math.fsum((sample.at - origin - mean_time) * (sample.value - mean_value) for sample in samples) / spread
        if spread
        else 0.0
    )
    if slope >= 0:
        return None
    zero_at = origin + mean_time - mean_value / slope
    return max(0.0, zero_at - now) if math.isfinite(zero_at) else None


def rate(earlier: Sample, later: Sample) -> float | None:
    """Growth a second between two readings of a counter; None where none can be told.

    A counter that fell was reset (its process restarted): what it shows now is what came since, as Prometheus'
    `rate` has it.
    """
    elapsed = later.at - earlier.at
    if elapsed <= 0:
        return None
    grown = later.value - earlier.value if later.value >= earlier.value else later.value
    return grown / elapsed


def increase(samples: Sequence[Sample]) -> float:
    """How much a counter grew over these readings, across resets; 0 for fewer than two."""
    return math.fsum(
        later.value - earlier.value if later.value >= earlier.value else later.value
        for earlier, later in pairwise(samples)
    )


class RollingBuckets:
    """The newest so many spans of a series, kept up to date sample by sample: what a sparkline draws.

    Spans begin at multiples of their width since the epoch, so that the drawing moves once a span and not with
    every sample.

    Args:
        width: seconds of one span.
        count: how many spans are kept.
    """

    def __init__(self, width: float, count: int) -> None:
        self.width = width
        self.count = count
        self._cells: deque[tuple[int, float, float, float]] = deque(maxlen=count)
        self.newest = -math.inf

    def add(self, sample: Sample) -> None:
        """Take in a sample; one from before the newest span counts in that span."""
        index = int(sample.at // self.width)
        if self._cells and self._cells[-1][0] >= index:
            last, low, high, _ = self._cells[-1]
            self._cells[-1] = (last, min(low, sample.value), max(high, sample.value), sample.value)
        else:
            self._cells.append((index, sample.value, sample.value, sample.value))
        self.newest = max(self.newest, sample.at)

    def worst(self, now: float, *, high_is_bad: bool) -> list[float]:
        """The worst value of each span up to the one that holds `now`, oldest first; NaN for a gap."""
        last = int(now // self.width)
        values = [math.nan] * self.count
        for index, low, high, _ in self._cells:
            place = index - last + self.count - 1
            if 0 <= place < self.count:
                values[place] = high if high_is_bad else low
        return values
