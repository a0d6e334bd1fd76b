"""Series in memory: what is kept, how it is cut for a chart, and what is forecast."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.domain.series import (
    Bucket,
    Sample,
    Series,
    downsample,
    increase,
    percentile,
    rate,
    time_to_zero,
)

NUMBERS = st.floats(-1e9, 1e9)


def series(*pairs: tuple[float, float], capacity: int = 100) -> Series:
    made = Series(capacity)
    for at, value in pairs:
        made.append(Sample(at, value))
    return made


def test_the_oldest_samples_go_first() -> None:
    kept = series(*((at, at) for at in range(10)), capacity=3)
    assert [sample.at for sample in kept] == [7, 8, 9]
    assert len(kept) == 3
    assert kept.newest == Sample(9, 9)


def test_an_empty_series_has_no_newest() -> None:
    assert Series().newest is None
    assert Series().since(0) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_not_kept(value: float) -> None:
    kept = Series()
    assert not kept.append(Sample(1, value))
    assert len(kept) == 0


def test_a_clock_that_stepped_back_a_little_folds_nothing_over_the_present() -> None:
    kept = series((1000, 1), (1010, 2))
    assert not kept.append(Sample(1005, 3))
    assert not kept.append(Sample(1010, 3))
    assert [sample.value for sample in kept] == [1, 2]


def test_a_clock_that_was_set_right_begins_the_series_anew() -> None:
    kept = series((10_000, 1))
    assert kept.append(Sample(10_000 - Series.CLOCK_JUMP, 2))
    assert [sample.value for sample in kept] == [2]


@given(st.lists(st.tuples(st.integers(0, 100_000), NUMBERS), max_size=60), st.integers(0, 100_000))
def test_samples_stay_in_order_and_since_gives_exactly_the_newer_ones(
    pairs: list[tuple[int, float]], at: int
) -> None:
    kept = series(*pairs, capacity=20)
    times = [sample.at for sample in kept]
    assert times == sorted(set(times))
    assert len(times) <= 20
    assert kept.since(at) == [sample for sample in kept if sample.at >= at]


def test_a_gap_is_no_zero() -> None:
    first, gap, last = downsample([Sample(0, 4), Sample(1, 8), Sample(20, 1)], 0, 30, 3)
    assert first == Bucket(0, 10, 2, 4, 8, 12, 8)
    assert first.mean == 6
    assert gap.count == 0
    assert math.isnan(gap.mean)
    assert math.isnan(gap.last)
    assert last.start == 20


@pytest.mark.parametrize(("start", "end", "buckets"), [(0, 10, 0), (10, 10, 5), (10, 0, 5)])
def test_no_span_cannot_be_cut(start: float, end: float, buckets: int) -> None:
    with pytest.raises(ValueError):
        downsample([], start, end, buckets)


@given(
    st.lists(st.tuples(st.floats(-10, 1010), NUMBERS), max_size=60),
    st.integers(1, 50),
    st.floats(0.001, 1000),
)
def test_every_sample_inside_is_in_exactly_one_bucket_with_nothing_lost(
    pairs: list[tuple[float, float]], buckets: int, end: float
) -> None:
    samples = [Sample(at, value) for at, value in sorted(pairs)]
    cut = downsample(samples, 0, end, buckets)
    inside = [sample.value for sample in samples if 0 <= sample.at < end]
    assert len(cut) == buckets
    assert sum(bucket.count for bucket in cut) == len(inside)
    assert math.fsum(bucket.total for bucket in cut) == pytest.approx(math.fsum(inside), abs=1e-3)
    full = [bucket for bucket in cut if bucket.count]
    if inside:
        assert min(bucket.low for bucket in full) == min(inside)
        assert max(bucket.high for bucket in full) == max(inside)
        assert full[-1].last == inside[-1]


def test_percentiles_lie_between_neighbours() -> None:
    assert percentile([4, 1, 3, 2], 0.5) == 2.5
    assert percentile([7], 0.99) == 7
    assert math.isnan(percentile([], 0.5))


@given(st.lists(NUMBERS, min_size=1, max_size=50), st.floats(0, 1))
def test_a_percentile_is_between_the_least_and_the_greatest(values: list[float], share: float) -> None:
    assert min(values) - 1e-6 <= percentile(values, share) <= max(values) + 1e-6


def falling(slope: float, count: int = 60, start: float = 1_000.0) -> list[Sample]:
    return [Sample(at * 60.0, start + slope * at * 60) for at in range(count)]


def test_a_straight_fall_is_forecast_to_the_second() -> None:
    samples = falling(-0.1)
    assert time_to_zero(samples, least_span=1800, now=samples[-1].at) == pytest.approx(10_000 - samples[-1].at)


def test_what_has_reached_zero_by_the_line_is_full_now() -> None:
    assert time_to_zero(falling(-0.1), least_span=60, now=1e9) == 0


@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_what_rests_or_rises_reaches_nothing(slope: float) -> None:
    assert time_to_zero(falling(slope), least_span=60, now=3600) is None


def test_too_short_a_time_or_too_few_samples_tell_no_trend() -> None:
    assert time_to_zero(falling(-1, 20), least_span=1800, now=0) is None
    assert time_to_zero(falling(-1, 2), least_span=1, now=0) is None
    assert time_to_zero([], least_span=0, now=0) is None
    assert time_to_zero([Sample(5, 3), Sample(5, 2), Sample(5, 1)], least_span=0, now=5) is None


@given(st.lists(st.floats(0, 1e300), max_size=40))
def test_a_forecast_is_a_finite_time_to_come_or_none(values: list[float]) -> None:
    samples = [Sample(at * 60.0, value) for at, value in enumerate(values)]
    left = time_to_zero(samples, least_span=60, now=len(values) * 60.0)
    assert left is None or (math.isfinite(left) and left >= 0)


def test_a_rate_is_growth_a_second_and_a_reset_counts_from_zero() -> None:
    assert rate(Sample(0, 10), Sample(5, 20)) == 2
    assert rate(Sample(0, 10), Sample(5, 5)) == 1
    assert rate(Sample(5, 10), Sample(5, 20)) is None
    assert rate(Sample(6, 10), Sample(5, 20)) is None


def test_increase_goes_across_resets() -> None:
    assert increase([Sample(0, 5), Sample(1, 8), Sample(2, 2), Sample(3, 4)]) == 3 + 2 + 2
    assert increase([Sample(0, 5)]) == 0
    assert increase([]) == 0
