"""Metrics: every value with its limit, its recent past and its age; what is wrong, pinned below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from textual.widget import Widget

from opsconsole.context import Context
from opsconsole.domain.metrics import CATALOGUE, Direction
from opsconsole.domain.series import RollingBuckets
from opsconsole.monitor.board import Observation
from screens.base import ConsoleScreen
from screens.metrics_rows import SPARK_SECONDS, Columns, Drawn, Line, attention, explanation, lines
from widgets.columns import ColumnLines
from widgets.lines import Lines
from widgets.row import Row, Span

FRAME_ROWS: Final = 4
"""Lines of header, explanation and footer."""
ATTENTION_SHARE: Final = 4
"""The part of the body that what is wrong may take: one fourth."""


class MetricsScreen(ConsoleScreen):
    """The first screen: what is true now."""

    NAME = "metrics"
    ALSO = ("open",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._lines: list[Line] = []
        self._buckets: dict[str, RollingBuckets] = {}
        self._drawn = Drawn(self._past, context.board.thresholds, self.glyphs)
        self._pinned: Lines | None = None
        self._detailed = False
        self._wanted = ""

    def body(self) -> Iterable[Widget]:
        """The list of values; below it, once something is wrong, what that is."""
        yield ColumnLines(3, id="series", classes="fill", ascii_only=self.context.ascii_only)

    @property
    def series(self) -> ColumnLines:
        """The list of values."""
        return self.query_one("#series", ColumnLines)

    def paint_body(self) -> None:
        """Draw every line that changed."""
        observations = self.context.board.observations()
        pinned = self._pinned.size.height if self._pinned is not None else 0
        room = self.series.size.height + pinned or self.app.size.height - FRAME_ROWS
        wrong = attention(observations, self.width, max(room // ATTENTION_SHARE, 3), self.glyphs)
        self._pin([line.row for line in wrong])
        found = lines(
            observations,
            drawn=self._drawn,
            spans=int(self.context.clocks.wall() * max(Columns.fit(self.width).spark, 1) // SPARK_SECONDS),
            width=self.width,
            height=room - len(wrong),
            glyphs=self.glyphs,
            detailed=self._detailed,
            wanted=self._wanted,
        )
        if not found:
            found = [Line("", (Span("  nothing matches the filter; Esc ends it", "muted"),))]
        cursor = self._cursor_for(found)
        self._lines = found
        self.series.show([line.row for line in found], Columns.fit(self.width).cuts, cursor=cursor)

    def _pin(self, rows: Sequence[Row]) -> None:
        """Show what is wrong in as many lines as it takes, which are taken from the list."""
        if self._pinned is None:
            if not rows:
                return
            self._pinned = Lines(id="attention", ascii_only=self.context.ascii_only)
            self.mount(self._pinned, before="#footer")
        height = self._pinned.styles.height
        if height is None or height.value != len(rows):
            self._pinned.styles.height = len(rows)
        self._pinned.show(rows)

    def _cursor_for(self, found: Sequence[Line]) -> int:
        """Where the cursor belongs: it stays on its series when lines come and go, and never on a heading."""
        chosen = self.selection()
        for place, line in enumerate(found):
            if chosen and line.series == chosen:
                return place
        cursor = min(self.series.cursor, len(found) - 1)
        return next((place for place in range(cursor, len(found)) if found[place].series), cursor)

    def _past(self, observation: Observation, count: int) -> Sequence[float]:
        buckets = self._buckets.get(observation.id)
        if buckets is None or buckets.count != count:
            buckets = self._buckets[observation.id] = RollingBuckets(SPARK_SECONDS / count, count)
        for sample in self.context.board.series(observation.id).since(buckets.newest):
            if sample.at > buckets.newest:
                buckets.add(sample)
        high = CATALOGUE[observation.kind].bad is not Direction.LOW
        return buckets.worst(self.context.clocks.wall(), high_is_bad=high)

    def detail(self, width: int) -> Row:
        """The sentence about the row under the cursor."""
        if self._wanted:
            return (Span("filter: ", "muted"), Span(self._wanted, "strong"), Span("   Esc ends it", "muted"))
        chosen = self.selection()
        return explanation(self.context.board.observe(chosen), width, self.glyphs) if chosen else ()

    def selection(self) -> str:
        """The series under the cursor."""
        cursor = self.series.cursor
        return self._lines[cursor].series if cursor < len(self._lines) else ""

    # -- commands

    def _move(self, step: int) -> None:
        place = self.series.cursor + step
        direction = 1 if step > 0 else -1
        while 0 <= place < len(self._lines) and not self._lines[place].series:
            place += direction
        if place < 0:
            self.series.scroll_rows(-1)
            return
        if place >= len(self._lines):
            place = next((i for i in range(len(self._lines) - 1, -1, -1) if self._lines[i].series), 0)
        self.series.go_to(place)
        if step < 0 and place and not self._lines[place - 1].series:
            self.series.reveal(place - 1)
        self.explain()

    def do_move_down(self) -> None:
        """One row down, over headings."""
        self._move(1)

    def do_move_up(self) -> None:
        """One row up, over headings."""
        self._move(-1)

    def do_move_page_down(self) -> None:
        """A page down."""
        self._move(self.series.page)

    def do_move_page_up(self) -> None:
        """A page up."""
        self._move(-min(self.series.page, self.series.cursor - 1))

    def do_move_top(self) -> None:
        """The first row."""
        self.series.go_to(0)
        self._move(1)

    def do_move_bottom(self) -> None:
        """The last row."""
        self._move(len(self._lines))

    def do_refresh(self) -> None:
        """Poll everything now."""
        self.context.poll_now()
        self.flash("polling every source now")

    def do_detail(self) -> None:
        """Show or hide the secondary metrics."""
        self._detailed = not self._detailed
        self.flash(
            "secondary metrics are shown" if self._detailed else "secondary metrics are shown where they fit"
        )

    def do_open(self) -> None:
        """Open the chart of the series under the cursor."""
        from screens.chart import ChartScreen

        self.app.push_screen(ChartScreen(self.context, self.selection()))

    def do_filter(self) -> None:
        """Ask for a filter; the list follows while it is typed."""

        def typed(text: str) -> None:
            self._wanted = text
            self.paint()

        self.console_app.ask("filter", self._wanted, done=typed, changed=typed, cancelled=lambda: typed(""))

    def do_back(self) -> None:
        """End the filter."""
        if self._wanted:
            self._wanted = ""
            self.paint()

    def on_column_lines_opened(self, message: ColumnLines.Opened) -> None:
        """A double click opens like Enter."""
        if self.selection():
            self.do_open()
