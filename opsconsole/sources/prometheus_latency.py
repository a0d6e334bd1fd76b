"""An application's own metrics, second part: response times out of its histograms.

The buckets of all series are added up, bound by bound, over what they grew by in the last five minutes, and the
percentiles read from the sums. Percentiles are never averaged.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from opsconsole.domain.counters import Counters, Window
from opsconsole.domain.histogram import quantile
from opsconsole.domain.reading import Json, Measurement
from opsconsole.domain.units import duration
from opsconsole.sources.prometheus_names import DURATIONS, Duration, Selector, is_user_traffic
from opsconsole.sources.prometheus_page import Page, Series
from opsconsole.sources.prometheus_traffic import NEEDS_SECOND, WINDOW

QUANTILES: Final[Mapping[str, float]] = {
    "response_time_p50": 0.50,
    "response_time_p95": 0.95,
    "response_time_p99": 0.99,
}
"""Kind → the share of requests that are at least as fast."""


class Latency:
    """Response time percentiles out of one histogram.

    Args:
        prefix: what the ids begin with, "prometheus.web-1".
        label: what the measurements are labelled with.
        excluded: paths that are no user traffic.
        kinds: which of `QUANTILES`.
        configured: the histogram that was configured, None for the usual ones.
    """

    def __init__(
        self,
        prefix: str,
        label: str,
        excluded: Sequence[str],
        kinds: Sequence[str] = tuple(QUANTILES),
        configured: Duration | None = None,
    ) -> None:
        self._prefix = prefix
        self._label = label
        self._excluded = tuple(excluded)
        self._kinds = tuple(kinds)
        self._configured = configured
        self._candidates = (configured,) if configured else DURATIONS
        self._chosen: Duration | None = None
        self._counters = Counters[float](longest_gap=WINDOW)
        self._window = Window[float](WINDOW)

    @property
    def names(self) -> set[str]:
        """The sample names to ask for."""
        return {
            f"{candidate.selector.name}{suffix}" for candidate in self._candidates for suffix in ("", "_bucket")
        }

    def measure(self, page: Page, clock: float, at: float) -> Iterator[Measurement]:
        """The percentiles, where the page has buckets or one series of quantiles. Arguments as for `Requests`."""
        for candidate in self._candidates:
            if _has_buckets(page, candidate.selector):
                yield from self._from_buckets(page, candidate, clock, at)
                return
            summaries = self._summaries(page, candidate.selector)
            if len(summaries) == 1:
                yield from self._from_summary(summaries[0], candidate, at)
                return
            if summaries and self._configured:
                problem = f"{candidate.selector.name} is a summary of {len(summaries)} series, whose percentiles "
                yield from self._unread(f"{problem}cannot be added up; select one, or make it a histogram", at)
                return
        if self._configured:
            yield from self._unread(f"the page has no histogram named {self._configured.selector.name}", at)

    def _from_buckets(self, page: Page, chosen: Duration, clock: float, at: float) -> Iterator[Measurement]:
        if chosen != self._chosen:
            self._chosen = chosen
            self._counters = Counters[float](longest_gap=WINDOW)
            self._window.clear()
        growth = self._counters.step(self._buckets(page, chosen.selector), clock)
        if growth is None:
            self._window.clear()
            yield from self._unread(NEEDS_SECOND, at)
            return
        grown: dict[float, float] = {}
        for parts in growth.groups.values():
            for bound, count in parts.items():
                grown[bound] = grown.get(bound, 0.0) + count
        self._window.add(growth.elapsed, grown)
        elapsed, buckets = self._window.totals()
        if not any(count > 0 for count in buckets.values()):
            yield from self._unread(f"no requests in the last {duration(elapsed)}", at)
            return
        for kind in self._kinds:
            found = quantile(buckets, QUANTILES[kind])
            if found is None:
                yield from self._unread(f"{chosen.selector.name} has no bucket +Inf, so it cannot be read", at)
                return
            facts: dict[str, Json] = {
                "samples": buckets[math.inf],
                "window": elapsed,
                "beyond_last_bucket": found.beyond,
                "from": chosen.selector.name,
            }
            yield self._measured(kind, found.value * chosen.scale, at, facts)

    def _buckets(self, page: Page, selector: Selector) -> dict[str, dict[float, float]]:
        """Series → bound → count. Whether a series counts is told by its labels, once for all its buckets."""
        counted: dict[str, bool] = {}
        groups: dict[str, dict[float, float]] = {}
        for series, count in page.of(f"{selector.name}_bucket"):
            if series.upper is None or math.isnan(series.upper):
                continue
            if series.key not in counted:
                counted[series.key] = selector.matches(series) and is_user_traffic(series, self._excluded)
            if counted[series.key]:
                groups.setdefault(series.key, {})[series.upper] = count
        return groups

    def _summaries(self, page: Page, selector: Selector) -> list[dict[float, float]]:
        """The quantiles of each series of a summary."""
        found: dict[tuple[tuple[str, str], ...], dict[float, float]] = {}
        for series, value in page.of(selector.name):
            share = _share(series)
            if share is not None and selector.matches(series) and is_user_traffic(series, self._excluded):
                rest = tuple(sorted(label for label in series.labels.items() if label[0] != "quantile"))
                found.setdefault(rest, {})[share] = value
        return list(found.values())

    def _from_summary(
        self, quantiles: Mapping[float, float], chosen: Duration, at: float
    ) -> Iterator[Measurement]:
        """What the application worked out by itself, over a time of its own choice."""
        facts: dict[str, Json] = {"from": chosen.selector.name, "summary": True}
        for kind in self._kinds:
            share = QUANTILES[kind]
            if share in quantiles:
                yield self._measured(kind, quantiles[share] * chosen.scale, at, facts)

    def _measured(self, kind: str, value: float, at: float, facts: Mapping[str, Json]) -> Measurement:
        return Measurement(f"{self._prefix}.{kind}", kind, value, at, self._label, facts=facts)

    def _unread(self, problem: str, at: float) -> Iterator[Measurement]:
        for kind in self._kinds:
            yield Measurement(f"{self._prefix}.{kind}", kind, None, at, self._label, problem=problem)


def _has_buckets(page: Page, selector: Selector) -> bool:
    return bool(page.of(f"{selector.name}_bucket")) or page.types.get(selector.name) == "histogram"


def _share(series: Series) -> float | None:
    try:
        return float(series.labels["quantile"])
    except (KeyError, ValueError):
        return None
