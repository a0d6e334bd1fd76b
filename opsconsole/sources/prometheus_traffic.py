"""An application's own metrics, first part: throughput and error rate out of its counters of requests.

Everything is made from what the counters grew by over a sliding window, series by series, and errors are divided
by requests at the end. Ratios are never averaged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from opsconsole.domain.counters import Counters, Window
from opsconsole.domain.reading import Measurement
from opsconsole.domain.units import duration
from opsconsole.sources.prometheus_names import (
    REQUEST_COUNTERS,
    Selector,
    is_server_error,
    is_user_traffic,
    status_of,
)
from opsconsole.sources.prometheus_page import Page, Series

WINDOW: Final = 300.0
"""Seconds over which errors and response times are added up."""

RECENT: Final = 60.0
"""Seconds over which throughput is told: an operator wants to see it move."""

NEEDS_SECOND: Final = "needs a second reading"


class Requests:
    """Throughput and error rate.

    Args:
        prefix: what the ids begin with, "prometheus.web-1".
        label: what the measurements are labelled with.
        excluded: paths that are no user traffic.
        throughput: the counter of requests that was configured, None for the usual ones.
        errors: the counter that was configured for errors: one of requests with a status label, or one that counts
            nothing but errors, which are then held against the requests.
    """

    def __init__(
        self,
        prefix: str,
        label: str,
        excluded: Sequence[str],
        throughput: Selector | None = None,
        errors: Selector | None = None,
    ) -> None:
        self._prefix = prefix
        self._label = label
        self._excluded = tuple(excluded)
        self._throughput = throughput
        self._errors = errors
        self._chosen: tuple[Selector | None, bool] = (None, False)
        self._counters = Counters[str](longest_gap=WINDOW)
        self._window = Window[str](WINDOW)

    @property
    def names(self) -> set[str]:
        """The sample names to ask for."""
        configured = [selector for selector in (self._throughput, self._errors) if selector]
        return {name for selector in configured for name in spellings(selector)} | {
            selector.name for selector in REQUEST_COUNTERS
        }

    def measure(self, page: Page, clock: float, at: float) -> Iterator[Measurement]:
        """Throughput, and the error rate where the page tells the status of the answers.

        Args:
            page: what was read.
            clock: when, seconds of a clock that only goes forward.
            at: when, seconds since the epoch.
        """
        for kind, selector in (("throughput", self._throughput), ("error_rate", self._errors)):
            if selector is not None and not declared(page, selector):
                yield self._unread(kind, f"the page has no series named {selector.name}", at)
                return
        alone = self._errors is not None and not _tells_status(page, self._errors)
        counter = self._throughput or (self._errors if not alone else None) or _usual(page)
        if counter is None:
            if alone:
                yield self._unread("error_rate", "no counter of requests to hold the errors against was found", at)
            return
        rated = alone or not matching(page, counter) or _tells_status(page, self._errors or counter)
        if (counter, alone) != self._chosen:
            self._chosen = counter, alone
            self._counters = Counters[str](longest_gap=WINDOW)
            self._window.clear()
        self._take(page, counter, alone, clock)
        yield from self._measurements(counter, rated, at)

    def _take(self, page: Page, counter: Selector, alone: bool, clock: float) -> None:
        reading = {}
        for series, count in matching(page, counter, self._excluded):
            failed = count if not alone and is_server_error(status_of(series)) else 0.0
            reading[f"{series.name}{series.key}"] = {"requests": count, "errors": failed}
        if alone and self._errors is not None:
            for series, count in matching(page, self._errors, self._excluded):
                reading[f"errors {series.name}{series.key}"] = {"requests": 0.0, "errors": count}
        growth = self._counters.step(reading, clock)
        if growth is None:
            self._window.clear()
            return
        grown = {part: sum(parts[part] for parts in growth.groups.values()) for part in ("requests", "errors")}
        self._window.add(growth.elapsed, grown)

    def _measurements(self, counter: Selector, rated: bool, at: float) -> Iterator[Measurement]:
        elapsed, recent = self._window.totals(RECENT)
        if not elapsed:
            yield self._unread("throughput", NEEDS_SECOND, at)
            if rated:
                yield self._unread("error_rate", NEEDS_SECOND, at)
            return
        facts: dict[str, float | str] = {"requests": recent["requests"], "window": elapsed, "from": counter.name}
        yield self._measured("throughput", recent["requests"] / elapsed, at, facts)
        if not rated:
            return
        elapsed, total = self._window.totals()
        requests, errors = total["requests"], total["errors"]
        if requests <= 0:
            yield self._unread("error_rate", f"no requests in the last {duration(elapsed)}", at)
            return
        facts = {"numerator": errors, "denominator": requests, "window": elapsed, "from": counter.name}
        yield self._measured("error_rate", min(errors / requests, 1.0), at, facts)

    def _measured(self, kind: str, value: float, at: float, facts: Mapping[str, float | str]) -> Measurement:
        return Measurement(f"{self._prefix}.{kind}", kind, value, at, self._label, facts=dict(facts))

    def _unread(self, kind: str, problem: str, at: float) -> Measurement:
        return Measurement(f"{self._prefix}.{kind}", kind, None, at, self._label, problem=problem)


def spellings(selector: Selector) -> tuple[str, ...]:
    """The sample names that a configured name may mean: OpenMetrics' families are named without suffixes."""
    return selector.name, f"{selector.name}_total", f"{selector.name}_count"


def declared(page: Page, selector: Selector) -> bool:
    """Whether the page speaks of a configured name at all."""
    return any(page.declares(name) for name in spellings(selector))


def matching(page: Page, selector: Selector, excluded: Sequence[str] = ()) -> list[tuple[Series, float]]:
    """The series of a selector with their values, without those of excluded paths."""
    found = next((page.of(name) for name in spellings(selector) if page.of(name)), [])
    return [
        (series, value)
        for series, value in found
        if selector.matches(series) and (not excluded or is_user_traffic(series, excluded))
    ]


def _tells_status(page: Page, selector: Selector) -> bool:
    return any(status_of(series) is not None for series, _ in matching(page, selector))


def _usual(page: Page) -> Selector | None:
    """The likeliest counter on a page that tells the status, or has counted nothing yet; else the likeliest."""
    there = [selector for selector in REQUEST_COUNTERS if page.declares(selector.name)]
    telling = (selector for selector in there if not matching(page, selector) or _tells_status(page, selector))
    return next(telling, there[0] if there else None)
