"""The stored series: kept in three resolutions, summed up rightly, within their ages and their bytes."""

from __future__ import annotations

import math
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsconsole.config.model import Storage
from opsconsole.domain.series import Bucket, Sample, downsample
from opsconsole.journal.samples import Samples

NOON = 1_800_000_000.0
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def samples(tmp_path: Path, clock: Clock) -> Iterator[Samples]:
    with Samples(tmp_path, clock=clock) as opened:
        yield opened


def tables(samples: Samples) -> dict[str, list[tuple[object, ...]]]:
    return {
        name: samples.database.connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
        for name in ("raw", "minutes", "hours", "late", "tiers")
    }


def total(buckets: list[Bucket]) -> tuple[int, float]:
    return sum(bucket.count for bucket in buckets), math.fsum(bucket.total for bucket in buckets)


def test_samples_come_back_as_they_were_written(samples: Samples) -> None:
    written = [Sample(NOON + index, index / 3) for index in range(10)]
    taken = samples.write([("host.cpu", sample) for sample in written] + [("host.load", Sample(NOON, 1.0))])
    assert (taken.stored, taken.left_out) == (11, 0)
    assert samples.since("host.cpu", NOON) == written
    assert samples.since("host.cpu", NOON + 7.5) == written[8:]
    assert samples.since("nobody", NOON) == []
    assert samples.series() == ["host.cpu", "host.load"]


def test_a_sample_that_is_there_already_stays_as_it_is(samples: Samples) -> None:
    samples.write([("a", Sample(NOON, 1.0))])
    taken = samples.write(
        [("a", Sample(NOON, 2.0)), ("a", Sample(NOON + 1, math.nan)), ("a", Sample(math.inf, 1.0))]
    )
    assert (taken.stored, taken.left_out) == (0, 3)
    assert samples.since("a", 0) == [Sample(NOON, 1.0)]


def test_a_short_chart_is_cut_like_the_samples_in_memory(samples: Samples) -> None:
    random = Random(1)
    written = [Sample(NOON + index * 5, random.random()) for index in range(500) if not 100 < index < 200]
    samples.write([("a", sample) for sample in written])
    start, end = NOON, NOON + 2_500
    found, expected = samples.buckets("a", start, end, 80), downsample(written, start, end, 80)
    assert [(each.start, each.count, each.low, each.high, each.last) for each in found if each.count] == [
        (each.start, each.count, each.low, each.high, each.last) for each in expected if each.count
    ]
    assert [each.count for each in found] == [each.count for each in expected]
    assert any(each.count == 0 and math.isnan(each.low) for each in found), "a gap stays a gap"


