"""Reading metric pages: held against what the client library itself reads in them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from opsconsole.domain.text import plain
from opsconsole.sources.base import SourceError
from opsconsole.sources.prometheus_names import parse_selector
from opsconsole.sources.prometheus_page import Page, PageReader

WEIRD = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('{}",\\=\n #le'), max_size=12)
NAMES = {"h_bucket", "h_count", "h_sum", "g"}


def flat(page: Page) -> dict[tuple[str, str, float | None], float]:
    return {
        (series.name, series.key, series.upper): value
        for found in page.samples.values()
        for series, value in found
    }


def by_library(text: str, parse: object) -> dict[tuple[str, str, float | None], float]:
    found = {}
    for family in parse(text):  # type: ignore[operator]
        for sample in family.samples:
            if sample.name in NAMES:
                labels = dict(sample.labels)
                upper = labels.pop("le", None)
                key = repr(sorted(labels.items()))
                found[sample.name, key, None if upper is None else float(upper)] = float(sample.value)
    return found


@given(st.lists(st.tuples(WEIRD, WEIRD, st.floats(0, 1e12)), max_size=5))
def test_a_page_is_read_as_the_library_reads_it_whatever_its_labels_hold(
    rows: list[tuple[str, str, float]],
) -> None:
    registry = CollectorRegistry()
    gauge = Gauge("g", "help # TYPE", ["path", "style"], registry=registry)
    histogram = Histogram("h", "x", ["profile"], registry=registry, buckets=(0.5, math.inf))
    for path, style, value in rows:
        gauge.labels(path, style).set(value)
        histogram.labels(path).observe(value)
    reader = PageReader(NAMES)
    text = generate_latest(registry).decode()
    for _ in range(2):  # the second time from what was kept
        assert flat(reader.read(text)) == by_library(text, parse_text)
    text = generate_openmetrics(registry).decode()
    assert flat(reader.read(text, openmetrics=True)) == by_library(text, parse_openmetrics)


def complaint(text: str) -> str:
    try:
        PageReader(NAMES).read(text)
    except SourceError as error:
        return str(error)
    return "body: "


@given(st.text(max_size=200) | st.text('gh_bucket{}le=",\\01 \n#', max_size=60))
def test_any_text_is_a_page_or_one_sentence_about_it(text: str) -> None:
    said = complaint(text)
    assert said.startswith("body: ")
    assert plain(said, 400) == said.rstrip()


def test_a_line_that_makes_a_careless_expression_run_for_years_is_refused_at_once() -> None:
    with pytest.raises(SourceError):
        PageReader(NAMES).read('g{a="' + '\\"' * 50_000)
    with pytest.raises(SourceError):
        PageReader(NAMES).read("g{" + 'a="b",' * 50_000)


@pytest.mark.parametrize(
    "line",
    [
        'g{a="x"} 5',
        '  g{a="x"}   5  ',
        'g { a = "x" , } 5',
        'g{a="x"}\t5\t1700000000000',
        'g{a="x"} 5 1700000000.5',
        'g{a="x"} 5 # {trace_id="}{"} 0.1 17',
        'g{a="x"} 5\r',
        'g{a="x"} 1\ng{a="x"} 5',
    ],
)
def test_every_allowed_way_of_writing_a_sample_is_understood(line: str) -> None:
    page = PageReader({"g"}).read(f"# a comment\n\n{line}\n")
    assert [(dict(series.labels), value) for series, value in page.of("g")] == [({"a": "x"}, 5)]


@pytest.mark.parametrize("written", ["NaN", "nan", "+Inf", "-Inf", "inf"])
def test_what_is_no_finite_number_is_no_value_but_no_error_either(written: str) -> None:
    page = PageReader({"g"}).read(f"# TYPE g gauge\ng {written}\n")
    assert page.of("g") == []
    assert page.declares("g")


def test_the_same_series_with_its_labels_in_another_order_is_one_series() -> None:
    page = PageReader({"g"}).read('g{a="1",b="2"} 5\ng{b="2",a="1"} 7\n')
    assert [value for _, value in page.of("g")] == [7]


def test_names_that_were_not_asked_for_and_quoted_names_are_left_out() -> None:
    page = PageReader({"g"}).read('other 5\n{"my.name",a="1"} 5\ng 1\n')
    assert set(page.samples) == {"g"}


def test_what_vanished_from_the_page_is_not_kept() -> None:
    reader = PageReader({"g"})
    for index in range(100):
        reader.read(f'g{{a="{index}"}} 1\n')
    assert len(reader._known) == 1


def test_escape_sequences_in_labels_do_not_reach_the_screen_but_keep_series_apart() -> None:
    page = PageReader({"g"}).read('g{a="\x1b[31mx"} 5\ng{a="x"} 7\n')
    assert [series.labels["a"] for series, _ in page.of("g")] == ["x", "x"]
    assert sorted(value for _, value in page.of("g")) == [5, 7]


def test_a_selector_reads_escapes_and_several_labels() -> None:
    selector = parse_selector(r' up { a = "x\"},y" , b!="\\" , } ')
    assert selector.name == "up"
    assert selector.labels == (("a", 'x"},y'),)
    assert selector.without == (("b", "\\"),)
