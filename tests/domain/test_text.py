"""Text from outside, made harmless."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.domain.text import plain

HOSTILE = st.text(
    st.characters() | st.sampled_from("\x1b\x9b\x9d\x90[]PX^_;?0123456789mHJK\x07\\\n\r\t\u202e\u2066\u200b\ud800")
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("  many \t\n blanks ", "many blanks"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b2Jcleared", "cleared"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]52;c;aGk=\x1b\\after", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$r\x1b\\after", "after"),
        ("\x1b]never ended", ""),
        ("a\x1b", "a"),
        ("\x1b\x1b[2Jx", "x"),
        ("rm \u202etxt.exe", "rm txt.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("over\rwritten", "over written"),
        ("bell\x07 null\x00", "bell null"),
        ("\ud800", "\N{REPLACEMENT CHARACTER}"),
        ("Grüße, 世界, 👩‍💻", "Grüße, 世界, 👩‍💻"),
        ("[bold]markup stays text[/bold]", "[bold]markup stays text[/bold]"),
    ],
)
def test_what_a_terminal_would_act_on_is_gone(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_lines_are_kept_where_asked_for() -> None:
    assert plain("a\r\nb\n\tc\x1b[2J", lines=True) == "a\nb\n    c"


def test_long_text_ends_in_an_ellipsis() -> None:
    assert plain("x" * 50, 10) == "x" * 9 + "…"
    assert plain("x" * 10, 10) == "x" * 10
    assert plain("x" * 10_000_000, 5) == "xxxx…"
    assert plain("xx", 1) == "…"
    assert plain("xx", 0) == ""


@given(HOSTILE, st.booleans())
def test_nothing_that_acts_ever_comes_through(text: str, lines: bool) -> None:
    shown = plain(text, lines=lines)
    for character in shown:
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cs", "Cn", "Zl", "Zp")
        assert character == "\u200d" or unicodedata.category(character) != "Cf"
    if not lines:
        assert "\n" not in shown


@given(HOSTILE, st.integers(0, 60), st.booleans())
def test_the_limit_is_kept_and_a_second_time_changes_nothing(text: str, limit: int, lines: bool) -> None:
    shown = plain(text, limit, lines=lines)
    assert len(shown) <= limit
    assert plain(shown, limit, lines=lines) == shown
