"""The recent past in one line of bars."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.row import ASCII, UNICODE
from widgets.sparkline import round_top, sparkline

GAP = math.nan


@pytest.mark.parametrize(
    ("values", "top", "drawn"),
    [
        ([0.0, 4.0, 8.0], 8.0, "▁▄█"),
        ([1.0, GAP, 8.0], 8.0, "▁ █"),
        ([GAP, GAP], None, "  "),
        ([0.0, 0.0], None, "▁▁"),
        ([16.0], 8.0, "█"),
        ([], None, ""),
        ([1e300], 1e-310, "█"),
        ([1.0, 2.0], None, "▄█"),
    ],
)
def test_a_bar_a_value_a_blank_for_a_gap_and_the_lowest_bar_for_zero(
    values: list[float], top: float | None, drawn: str
) -> None:
    assert sparkline(values, top=top) == drawn


def test_ascii_terminals_get_ascii_bars() -> None:
    assert sparkline([0.0, GAP, 8.0], glyphs=ASCII) == ". @"


@given(st.lists(st.floats(0, 1e12) | st.just(GAP), max_size=80), st.none() | st.floats(0, 1e12))
def test_a_gap_is_a_blank_and_a_value_never_is(values: list[float], top: float | None) -> None:
    drawn = sparkline(values, top=top)
    assert len(drawn) == len(values)
    assert [bar == " " for bar in drawn] == [math.isnan(value) for value in values]
    assert set(drawn) <= set(UNICODE.bars)


@pytest.mark.parametrize(
    ("value", "top"), [(0.0, 0.0), (1.0, 1.0), (1.01, 1.5), (2.4, 3.0), (7.2, 10.0), (0.078, 0.1), (420.0, 500.0)]
)
def test_a_scale_ends_at_a_round_figure(value: float, top: float) -> None:
    assert round_top(value) == pytest.approx(top)


@given(st.floats(1e-9, 1e15))
def test_a_scale_holds_its_value_and_wastes_less_than_half(value: float) -> None:
    assert value * (1 - 1e-6) <= round_top(value) <= value * 2


def test_no_scale_for_what_is_no_number() -> None:
    assert round_top(math.inf) == round_top(math.nan) == round_top(-1.0) == 0.0
