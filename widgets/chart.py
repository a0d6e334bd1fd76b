"""A value over time, drawn with braille dots: axes with units, the limit as a line, marks for what happened."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from opsconsole.domain.series import Bucket
from widgets.row import Glyphs, Row, Span, cut
from widgets.sparkline import round_top

_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Braille: row of the cell (top first), column → bit."""
DOTS_ACROSS: Final = 2
DOTS_DOWN: Final = 4
AXIS_WIDTH: Final = 12
"""Columns left of the plot: the longest value with its unit, "99.4 KiB/s", a blank and the axis."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, shown below the axis: an incident, a deployment."""

    at: float
    letter: str


def columns(width: int, glyphs: Glyphs) -> int:
    """How many spans of time a chart of so many characters shows."""
    return max(1, width - AXIS_WIDTH) * (DOTS_ACROSS if glyphs.dots else 1)


def chart(
    buckets: Sequence[Bucket],
    *,
    width: int,
    height: int,
    written: Callable[[float], str],
    time_label: Callable[[float], str],
    limit: float | None = None,
    marks: Sequence[Mark] = (),
    glyphs: Glyphs,
) -> list[Row]:
    """The lines of a chart.

    Args:
        buckets: what happened in each span of time, oldest first, `columns()` of them; a gap leaves a gap.
        width: characters.
        height: lines, with the axis and its labels.
        written: a value with its unit, for the labels.
        time_label: a moment as a person reads it.
        limit: the threshold, drawn as a line.
        marks: what happened meanwhile.
        glyphs: the shapes.
    """
    plot_width = max(1, width - AXIS_WIDTH)
    plot_height = max(2, height - 2)
    known = [bucket.high for bucket in buckets if bucket.count]
    top = round_top(max([*known, limit or 0.0], default=0.0)) or 1.0
    grid = _Grid(plot_width, plot_height, glyphs)
    if limit is not None:
        grid.line(limit / top)
    for place, bucket in enumerate(buckets):
        if bucket.count:
            grid.column(place, bucket.low / top, bucket.high / top)
    rows: list[Row] = []
    for y in range(plot_height):
        share = 1 - y / (plot_height - 1)
        label = (
            written(top * share)
            if y in (0, plot_height - 1) or (plot_height >= 7 and y == plot_height // 2)
            else ""
        )
        if limit is not None and grid.row_of(limit / top) == y:
            label = written(limit)
        role = "warn" if limit is not None and grid.row_of(limit / top) == y else "muted"
        label = cut(label, AXIS_WIDTH - 2, glyphs.ellipsis)
        rows.append((Span(f"{label:>{AXIS_WIDTH - 2}} ", role), Span(glyphs.vertical, "muted"), *grid.spans(y)))
    rows.append(_axis(buckets, plot_width, marks, glyphs))
    rows.append(_times(buckets, plot_width, time_label))
    return rows


class _Grid:
    """The dots of the plot."""

    def __init__(self, width: int, height: int, glyphs: Glyphs) -> None:
        self.width = width
        self.height = height
        self._glyphs = glyphs
        self._dots = [[0] * width for _ in range(height)]
        self._limit_row: int | None = None

    @property
    def _down(self) -> int:
        return DOTS_DOWN if self._glyphs.dots else 1

    @property
    def _across(self) -> int:
        return DOTS_ACROSS if self._glyphs.dots else 1

    def _level(self, share: float) -> int:
        """Dots from the top for a share (0…1) of the height."""
        steps = self.height * self._down - 1
        return max(0, min(steps, round((1 - share) * steps)))

    def row_of(self, share: float) -> int:
        """The line of text that a share of the height lies in."""
        return self._level(share) // self._down

    def line(self, share: float) -> None:
        """The limit."""
        self._limit_row = self.row_of(share)

    def column(self, place: int, low: float, high: float) -> None:
        """One span of time: from its lowest to its highest value."""
        x, inner = divmod(place, self._across)
        if x >= self.width:
            return
        for level in range(self._level(high), self._level(low) + 1):
            y, dot = divmod(level, self._down)
            self._dots[y][x] |= _DOTS[dot][inner] if self._glyphs.dots else 1

    def spans(self, y: int) -> list[Span]:
        """One line of the plot."""
        spans: list[Span] = []
        for bits in self._dots[y]:
            on_limit = y == self._limit_row and not bits
            if self._glyphs.dots:
                text = chr(0x2800 + bits) if bits else self._glyphs.horizontal if on_limit else " "
            else:
                text = "*" if bits else self._glyphs.horizontal if on_limit else " "
            role = "warn" if on_limit else "spark"
            if spans and (spans[-1].role == role or text == " "):
                spans[-1] = Span(spans[-1].text + text, spans[-1].role)
            else:
                spans.append(Span(text, role))
        return spans


def _axis(buckets: Sequence[Bucket], width: int, marks: Sequence[Mark], glyphs: Glyphs) -> Row:
    line = [glyphs.horizontal] * width
    spans = [Span(" " * (AXIS_WIDTH - 1) + glyphs.corner, "muted")]
    if buckets:
        start, end = buckets[0].start, buckets[-1].start + buckets[-1].width
        for mark in marks:
            place = math.floor((mark.at - start) / (end - start) * width)
            if 0 <= place < width:
                line[place] = mark.letter
    return (*spans, Span("".join(line), "muted"))


def _times(buckets: Sequence[Bucket], width: int, time_label: Callable[[float], str]) -> Row:
    if not buckets:
        return ()
    start, end = buckets[0].start, buckets[-1].start + buckets[-1].width
    first, middle, last = time_label(start), time_label((start + end) / 2), time_label(end)
    if len(first) + len(middle) + len(last) + 4 > width:
        middle = ""
    room = max(0, width - len(first) - len(last))
    return (Span(" " * AXIS_WIDTH + cut(first + f"{middle:^{room}}" + last, width), "muted"),)
