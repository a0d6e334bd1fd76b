"""The chart: units on its axis, the limit as a line, gaps that stay gaps."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.domain.series import Bucket
from widgets.chart import AXIS_WIDTH, Mark, chart, columns
from widgets.row import ASCII, UNICODE, Glyphs, Row, row_text, row_width


def spans(values: list[float]) -> list[Bucket]:
    """A span of ten seconds a value; NaN for a gap."""
    return [
        Bucket(place * 10.0, 10.0)
        if math.isnan(value)
        else Bucket(place * 10.0, 10.0, 1, value, value, value, value)
        for place, value in enumerate(values)
    ]


def drawn(
    values: list[float],
    width: int = 40,
    height: int = 10,
    limit: float | None = None,
    glyphs: Glyphs = UNICODE,
    marks: list[Mark] | None = None,
) -> list[Row]:
    """A chart of these values."""
    return chart(
        spans(values),
        width=width,
        height=height,
        written=lambda value: f"{value:.2g} s",
        time_label=lambda at: f"t{at:g}",
        limit=limit,
        marks=marks or (),
        glyphs=glyphs,
    )


def plot(rows: list[Row]) -> list[str]:
    """The inner part of the chart."""
    return [row_text(row)[AXIS_WIDTH:] for row in rows[:-2]]


def test_the_axis_carries_the_unit_from_zero_to_a_round_top() -> None:
    rows = drawn([0.5, 2.4], limit=None)
    assert row_text(rows[0]).startswith("       3 s │")
    assert row_text(rows[-3]).startswith("       0 s │")
    assert row_text(rows[-2]).startswith(" " * 11 + "└───")
    assert row_text(rows[-1]).split() == ["t0", "t10", "t20"]


def test_the_limit_is_a_line_with_its_value_and_a_colour_of_its_own() -> None:
    rows = drawn([0.5] * 10, limit=2.0)
    lines = [row for row in rows[:-2] if "─" * 20 in row_text(row)]
    assert len(lines) == 1
    assert row_text(lines[0]).startswith("       2 s │")
    assert {span.role for span in lines[0] if "─" in span.text} == {"warn"}


def test_a_gap_stays_a_gap() -> None:
    count = columns(40, UNICODE)
    values = [1.0] * count
    values[20:30] = [math.nan] * 10
    text = plot(drawn(values))
    filled = {x for line in text for x, character in enumerate(line) if character != " "}
    assert filled == set(range(count // 2)) - set(range(10, 15))


def test_a_rising_value_rises() -> None:
    count = columns(40, UNICODE)
    text = plot(drawn([float(place) for place in range(count)]))
    heights = [next(y for y, line in enumerate(text) if line[x : x + 1].strip()) for x in range(count // 2)]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] == len(text) - 1
    assert heights[-1] < 2


def test_without_any_reading_the_chart_is_empty_and_still_has_its_axis() -> None:
    rows = drawn([math.nan] * 62)
    assert all(not line.strip() for line in plot(rows))
    assert "└" in row_text(rows[-2])


def test_what_happened_is_marked_on_the_axis_where_it_happened() -> None:
    values = [1.0] * columns(40, UNICODE)
    axis = row_text(drawn(values, marks=[Mark(0.0, "I"), Mark(300.0, "D"), Mark(99_999.0, "X")])[-2])
    assert axis[AXIS_WIDTH] == "I"
    assert axis.index("D") == AXIS_WIDTH + 15
    assert "X" not in axis


def test_ascii_terminals_get_an_ascii_chart() -> None:
    count = columns(40, ASCII)
    text = [row_text(row) for row in drawn([1.0] * count, limit=0.5, glyphs=ASCII)]
    assert "".join(text).isascii()
    assert any("*" in line for line in text)


@given(
    st.lists(st.floats(0, 1e9) | st.just(math.nan), min_size=1, max_size=100),
    st.integers(14, 120),
    st.integers(4, 40),
    st.none() | st.floats(1e-3, 1e9),
)
def test_no_line_is_wider_than_its_room(values: list[float], width: int, height: int, limit: float | None) -> None:
    rows = drawn(values, width, height, limit)
    assert len(rows) == max(4, height)
    assert all(row_width(row) <= max(width, AXIS_WIDTH + 1) for row in rows)
    for row in rows[:-2]:
        label, _, rest = row_text(row).partition("│")
        assert len(rest) == width - AXIS_WIDTH
        assert label.endswith(" ")


@pytest.mark.parametrize("width", [1, 9, 10])
def test_hardly_any_room_breaks_nothing(width: int) -> None:
    assert drawn([1.0, 2.0], width=width, height=1)


def test_a_label_that_is_too_long_is_cut_before_the_axis() -> None:
    rows = chart(
        spans([1.0]),
        width=40,
        height=6,
        written=lambda _: "a very long label",
        time_label=lambda _: "2026-11-18 05:06:40 UTC",
        glyphs=UNICODE,
    )
    assert row_text(rows[0]).startswith("a very lo… │")
    assert row_width(rows[-1]) == 40