def test_minutes_and_hours_say_what_happened_in_them(samples: Samples) -> None:
    start = NOON // HOUR * HOUR
    samples.write([("a", Sample(start + index * 10, float(index % 7))) for index in range(720)])
    assert samples.roll_up(start + 2 * HOUR + 30)
    minute = samples.database.connection.execute("SELECT * FROM minutes WHERE at = ?", (start // 60,)).fetchone()
    assert minute == (1, start // 60, 6, 0.0, None, 15.0, 5.0), "what equals the last value takes no room"
    hour = samples.database.connection.execute("SELECT * FROM hours WHERE at = ?", (start // 3_600,)).fetchone()
    assert hour == (1, start // 3_600, 360, 0.0, 6.0, sum(index % 7 for index in range(360)), 359 % 7)


def test_a_minute_is_summed_up_when_it_is_over_and_again_when_a_sample_comes_late(samples: Samples) -> None:
    start = NOON // HOUR * HOUR
    samples.write([("a", Sample(start + 1, 1.0)), ("b", Sample(start + 1, 5.0))])
    samples.roll_up(start + MINUTE + 14)
    assert tables(samples)["minutes"] == []
    samples.roll_up(start + 2 * HOUR)
    assert [row[2] for row in tables(samples)["hours"]] == [1, 1]
    samples.write([("a", Sample(start + 59, 3.0)), ("a", Sample(start + 30, 2.0))])
    samples.roll_up(start + 2 * HOUR)
    assert tables(samples)["minutes"][0] == (1, start // 60, 3, 1.0, None, 6.0, 3.0)
    assert tables(samples)["hours"][0] == (1, start // 3_600, 3, 1.0, None, 6.0, 3.0)
    assert tables(samples)["late"] == []


def test_summing_up_and_pruning_twice_changes_nothing(samples: Samples, clock: Clock) -> None:
    _write_days(samples, clock, days=3, step=300)
    before = tables(samples)
    for _ in range(2):
        assert samples.roll_up()
        assert samples.prune()
        assert tables(samples) == before


def test_summing_up_by_steps_and_by_two_at_once_gives_the_same(tmp_path: Path, clock: Clock) -> None:
    written = [("a", Sample(NOON + index * 7, float(index))) for index in range(2_000)]
    now = NOON + 2_000 * 7 + 60
    found = []
    for how in ("at once", "by steps", "by two"):
        with Samples(tmp_path / how, clock=clock) as samples:
            samples.write(written)
            if how == "by steps":
                while not samples.roll_up(now, steps=1):
                    pass
            elif how == "by two":
                threads = [threading.Thread(target=_roll_up, args=(tmp_path / how, clock, now)) for _ in range(2)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(20)
            else:
                samples.roll_up(now)
            found.append(tables(samples))
    assert found[0] == found[1] == found[2]
    assert len(found[0]["minutes"]) > 200


def _roll_up(folder: Path, clock: Clock, now: float) -> None:
    with Samples(folder, clock=clock) as samples:
        samples.roll_up(now)


def _write_days(samples: Samples, clock: Clock, days: float, step: float, series: int = 2) -> None:
    end = clock.now + days * DAY
    while clock.now < end:
        batch = [(f"s{number}", Sample(clock.now + number, float(number))) for number in range(series)]
        clock.now += step
        samples.write(batch)
        if int(clock.now) % 3_600 < step:
            samples.roll_up()
            samples.prune()
    samples.roll_up()
    samples.prune()


def test_each_resolution_is_kept_as_long_as_it_is_to_be(tmp_path: Path, clock: Clock) -> None:
    began = clock.now
    with Samples(tmp_path, Storage(raw=6 * HOUR, minutes=DAY, hours=3 * DAY), clock=clock) as samples:
        _write_days(samples, clock, days=5, step=120)
        rows = tables(samples)
    oldest = {name: min(int(row[1]) for row in rows[name]) for name in ("raw", "minutes", "hours")}  # type: ignore[call-overload]
    assert 6 * HOUR <= clock.now - oldest["raw"] / 1_000 <= 6 * HOUR + 3 * MINUTE
    assert DAY <= clock.now - oldest["minutes"] * 60 <= DAY + HOUR + 2 * MINUTE
    assert 3 * DAY <= clock.now - oldest["hours"] * 3_600 <= 3 * DAY + 2 * HOUR
    assert clock.now - began == pytest.approx(5 * DAY)


def test_the_byte_budget_is_kept_and_the_oldest_go_first(tmp_path: Path, clock: Clock) -> None:
    budget = 400_000
    with Samples(tmp_path, Storage(samples=budget), clock=clock) as samples:
        for _ in range(4):
            _write_days(samples, clock, days=0.5, step=60, series=20)
            assert samples.size() <= budget
            pages = samples.database.connection.execute("PRAGMA page_count").fetchone()[0]
            free = samples.database.connection.execute("PRAGMA freelist_count").fetchone()[0]
            assert (pages - free) * 4_096 <= budget + 200_000, "what is counted is what is used, the journal aside"
        rows = tables(samples)
        counted = {name: count for name, count, _, _ in rows["tiers"]}
        assert counted == {name: len(rows[name]) for name in ("raw", "minutes", "hours")}
        newest = max(int(row[1]) for row in rows["raw"]) / 1_000  # type: ignore[call-overload]
        assert clock.now - newest < 2 * MINUTE, "the newest is there"
        assert total(samples.buckets("s1", clock.now - HOUR, clock.now, 10))[0] == 60


def test_a_late_sample_from_before_what_was_dropped_is_left_out(tmp_path: Path, clock: Clock) -> None:
    with Samples(tmp_path, Storage(raw=HOUR), clock=clock) as samples:
        _write_days(samples, clock, days=0.2, step=60)
        before = tables(samples)
        assert samples.write([("s0", Sample(clock.now - 3 * HOUR, 9.0))]).stored == 0
        samples.roll_up()
        assert tables(samples) == before


def test_a_clock_that_was_set_back_does_not_stop_the_record(tmp_path: Path, clock: Clock) -> None:
    clock.now += 400 * DAY
    with Samples(tmp_path, clock=clock) as samples:
        _write_days(samples, clock, days=0.1, step=60)
        clock.now = NOON
        _write_days(samples, clock, days=0.1, step=60)
        assert total(samples.buckets("s0", NOON, NOON + 0.1 * DAY, 20))[0] == 144
        assert total(samples.buckets("s0", NOON, NOON + 7 * DAY, 20))[0] == 144


def test_ninety_days_are_drawn_from_the_hours_up_to_the_newest_sample(samples: Samples, clock: Clock) -> None:
    began = clock.now
    _write_days(samples, clock, days=92, step=3_600, series=2)
    start = clock.now - 90 * DAY
    took = min(_timed(lambda: samples.buckets("s1", start, clock.now, 120)) for _ in range(3))
    found = samples.buckets("s1", start, clock.now, 120)
    assert total(found)[0] == pytest.approx(90 * 24, abs=2)
    assert found[-1].count == pytest.approx(0.75 * 24, abs=2)
    assert began < start
    assert took < 0.05


def _timed(call: object) -> float:
    assert callable(call)
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def test_an_old_day_that_is_kept_only_by_hours_shows_them_without_false_gaps(tmp_path: Path, clock: Clock) -> None:
    began = clock.now // HOUR * HOUR
    with Samples(tmp_path, Storage(raw=HOUR, minutes=2 * HOUR), clock=clock) as samples:
        _write_days(samples, clock, days=3, step=600)
        found = samples.buckets("s0", began + 2 * HOUR, began + 26 * HOUR, 240)
    assert all(bucket.count == 6 for bucket in found)


def test_an_unknown_series_is_all_gaps_and_a_span_without_length_is_refused(samples: Samples) -> None:
    assert [bucket.count for bucket in samples.buckets("nobody", 0, 10, 3)] == [0, 0, 0]
    with pytest.raises(ValueError, match="span"):
        samples.buckets("nobody", 10, 10, 3)


MOMENTS = st.integers(min_value=0, max_value=int(30 * HOUR * 1_000))
VALUES = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False).map(lambda value: round(value, 3))
BATCHES = st.lists(st.lists(st.tuples(st.sampled_from("ab"), MOMENTS, VALUES), max_size=12), max_size=6)


@settings(max_examples=25, deadline=None)
@given(BATCHES, st.lists(st.floats(min_value=0, max_value=40 * HOUR), max_size=6), st.integers(1, 300))
def test_the_sum_of_the_spans_is_the_sum_of_the_samples_however_they_came(
    batches: list[list[tuple[str, int, float]]], roll_ups: list[float], n: int
) -> None:
    start = NOON // HOUR * HOUR
    kept: dict[tuple[str, int], float] = {}
    clock = Clock(start + 40 * HOUR)
    with tempfile.TemporaryDirectory() as folder, Samples(Path(folder), clock=clock) as samples:
        for number, batch in enumerate(batches):
            samples.write((series, Sample(start + at / 1_000, value)) for series, at, value in batch)
            for series, at, value in batch:
                kept.setdefault((series, round((start + at / 1_000) * 1_000)), value)
            if number < len(roll_ups):
                samples.roll_up(start + roll_ups[number])
        samples.roll_up(
            start + max(roll_ups[: len(batches)], default=0.0)
        )  # so that none is still to be counted in
        before = [samples.buckets(series, start, start + 30 * DAY, n) for series in "ab"]
        samples.roll_up(start + 40 * HOUR)
        after = [samples.buckets(series, start, start + 30 * DAY, n) for series in "ab"]
        raw = [samples.since(series, 0) for series in "ab"]
        coarse = samples.database.connection.execute(
            "SELECT name, sum(count), sum(coalesce(total, count * last)), min(coalesce(low, last)),"
            " max(coalesce(high, last)) FROM hours JOIN series ON series = id GROUP BY name ORDER BY name"
        ).fetchall()
    for index, series in enumerate("ab"):
        values = [value for (name, _), value in kept.items() if name == series]
        assert len(raw[index]) == len(values)
        for found in (before[index], after[index]):
            assert total(found) == (len(values), pytest.approx(math.fsum(values), abs=1e-3))
        if values:
            summed = next(row[1:] for row in coarse if row[0] == series)
            assert summed == (len(values), pytest.approx(math.fsum(values), abs=1e-3), min(values), max(values))
