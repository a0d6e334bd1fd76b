"""Durations, sizes and ratios in words."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opsconsole.config.values import (
    ValueInWordsError,
    duration_in_words,
    parse_duration,
    parse_ratio,
    parse_size,
    ratio_in_words,
    size_in_words,
)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("2h", 7_200),
        ("7d", 604_800),
        ("1w", 604_800),
        ("500ms", 0.5),
        ("300ms", 0.3),
        ("1h30m", 5_400),
        ("1h 30m", 5_400),
        (" 5 m ", 300),
        ("1.5s", 1.5),
        ("1m500ms", 60.5),
        ("0s", 0),
        (30, 30),
        (0.25, 0.25),
    ],
)
def test_a_duration_is_read_in_seconds(said: object, seconds: float) -> None:
    assert parse_duration(said) == seconds


@pytest.mark.parametrize(
    "said",
    ["", "30", "s", "30x", "5 minutes", "-3s", "1m1h", "1s1s", "1h x", "٣s", "1e3s", "9" * 400 + "s", "1..5s",
     True, None, [], {}, math.nan, math.inf, -1, -0.5, 10**400],
)  # fmt: skip
def test_what_is_no_duration_is_refused_with_an_example(said: object) -> None:
    with pytest.raises(ValueInWordsError) as caught:
        parse_duration(said)
    assert '"30s"' in caught.value.advice


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("512MiB", 536_870_912),
        ("10MB", 10_000_000),
        ("1GiB", 2**30),
        ("1.5 KiB", 1_536),
        ("7B", 7),
        ("0B", 0),
        (42, 42),
    ],
)
def test_a_size_is_read_in_bytes(said: object, count: int) -> None:
    assert parse_size(said) == count


@pytest.mark.parametrize(
    "said", ["", "512", "512M", "512mib", "MiB", "-1MiB", 1.5, -1, True, None, "9" * 5_000 + "B"]
)
def test_what_is_no_size_is_refused_with_advice(said: object) -> None:
    with pytest.raises(ValueInWordsError) as caught:
        parse_size(said)
    assert "MiB" in caught.value.advice


@pytest.mark.parametrize(
    ("said", "share"), [("5%", 0.05), ("0.5 %", 0.005), ("100%", 1), (0.05, 0.05), (1, 1), (0, 0)]
)
def test_a_ratio_is_read_as_a_share_of_one(said: object, share: float) -> None:
    assert parse_ratio(said) == share


@pytest.mark.parametrize("said", ["", "5", "101%", "-5%", "%", 1.01, 85, -0.1, True, None, math.nan])
def test_what_is_no_ratio_is_refused(said: object) -> None:
    with pytest.raises(ValueInWordsError):
        parse_ratio(said)


def test_a_ratio_in_per_cent_without_the_sign_is_told_what_to_write() -> None:
    with pytest.raises(ValueInWordsError, match='85 is more than 1, which is 100 %; write "85%"'):
        parse_ratio(85)


@given(st.floats(0, 1e12))
@example(0.0)
@example(5e-324)
@example(0.1 + 0.2)
@example(90_061.0)
@example(86_399.999)
def test_a_duration_in_words_reads_back_the_same(seconds: float) -> None:
    if 0 < seconds < 1e-15:  # no more digits than a person would write
        return
    words = duration_in_words(seconds)
    assert abs(parse_duration(words) - seconds) <= 1e-15 * max(1.0, seconds)


@given(st.integers(0, 10**12))
def test_whole_milliseconds_read_back_exactly(milliseconds: int) -> None:
    seconds = milliseconds / 1_000
    assert parse_duration(duration_in_words(seconds)) == seconds


@given(st.integers(0, 2**60))
def test_a_size_in_words_reads_back_the_same(count: int) -> None:
    words = size_in_words(count)
    assert len(words) > 16 or parse_size(words) == count


@given(st.integers(0, 10_000))
def test_a_ratio_in_words_reads_back_the_same(per_ten_thousand: int) -> None:
    share = per_ten_thousand / 10_000
    words = ratio_in_words(share)
    assert parse_ratio(words if words.endswith("%") else float(words)) == share


@pytest.mark.parametrize(
    ("write", "value", "words"),
    [
        (duration_in_words, 5_400.0, "1h30m"),
        (duration_in_words, 0.5, "500ms"),
        (duration_in_words, 0.0, "0s"),
        (duration_in_words, 1.25, "1.25s"),
        (size_in_words, 512 * 2**20, "512MiB"),
        (size_in_words, 1_000, "1000B"),
        (ratio_in_words, 0.05, "5%"),
        (ratio_in_words, 0.125, "12.5%"),
    ],
)
def test_words_are_those_a_person_would_write(write: Callable[[float], str], value: float, words: str) -> None:
    assert write(value) == words


@given(st.text(max_size=20))
@example("1" * 60 + "s")
def test_no_text_makes_reading_fail_otherwise(text: str) -> None:
    for parse in (parse_duration, parse_size, parse_ratio):
        with contextlib.suppress(ValueInWordsError):
            assert parse(text) >= 0
