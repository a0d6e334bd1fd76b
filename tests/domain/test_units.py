"""How values are written."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.domain.metrics import Unit
from opsconsole.domain.units import age, duration, number, quantity, ratio, size, until_next_age, utc


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0 s"),
        (0.00034, "340 µs"),
        (0.0009996, "1 ms"),
        (0.085, "85 ms"),
        (0.9996, "1.00 s"),
        (2.414, "2.41 s"),
        (9.996, "10 s"),
        (59.6, "60 s"),
        (360, "6 min"),
        (12_000, "3 h 20 min"),
        (7_200, "2 h"),
        (47.999 * 3600, "2 d"),
        (12 * 86_400, "12 d"),
        (-3, "-3.00 s"),
        (math.inf, "∞"),
        (math.nan, "–"),
    ],
)
def test_durations(seconds: float, written: str) -> None:
    assert duration(seconds) == written


@pytest.mark.parametrize(
    ("count", "written"),
    [
        (0, "0 B"),
        (512, "512 B"),
        (1000, "1.0 KiB"),
        (1.5 * 1024**3, "1.5 GiB"),
        (100 * 1024**2, "100 MiB"),
        (1023.9 * 1024**2, "1.0 GiB"),
        (1e30, f"{1e30 / 1024**5:.0f} PiB"),
        (-2048, "-2.0 KiB"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_sizes(count: float, written: str) -> None:
    assert size(count) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0 %"),
        (0.05, "5 %"),
        (0.07, "7 %"),
        (0.29, "29 %"),
        (0.078, "7.8 %"),
        (0.0042, "0.42 %"),
        (0.9998, "99.98 %"),
        (0.9999999, "99.99 %"),
        (math.nextafter(1, 0), "99.99 %"),
        (1, "100 %"),
        (1.234, "123 %"),
        (math.nan, "–"),
    ],
)
def test_ratios(value: float, written: str) -> None:
    assert ratio(value) == written


@given(st.floats(0, 1, exclude_max=True))
def test_less_than_all_is_never_written_as_all(value: float) -> None:
    assert ratio(value) != "100 %"
    assert abs(float(ratio(value).removesuffix(" %")) - value * 100) <= 0.0501


@given(st.integers(0, 100))
def test_whole_per_cents_below_99_have_no_decimals(percent: int) -> None:
    if percent != 99:
        assert ratio(percent / 100) == f"{percent} %"


@pytest.mark.parametrize(
    ("value", "written"),
    [(41.23, "41.2"), (0.034, "0.03"), (12_400, "12,400"), (1234.5, "1,234"), (math.nan, "–")],
)
def test_numbers(value: float, written: str) -> None:
    assert number(value) == written


@pytest.mark.parametrize("unit", Unit)
def test_no_value_is_a_question_mark_in_every_unit_and_never_a_zero(unit: Unit) -> None:
    assert quantity(None, unit) == "?"
    assert quantity(math.nan, unit) == "?"


@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(Unit))
def test_every_number_can_be_written_in_every_unit(value: float, unit: Unit) -> None:
    assert re.fullmatch(r"[^\n]+", quantity(value, unit))


def test_days_are_counted_down_by_whole_ones() -> None:
    assert quantity(19.99, Unit.DAYS) == "19 d"
    assert quantity(-0.5, Unit.DAYS) == "-1 d"


def test_rates_carry_their_second() -> None:
    assert quantity(1536, Unit.BYTES_PER_SECOND) == "1.5 KiB/s"
    assert quantity(41.23, Unit.PER_SECOND) == "41.2 /s"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (-5, "0 s"),
        (4.9, "4 s"),
        (9.9, "5 s"),
        (14, "10 s"),
        (59.9, "55 s"),
        (60, "1 min"),
        (3600, "1 h"),
        (172_800, "2 d"),
        (math.inf, "∞"),
    ],
)
def test_ages(seconds: float, written: str) -> None:
    assert age(seconds) == written


@given(st.integers(0, 4_000_000).map(lambda quarter: quarter / 4))
def test_an_age_reads_the_same_until_it_is_said_to_change_and_then_differently(seconds: float) -> None:
    wait = until_next_age(seconds)
    assert wait > 0
    assert age(seconds + wait - 0.125) == age(seconds)
    assert age(seconds + wait) != age(seconds)


def test_moments_are_utc_with_a_z() -> None:
    assert utc(0) == "1970-01-01T00:00:00Z"
    assert utc(1_700_000_000.1239, milliseconds=True) == "2023-11-14T22:13:20.123Z"
