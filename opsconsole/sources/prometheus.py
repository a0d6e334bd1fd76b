"""Any Prometheus endpoint: a machine's exporter, an application's own metrics, or both on one page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol

from opsconsole.config.model import Prometheus
from opsconsole.domain.reading import Measurement, Reading
from opsconsole.domain.text import plain
from opsconsole.domain.units import duration
from opsconsole.sources import http
from opsconsole.sources.base import SourceError
from opsconsole.sources.prometheus_fetch import Endpoint
from opsconsole.sources.prometheus_latency import QUANTILES, Latency
from opsconsole.sources.prometheus_mapped import Mapped, is_gauge
from opsconsole.sources.prometheus_names import Duration, Selector, parse_selector, scale_of
from opsconsole.sources.prometheus_node import Node
from opsconsole.sources.prometheus_page import Page, PageReader
from opsconsole.sources.prometheus_traffic import Requests, spellings
from opsconsole.sources.threads import in_thread

WARM_UP: Final = 1.0
"""Seconds between the two readings of a source that is read only once."""

LARGE: Final = 200_000
"""Characters from which a page is read in a thread, so that no key waits for it."""


class _Reader(Protocol):
    """Something that finds measurements on a page."""

    @property
    def names(self) -> set[str]: ...

    def measure(self, page: Page, clock: float, at: float) -> Iterator[Measurement]: ...


def _clock() -> float:
    """Seconds that only go forward, and go on while this machine sleeps, as the counters read do."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class PrometheusSource:
    """One endpoint.

    What comes from counters (CPU, throughput, errors, response times) needs two readings. A console simply has
    them from its second poll on; `oneshot` makes the first poll read twice, `WARM_UP` seconds apart.

    Args:
        config: `[[prometheus]]`.
        oneshot: whether it will be polled only once.
        clock: seconds of a clock that only goes forward.
    """

    def __init__(self, config: Prometheus, *, oneshot: bool = False, clock: Callable[[], float] = _clock) -> None:
        self.id = f"prometheus.{config.id}"
        self.table = "prometheus"
        self.title = config.id
        self.interval = config.interval
        self.timeout = config.timeout + 0.5  # our own sentence about the timeout comes before the poller's
        self.remote = True
        self.expects = tuple(
            (f"{self.id}.{kind}", kind, config.id) for kind in config.metrics if kind != "response_time"
        )
        self._config = config
        self._clock = clock
        self._warm_up = oneshot
        self._endpoint = Endpoint(config)
        self._selectors, self._misread = _selectors(config.metrics)
        self._gauges: frozenset[str] = frozenset()
        self._readers = self._make_readers()
        names = {name for reader in self._readers for name in reader.names}
        configured = {name for selector in self._selectors.values() for name in spellings(selector)}
        self._page_reader = PageReader(names | configured)
        self._read_before = False

    async def poll(self) -> Reading:
        """Read the page once, or twice where there will be no second poll.

        Raises:
            SourceError: it could not be fetched or understood.
        """
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._config.timeout):
                measurements = await self._read()
                if self._warm_up:
                    self._warm_up = False
                    await asyncio.sleep(min(WARM_UP, self._config.timeout / 4))
                    measurements = await self._read()
        except TimeoutError:
            where, limit = http.shown(self._config.url), duration(self._config.timeout)
            raise SourceError(f"HTTP: {where} did not send its page within {limit}") from None
        return Reading(self.id, time.time(), time.monotonic() - began, tuple(measurements))

    async def close(self) -> None:
        """Close the connection."""
        await self._endpoint.close()

    async def _read(self) -> list[Measurement]:
        text, openmetrics = await self._endpoint.fetch()
        clock, at = self._clock(), time.time()
        if len(text) > LARGE or not self._read_before:  # the first time, the parser has to be imported
            page = await in_thread(
                lambda: self._page_reader.read(text, openmetrics=openmetrics), name=f"parse {self._config.id}"
            )
        else:
            page = self._page_reader.read(text, openmetrics=openmetrics)
        self._read_before = True
        return self._measurements(page, clock, at)

    def _measurements(self, page: Page, clock: float, at: float) -> list[Measurement]:
        gauges = frozenset(kind for kind, selector in self._selectors.items() if is_gauge(page, selector))
        if gauges != self._gauges:
            self._gauges = gauges
            self._readers = self._make_readers()
        found: dict[str, Measurement] = {}
        for kind, problem in self._misread.items():
            found[f"{self.id}.{kind}"] = Measurement(
                f"{self.id}.{kind}", kind, None, at, self._config.id, problem=problem
            )
        for reader in self._readers:
            for measurement in reader.measure(page, clock, at):
                found.setdefault(measurement.id, measurement)
        if not found:
            some = plain(", ".join(sorted(page.types)[:3]), 120)
            told = f" (it has {some}, …)" if some else ""
            raise SourceError(
                f"the page of {http.shown(self._config.url)} has none of the usual metrics{told}; "
                f"name yours under metrics of prometheus.{self._config.id}"
            )
        return list(found.values())

    def _make_readers(self) -> list[_Reader]:
        """What is configured first: where a kind is found twice, the first counts."""
        label, excluded = self._config.id, self._config.exclude_paths
        chosen = dict(self._selectors)
        plain_ones = [kind for kind in chosen if kind not in _WORKED_OUT or kind in self._gauges]
        readers: list[_Reader] = [Mapped(self.id, label, kind, chosen.pop(kind)) for kind in plain_ones]
        requests = Requests(self.id, label, excluded, chosen.get("throughput"), chosen.get("error_rate"))
        readers.append(requests)
        by_histogram: dict[Selector | None, list[str]] = {}
        for kind in QUANTILES:
            by_histogram.setdefault(chosen.get(kind, chosen.get("response_time")), []).append(kind)
        for selector, kinds in by_histogram.items():
            histogram = Duration(selector, scale_of(selector.name)) if selector else None
            readers.append(Latency(self.id, label, excluded, kinds, histogram))
        readers.append(Node(self.id, label))
        return readers


_WORKED_OUT: Final = frozenset({"throughput", "error_rate", "response_time", *QUANTILES})
"""Kinds that are worked out of counters and histograms, unless a gauge is named for them."""


def _selectors(metrics: Mapping[str, str]) -> tuple[dict[str, Selector], dict[str, str]]:
    """The configured selectors by kind, and what is wrong with those that could not be read."""
    selectors: dict[str, Selector] = {}
    misread: dict[str, str] = {}
    for kind, text in metrics.items():
        try:
            selectors[kind] = parse_selector(text)
        except ValueError as error:
            misread[kind] = str(error)
    return selectors, misread
