"""Counters that only rise, and the window over which their growth is summed."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from opsconsole.domain.counters import REMEMBERED, Counters, Growth, Window


def grown(counters: Counters[str], at: float, **readings: float) -> dict[str, float] | None:
    growth = counters.step({group: {"": value} for group, value in readings.items()}, at)
    return None if growth is None else {group: parts[""] for group, parts in growth.groups.items()}


def test_the_first_reading_has_nothing_to_compare_with() -> None:
    assert grown(Counters[str](), 0, a=5) is None


def test_a_counter_that_fell_was_reset_and_shows_what_came_since() -> None:
    counters = Counters[str]()
    grown(counters, 0, a=100)
    assert grown(counters, 10, a=7) == {"a": 7}
    assert grown(counters, 20, a=9) == {"a": 2}


def test_a_group_is_reset_together_even_where_only_one_part_fell() -> None:
    counters = Counters[str]()
    counters.step({"h": {"0.1": 5, "+Inf": 50}}, 0)
    growth = counters.step({"h": {"0.1": 6, "+Inf": 20}}, 10)
    assert growth == Growth(10, {"h": {"0.1": 6, "+Inf": 20}})


def test_a_new_group_began_at_zero() -> None:
    counters = Counters[str]()
    grown(counters, 0, a=1)
    assert grown(counters, 10, a=1, b=3) == {"a": 0, "b": 3}


def test_a_group_that_comes_back_is_no_burst() -> None:
    counters = Counters[str]()
    grown(counters, 0, a=1, b=1000)
    assert grown(counters, 10, a=1) == {"a": 0}
    assert grown(counters, 20, a=1, b=1004) == {"a": 0, "b": 4}


def test_a_gap_that_is_too_long_and_a_clock_that_went_back_begin_anew() -> None:
    counters = Counters[str](longest_gap=100)
    grown(counters, 0, a=1)
    assert grown(counters, 101, a=5) is None
    assert grown(counters, 111, a=6) == {"a": 1}
    assert grown(counters, 50, a=7) is None
    assert grown(counters, 50, a=7) is None


def test_endless_new_names_cost_no_endless_memory() -> None:
    counters = Counters[str](remember=1e9)
    for number in range(3):
        counters.step({f"{number}-{index}": {"": 1.0} for index in range(REMEMBERED)}, number)
    assert len(counters._vanished) <= REMEMBERED


@given(st.lists(st.tuples(st.integers(0, 1000), st.booleans()), min_size=1, max_size=50))
def test_what_a_counter_counted_is_summed_across_resets(steps: list[tuple[int, bool]]) -> None:
    counters = Counters[str]()
    total = value = 0.0
    grown(counters, 0, a=0)
    for place, (more, restarted) in enumerate(steps, 1):
        if restarted and more < value:  # one that counted more than before meanwhile cannot be told from none
            value = 0.0
        value += more
        growth = grown(counters, place, a=value)
        assert growth is not None
        assert growth["a"] >= 0
        assert growth["a"] == more
        total += growth["a"]
    assert total == sum(more for more, _ in steps)


@given(st.lists(st.floats(0, 1e9), min_size=2, max_size=50))
def test_growth_is_never_negative_whatever_is_read(values: list[float]) -> None:
    counters = Counters[str]()
    for place, value in enumerate(values):
        growth = grown(counters, place, a=value)
        assert growth is None or growth["a"] >= 0


def test_a_window_sums_and_forgets() -> None:
    window = Window[str](100)
    for amount in range(1, 12):
        window.add(20, {"a": float(amount)})
    assert window.totals() == (100, {"a": 7 + 8 + 9 + 10 + 11})
    assert window.totals(50) == (40, {"a": 21})
    assert window.totals(1) == (20, {"a": 11})


def test_an_empty_window_covers_nothing() -> None:
    window = Window[str]()
    assert window.totals() == (0, {})
    window.add(10, {"a": 1})
    window.clear()
    assert window.totals() == (0, {})


def test_one_entry_longer_than_the_window_still_counts() -> None:
    window = Window[str](100)
    window.add(10, {"a": 1})
    window.add(500, {"a": 2})
    assert window.totals() == (500, {"a": 2})


@given(st.lists(st.tuples(st.floats(0.1, 200), st.floats(0, 1e6)), min_size=1, max_size=60))
def test_a_window_never_covers_more_than_its_span_unless_one_entry_does(
    entries: list[tuple[float, float]],
) -> None:
    window = Window[str](300)
    for elapsed, amount in entries:
        window.add(elapsed, {"a": amount})
    covered, totals = window.totals()
    assert covered <= 300 + 1e-6
    assert math.isfinite(totals["a"])
    assert totals["a"] <= sum(amount for _, amount in entries) * (1 + 1e-9)
