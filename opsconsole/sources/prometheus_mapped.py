"""Metrics that the configuration names: any kind out of any gauge or counter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from opsconsole.domain.counters import Counters
from opsconsole.domain.reading import Json, Measurement
from opsconsole.sources.prometheus_names import Selector, scale_of
from opsconsole.sources.prometheus_page import Page
from opsconsole.sources.prometheus_traffic import NEEDS_SECOND, WINDOW, declared, matching, spellings

_COUNTED: Final = ("_total", "_count", "_sum")


class Mapped:
    """One kind out of the series that was named for it.

    A gauge is taken as it is, and must be one series. A counter is turned into growth a second, summed over its
    series. A unit in the name (`_milliseconds`, `_percent`) is heeded.

    Args:
        prefix: what the ids begin with, "prometheus.web-1".
        label: what the measurement is labelled with.
        kind: the kind of metric, a key of `CATALOGUE`.
        selector: the series.
    """

    def __init__(self, prefix: str, label: str, kind: str, selector: Selector) -> None:
        self._id = f"{prefix}.{kind}"
        self._label = label
        self._kind = kind
        self._selector = selector
        self._counters = Counters[str](longest_gap=WINDOW)

    @property
    def names(self) -> set[str]:
        """The sample names to ask for."""
        return set(spellings(self._selector))

    def measure(self, page: Page, clock: float, at: float) -> Iterator[Measurement]:
        """The one measurement, or why there is none. Arguments as for `Requests`."""
        name = self._selector.name
        found = matching(page, self._selector)
        scale = scale_of(name)
        facts: dict[str, Json] = {"from": name}
        if is_counter(page, self._selector):
            growth = self._counters.step({series.key: {"": value} for series, value in found}, clock)
            if growth is None:
                yield self._unread(NEEDS_SECOND, at)
                return
            grown = sum(parts[""] for parts in growth.groups.values())
            facts |= {"window": growth.elapsed}
            yield Measurement(self._id, self._kind, grown / growth.elapsed * scale, at, self._label, facts=facts)
        elif len(found) == 1:
            yield Measurement(self._id, self._kind, found[0][1] * scale, at, self._label, facts=facts)
        elif found:
            problem = f'{name} has {len(found)} series; select one with {name}{{label="value"}}'
            yield self._unread(problem, at)
        elif page.types.get(name) in ("histogram", "summary"):
            yield self._unread(f"{name} is a {page.types[name]}; only response times are read of those", at)
        elif declared(page, self._selector):
            yield self._unread(f"no series of {name} has a value and the labels asked for", at)
        else:
            yield self._unread(f"the page has no series named {name}", at)

    def _unread(self, problem: str, at: float) -> Measurement:
        return Measurement(self._id, self._kind, None, at, self._label, problem=problem)


def is_counter(page: Page, selector: Selector) -> bool:
    """Whether a series only rises: the page says so, or, where it says nothing, its name does."""
    name = selector.name
    kinds = [page.types[family] for family in (name, name.removesuffix("_total")) if family in page.types]
    if "gauge" in kinds:
        return False
    return "counter" in kinds or (declared(page, selector) and (name.endswith(_COUNTED) or _suffixed(page, name)))


def is_gauge(page: Page, selector: Selector) -> bool:
    """Whether a selected series is a plain value: not a counter, not a histogram's or summary's."""
    if is_counter(page, selector) or page.types.get(selector.name) in ("histogram", "summary"):
        return False
    found = page.of(selector.name)
    return bool(found) and all("quantile" not in series.labels and series.upper is None for series, _ in found)


def _suffixed(page: Page, name: str) -> bool:
    return not page.of(name) and bool(page.of(f"{name}_total"))
