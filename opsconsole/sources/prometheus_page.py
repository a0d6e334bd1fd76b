"""A page in the Prometheus text or OpenMetrics format, cut down to the series that are asked for.

The client library's parser reads 30 µs a line, most of it for labels, and labels hardly ever change from one poll
to the next. So the page is cut into name, labels and value here (one regular expression a line, which is also the
check that the page is sound), the library's parser reads each text of labels once, and what it read is kept for
the next poll. Labels mean the same in both formats (https://prometheus.io/docs/instrumenting/exposition_formats/,
https://prometheus.io/docs/specs/om/open_metrics_spec/).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from opsconsole.domain.text import plain
from opsconsole.sources.base import SourceError

_LINE: Final = re.compile(
    r"""
    [ \t]*+ ([a-zA-Z_:][a-zA-Z0-9_:]*+)?+                           # the name; in braces where it is not of ASCII
    [ \t]*+ (\{ (?: [^"}]++ | "(?: [^"\\]++ | \\. )*+" )*+ \})?+    # the labels
    [ \t]*+ ([+-]?[0-9.][0-9.eE+-]*+ | [+-]?[Ii]nf | [Nn]a[Nn])      # the value
    (?: [ \t]++ -?[0-9.eE+-]++ )?+                                  # a timestamp
    [ \t]*+ (?: \#.* )?+ \r?+ \Z                                    # an exemplar
    """,
    re.VERBOSE | re.DOTALL,
)
_BOUND: Final = re.compile(r"""([{,])[ \t]*le="([+.\w-]+)"[ \t]*,?(?=[^"]|\Z)""")
"""The bound of a bucket among its labels. Inside another label's value a quote is escaped, so it is never found
there: after the quote that ends a value comes a comma or a brace, which is no part of a number."""
_TYPE: Final = re.compile(r"\#[ \t]+TYPE[ \t]+(\S+)[ \t]+(\w+)")

Identity = tuple[str, str]
"""A series as the page writes it: its name, and its labels with their braces."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series as the library read it.

    Attributes:
        name: the name of the sample, with its suffix: "http_requests_total".
        labels: label → value, without `le`.
        upper: the bucket's upper bound, from the label `le`; None where it is no bucket.
        key: tells it from every other series of its name, buckets of one histogram excepted.
    """

    name: str
    labels: Mapping[str, str]
    upper: float | None
    key: str


@dataclass(frozen=True, slots=True)
class Page:
    """What was asked for of one page.

    Attributes:
        samples: sample name → its series with their values; what is not a finite number is left out.
        types: family → "counter", "gauge", "histogram", …, of all families that the page declares.
    """

    samples: Mapping[str, list[tuple[Series, float]]]
    types: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> list[tuple[Series, float]]:
        """The series of one name, none where the page has none."""
        return self.samples.get(name, [])

    def value(self, name: str) -> float | None:
        """The value of a name that has one series; None where it has none or several."""
        found = self.of(name)
        return found[0][1] if len(found) == 1 else None

    def declares(self, name: str) -> bool:
        """Whether the page speaks of a sample name: it has series of it, or declares its family."""
        return name in self.samples or name in self.types or name.removesuffix("_total") in self.types


class PageReader:
    """Reads page after page of one endpoint.

    Args:
        names: the sample names that are asked for.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._known: dict[Identity, Series] = {}

    def read(self, text: str, *, openmetrics: bool = False) -> Page:
        """Read one page.

        Args:
            text: the page.
            openmetrics: whether it is OpenMetrics, whose last line says that nothing was cut off.

        Raises:
            SourceError: it is no such page; the first bad line is named.
        """
        types: dict[str, str] = {}
        values: dict[Identity, str] = {}
        numbers: dict[Identity, int] = {}
        ended = False
        sound = 0
        for number, line in enumerate(text.split("\n"), 1):
            if line[:1] == "#":
                if line.startswith("# EOF"):
                    ended = True
                elif declared := _TYPE.match(line):
                    types[declared[1]] = declared[2]
                continue
            parts = _LINE.match(line)
            if parts is None or (parts[1] is None and parts[2] is None):
                if line.strip():
                    raise _bad_line(number, line)
                continue
            sound += 1
            if parts[1] in self._names:
                identity = (parts[1], parts[2] or "{}")
                values[identity] = parts[3]
                numbers[identity] = number
        if openmetrics and not ended:
            raise SourceError("body: the page was cut off: its last line, # EOF, is missing")
        if not sound and not types:
            raise SourceError("body: the page is empty; is this the address of a /metrics page?")
        # Kept only when it is whole: a poll that was given up may still be reading in its thread.
        self._known = known = self._learn(numbers)
        return Page(_samples(known, values, numbers), types)

    def _learn(self, numbers: Mapping[Identity, int]) -> dict[Identity, Series]:
        """Have the library read the labels that were not on the last page, and forget those that are gone."""
        before = self._known
        known = {identity: before[identity] for identity in numbers if identity in before}
        new = [identity for identity in numbers if identity not in before]
        # What the buckets of one histogram have in common is read once: a tenth of the lines.
        common = {identity: _BOUND.sub(r"\1", identity[1]) for identity in new}
        labels = _read_labels({common[identity]: numbers[identity] for identity in new})
        for identity in new:
            bound = _BOUND.search(identity[1])
            shown, key = labels[common[identity]]
            try:
                upper = float(bound[2]) if bound else None
            except ValueError:
                raise _bad_line(numbers[identity], "".join(identity)) from None
            known[identity] = Series(identity[0], shown, upper, key)
        return known


def _samples(
    known: Mapping[Identity, Series], values: Mapping[Identity, str], numbers: Mapping[Identity, int]
) -> dict[str, list[tuple[Series, float]]]:
    by_name: dict[str, dict[tuple[str, float | None], tuple[Series, float]]] = {}
    for identity, written in values.items():
        try:
            value = float(written)
        except ValueError:
            raise _bad_line(numbers[identity], f"{''.join(identity)} {written}") from None
        series = known[identity]
        if math.isfinite(value):
            # A series given twice, perhaps with its labels in another order, is one series: the last counts.
            by_name.setdefault(series.name, {})[series.key, series.upper] = (series, value)
    return {name: list(found.values()) for name, found in by_name.items()}


def _read_labels(texts: Mapping[str, int]) -> dict[str, tuple[dict[str, str], str]]:
    """Each text of labels with what the library reads in it, and a key that does not depend on their order.

    Args:
        texts: the text between and with the braces → the line it stands on.

    Raises:
        SourceError: one of them is not sound.
    """
    if not texts:
        return {}
    from prometheus_client.parser import text_string_to_metric_families

    def read(some: Iterable[str]) -> list[dict[str, str]]:
        # Without a TYPE line the library gives each line as a family of its own, in order.
        page = "\n".join(f"x{text} 0" for text in some)
        return [sample.labels for family in text_string_to_metric_families(page) for sample in family.samples]

    try:
        found = read(texts)
    except ValueError:
        for text, number in texts.items():
            try:
                read([text])
            except ValueError:
                raise _bad_line(number, text) from None
        raise SourceError("body: the page is not in the Prometheus text format") from None
    return {
        text: ({name: plain(value, 200) for name, value in labels.items()}, repr(sorted(labels.items())))
        for text, labels in zip(texts, found, strict=True)
    }


def _bad_line(number: int, line: str) -> SourceError:
    return SourceError(f'body: line {number} is not in the Prometheus text format: "{plain(line, 80)}"')
