"""The chart of one series: its past over a chosen time, its limit, and its rule in words."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from textual.widget import Widget

from opsconsole.context import Context
from opsconsole.domain.metrics import CATALOGUE
from opsconsole.domain.reading import Status
from opsconsole.domain.series import Bucket, downsample, percentile
from opsconsole.domain.units import age, duration, quantity
from opsconsole.monitor.board import Freshness
from screens.base import ConsoleScreen
from screens.metrics_rows import explanation, title_of
from widgets.chart import chart, columns
from widgets.lines import Lines
from widgets.row import Row, Span, cut, shown

logger = logging.getLogger(__name__)

_HOUR: Final = 3_600.0
RANGES: Final = (0.25 * _HOUR, _HOUR, 3 * _HOUR, 6 * _HOUR, 24 * _HOUR, 168 * _HOUR, 720 * _HOUR, 2_160 * _HOUR)
"""The times that can be shown, from 15 minutes to 90 days."""
FROM_MEMORY: Final = 900.0
"""Seconds up to which the board's own memory is finer than what is stored."""


class ChartScreen(ConsoleScreen):
    """One series over time."""

    NAME = "chart"

    def __init__(self, context: Context, series: str) -> None:
        super().__init__(context)
        self._series = series
        self._range = 1
        self._buckets: Sequence[Bucket] = ()
        self._asked = ""

    def body(self) -> Iterable[Widget]:
        """The chart."""
        yield Lines(id="chart", classes="fill", ascii_only=self.context.ascii_only)

    def on_mount(self) -> None:
        """Fetch the past, then draw."""
        super().on_mount()
        self.call_after_refresh(self._fetch)

    def paint_body(self) -> None:
        """Draw the chart, with the newest that memory has."""
        widget = self.query_one("#chart", Lines)
        width, height = widget.size.width, widget.size.height
        if width < 20 or height < 6:
            widget.show([(Span("not enough room for a chart", "muted"),)])
            return
        self._fetch()
        observation = self.context.board.observe(self._series)
        metric = CATALOGUE[observation.kind]
        threshold = self.context.board.thresholds.get(observation.kind)
        limit = None
        if threshold is not None:
            limit = threshold.warning if threshold.warning is not None else threshold.critical
        buckets = self._present(columns(width, self.glyphs))
        facts = self._facts(width)
        drawn = chart(
            buckets,
            width=width,
            height=height - 4 - len(facts),
            written=lambda value: quantity(value, metric.unit),
            time_label=self._time_label,
            limit=limit,
            glyphs=self.glyphs,
        )
        widget.show([*self._headline(width), *drawn, self._figures(buckets), self._rule(width), *facts])

    def _window(self) -> tuple[float, float]:
        now = self.context.clocks.wall()
        span = RANGES[self._range]
        step = span / 120
        end = math.ceil(now / step) * step
        return end - span, end

    def _present(self, count: int) -> Sequence[Bucket]:
        """Stored spans where there are any, else what memory holds; memory fills in what is not stored yet."""
        start, end = self._window()
        live = downsample(self.context.board.series(self._series), start, end, count)
        if len(self._buckets) != count:
            return live
        return [
            fresh if fresh.count >= stored.count else stored
            for stored, fresh in zip(self._buckets, live, strict=True)
        ]

    def _fetch(self) -> None:
        """Ask for the stored past, once for each window and size."""
        if self.context.history is None or not self.size.width:
            return
        start, end = self._window()
        count = columns(self.query_one("#chart", Lines).size.width, self.glyphs)
        asked = f"{start}-{end}-{count}"
        if asked == self._asked:
            return
        self._asked = asked
        load: Callable[[], Awaitable[None]] = partial(self._load, asked, start, end, count)
        self.run_worker(load, group="chart", exclusive=True, exit_on_error=False)

    async def _load(self, asked: str, start: float, end: float, count: int) -> None:
        history = self.context.history
        if history is None:
            return
        try:
            found = await history.buckets(self._series, start, end, count)
        except Exception as error:
            logger.exception("the stored past could not be read")
            self.flash(f"the stored past could not be read: {error}", "critical")
            return
        if asked == self._asked:
            self._buckets = found
            self.paint()

    def _headline(self, width: int) -> list[Row]:
        observation = self.context.board.observe(self._series)
        measurement = observation.measurement
        unit = CATALOGUE[observation.kind].unit
        value = quantity(measurement.value, unit) if measurement else self.glyphs.unknown
        if observation.freshness is not Freshness.FRESH:
            value = self.glyphs.unknown
        aged = "" if observation.age is None else f"   {age(observation.age)} old"
        title = f"{observation.source} {self.glyphs.separator} {title_of(observation)}"
        return [
            (
                Span(cut(title, max(10, width - 40)), "title"),
                Span(f"   {value}", "strong"),
                Span(aged, "muted"),
                Span(f"   last {duration(RANGES[self._range])}", "text"),
            )
        ]

    def _figures(self, buckets: Sequence[Bucket]) -> Row:
        known = [bucket for bucket in buckets if bucket.count]
        unit = CATALOGUE[self.context.board.observe(self._series).kind].unit
        if not known:
            return (Span("no readings in this time", "muted"),)
        count = sum(bucket.count for bucket in known)
        mean = math.fsum(bucket.total for bucket in known) / count
        start, end = self._window()
        samples = [sample.value for sample in self.context.board.series(self._series) if start <= sample.at < end]
        exact = len(samples) >= count
        high = percentile(samples if exact else [bucket.mean for bucket in known], 0.95)
        figures = (
            ("min", min(bucket.low for bucket in known)),
            ("avg", mean),
            ("p95" if exact else "p95 of means", high),
            ("max", max(bucket.high for bucket in known)),
        )
        spans: list[Span] = []
        for name, figure in figures:
            spans += [Span(f"{name} ", "muted"), Span(f"{quantity(figure, unit)}   ", "strong")]
        return (*spans, Span(f"{count} readings", "muted"))

    def _rule(self, width: int) -> Row:
        kind = self.context.board.observe(self._series).kind
        threshold = self.context.board.thresholds.get(kind)
        if threshold is None:
            return (Span("no limit: this is recorded, and judged by nobody", "muted"),)
        words = [f"{status.value} when {threshold.words(status)}" for status in (Status.WARNING, Status.CRITICAL)]
        if threshold.critical is None:
            words = words[:1]
        elif threshold.warning is None:
            words = words[1:]
        return (Span(cut(f"rule: {', '.join(words)}", width, self.glyphs.ellipsis), "text"),)

    def _facts(self, width: int) -> list[Row]:
        """What else the source found, where it is short: layer, status, phases."""
        measurement = self.context.board.observe(self._series).measurement
        if measurement is None:
            return []
        told: list[str] = []
        for name, fact in measurement.facts.items():
            if isinstance(fact, dict):
                inner = ", ".join(f"{key} {duration(v)}" for key, v in fact.items() if isinstance(v, int | float))
                told.append(f"{name}: {inner}")
            elif isinstance(fact, str | int | float | bool) and fact != "":
                told.append(f"{name}: {shown(str(fact), 60)}")
        return [(Span(cut(f" {self.glyphs.separator} ".join(told), width, self.glyphs.ellipsis), "muted"),)]

    def _time_label(self, at: float) -> str:
        moment = datetime.fromtimestamp(at, UTC)
        return moment.strftime("%H:%M UTC" if RANGES[self._range] <= 24 * _HOUR else "%Y-%m-%d")

    def detail(self, width: int) -> Row:
        """The verdict in words."""
        return explanation(self.context.board.observe(self._series), width, self.glyphs)

    def selection(self) -> str:
        """The series that is shown."""
        return self._series

    def do_range_shorter(self) -> None:
        """Show a shorter time."""
        self._change(-1)

    def do_range_longer(self) -> None:
        """Show a longer time."""
        self._change(1)

    def _change(self, step: int) -> None:
        before = self._range
        self._range = max(0, min(before + step, len(RANGES) - 1))
        if self._range == before:
            return
        self._buckets = ()
        self._asked = ""
        self.paint()

    def do_open(self) -> None:
        """Enter goes back as well."""
        self.app.pop_screen()
