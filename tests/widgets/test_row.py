"""Lines of spans: cut, padded, split into columns and compared, whatever stands in them."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from widgets.row import (
    ASCII,
    ROLES,
    UNICODE,
    Row,
    Span,
    as_ascii,
    cells,
    changed_cells,
    cut,
    is_narrow,
    padded,
    row_text,
    row_width,
    shown,
    split,
)

WORDS = st.text(max_size=40).map(shown)
NARROW = st.text(st.sampled_from("abc 01●▲–…│⣿█é"), max_size=30)
ROW = st.lists(st.builds(Span, WORDS, st.sampled_from(ROLES)), max_size=6).map(tuple)
NARROW_ROW = st.lists(st.builds(Span, NARROW, st.sampled_from(ROLES)), max_size=6).map(tuple)
CUTS = st.lists(st.integers(0, 120), max_size=4).map(sorted)


@pytest.mark.parametrize(
    ("text", "width", "left"),
    [
        ("response", 8, "response"),
        ("response", 7, "respon…"),
        ("response", 1, "…"),
        ("response", 0, ""),
        ("response", -3, ""),
        ("東京都", 6, "東京都"),
        ("東京都", 5, "東京…"),
        ("東京都", 4, "東…"),
        ("東京都", 1, "…"),
        ("", 0, ""),
    ],
)
def test_a_text_that_does_not_fit_is_cut_and_says_so(text: str, width: int, left: str) -> None:
    assert cut(text, width) == left


@given(WORDS, st.integers(0, 30))
def test_a_padded_text_takes_exactly_its_columns(text: str, width: int) -> None:
    assert cells(padded(text, width)) == width
    assert cell_len(cut(text, width)) <= width


@given(WORDS)
def test_the_width_of_text_from_outside_is_beyond_doubt(text: str) -> None:
    assert cells(text) == cell_len(text) == sum(cell_len(character) for character in text)
    assert is_narrow(text) == all(cell_len(character) == 1 for character in text)
    assert row_width((Span(text), Span(text))) == 2 * cells(text)


@given(st.text())
def test_nothing_that_a_terminal_acts_on_is_shown(text: str) -> None:
    private = {character for character in text if unicodedata.category(character) == "Co"}
    assert all(character.isprintable() or character in private for character in shown(text))
    assert not set(shown(text)) & set("\x1b\x07\n\r\u202e\u2066\u200d")


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("85 ms – ok…", "85 ms - ok~"),
        ("340 µs", "340 us"),
        ("Grüße, Zoë", "Grusse, Zoe".replace("ss", "?")),
        ("東京", "????"),
        ("    ∞", "  inf"),
        ("∞", "~"),
        ("plain", "plain"),
    ],
)
def test_an_ascii_terminal_gets_the_nearest_of_the_same_width(text: str, printed: str) -> None:
    assert as_ascii(text) == printed


@given(WORDS)
def test_ascii_keeps_the_columns(text: str) -> None:
    assert as_ascii(text).isascii()
    assert len(as_ascii(text)) == cells(text)


def test_both_sets_of_shapes_are_alike() -> None:
    assert all(isinstance(shape, bool) or shape.isascii() for shape in ASCII)
    states = ("ok", "warning", "critical", "info", "unknown", "silenced", "passed", "failed", "todo", "skipped")
    for glyphs in (UNICODE, ASCII):
        assert len({getattr(glyphs, state) for state in states}) == len(states), "no two states share a shape"
        assert len(glyphs.bars) == len(UNICODE.bars)
        assert is_narrow("".join(shape for shape in glyphs if isinstance(shape, str)))


# -- columns


def test_a_line_is_cut_into_columns_with_its_colours() -> None:
    row = (Span("● ", "ok"), Span("web-00    "), Span("85 ms", "strong"))
    assert split(row, [2, 14]) == [
        (Span("● ", "ok"),),
        (Span("web-00    "), Span("85", "strong")),
        (Span(" ms", "strong"),),
    ]


def test_a_wide_character_across_a_cut_becomes_blanks_and_a_mark_stays_with_its_letter() -> None:
    assert split((Span("東京"),), [1]) == [(Span(" "),), (Span(" 京"),)]
    assert split((Span("漢e\u0301x"),), [3]) == [(Span("漢e\u0301"),), (Span("x"),)]


@given(NARROW_ROW, CUTS)
def test_the_columns_side_by_side_are_the_line_again(row: Row, cuts: list[int]) -> None:
    parts = split(row, cuts)
    assert len(parts) == len(cuts) + 1
    assert "".join(row_text(part) for part in parts) == row_text(row)
    painted = [(character, span.role) for part in parts for span in part for character in span.text]
    assert painted == [(character, span.role) for span in row for character in span.text]


@settings(max_examples=200)
@given(ROW, CUTS)
def test_a_column_is_never_wider_than_its_room(row: Row, cuts: list[int]) -> None:
    parts = split(row, cuts)
    for part, start, end in zip(parts, (0, *cuts), cuts, strict=False):
        assert row_width(part) == max(0, min(end, row_width(row)) - min(start, row_width(row)))
    assert sum(row_width(part) for part in parts) == row_width(row)


# -- what changed


def test_only_the_cells_that_changed_are_told() -> None:
    old = (Span("● ", "ok"), Span("web-00            "), Span("85 ms    4 s"))
    new = (Span("▲ ", "warn"), Span("web-00            "), Span("85 ms    5 s"))
    assert changed_cells(old, new) == [(0, 1), (29, 30)]
    assert changed_cells(old, old) == []


def test_near_changes_are_written_as_one_and_blanks_have_no_colour() -> None:
    assert changed_cells((Span("a  b"),), (Span("x  y"),)) == [(0, 4)]
    assert changed_cells((Span("   ", "ok"),), ()) == []
    assert changed_cells((Span("abc"),), (Span("ab"),)) == [(2, 3)]
    assert changed_cells((Span("a", "ok"),), (Span("a", "warn"),)) == [(0, 1)]


@given(NARROW_ROW, NARROW_ROW, st.integers(1, 20))
def test_writing_the_changed_cells_gives_the_new_line(old: Row, new: Row, gap: int) -> None:
    def painted(row: Row) -> list[tuple[str, str]]:
        each = [(c, "" if c == " " else span.role) for span in row for c in span.text]
        return each + [(" ", "")] * (200 - len(each))

    before, after = painted(old), painted(new)
    runs = changed_cells(old, new, gap)
    for start, end in runs:
        before[start:end] = after[start:end]
    assert before == after
    assert all(one[1] < other[0] for one, other in pairwise(runs))
