"""How a stored series is read for a chart: the resolution that fits the span, and each row into its place."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

from opsconsole.domain.series import Bucket, downsample
from opsconsole.journal.tiers import HOURS, MINUTES, RAW, Mark, Tier, marks

RAW_SPAN: Final = 6 * 3_600.0
"""Seconds up to which a chart is read from the samples as they came."""

MINUTES_SPAN: Final = 7 * 86_400.0
"""Seconds up to which it is read from the minutes, even where hours would be fine enough."""

_READ: Final = {
    RAW: "SELECT at, 1, value, value, value, value FROM raw WHERE series = ? AND at >= ? AND at < ? ORDER BY at",
    **{
        tier: f"""
            SELECT at, count, coalesce(low, last), coalesce(high, last), coalesce(total, count * last), last
            FROM {tier.name} WHERE series = ? AND at >= ? AND at < ? ORDER BY at
        """  # noqa: S608 - the names are ours
        for tier in (MINUTES, HOURS)
    },
}
_Row = tuple[int, int, float, float, float, float]
"""When it begins in the unit of its tier, count, low, high, total, last."""

_Sum = tuple[int, float, float, float, float]
"""Count, low, high, total, last of a span so far."""


def read_buckets(connection: sqlite3.Connection, series_id: str, start: float, end: float, n: int) -> list[Bucket]:
    """See `Samples.buckets`."""
    gaps = downsample((), start, end, n)
    found = connection.execute("SELECT id FROM series WHERE name = ?", (series_id,)).fetchone()
    if found is None:
        return gaps
    known = marks(connection)
    width = (end - start) / n * 1_000
    filled: dict[int, _Sum] = {}
    for tier, first, last in _pieces(_resolution(start, end, width, known), start * 1_000, end * 1_000, known):
        if tier.unit > width:  # a row wider than a span reaches into several, the first from before the start
            first = max(first - tier.unit, 0) if first == start * 1_000 else first  # noqa: PLW2901
        for row in _rows(connection, tier, found[0], first, last):
            _fill(filled, n, row, tier.unit, (start * 1_000, width))
    return [
        Bucket(gap.start, gap.width, *filled[index]) if index in filled else gap for index, gap in enumerate(gaps)
    ]


def _resolution(start: float, end: float, width: float, known: dict[str, Mark]) -> Tier:
    """The coarsest tier that is fine enough and the finest that reaches back far enough."""

    def reaches(tier: Tier) -> bool:
        return known[tier.name].floor * tier.unit <= start * 1_000

    if reaches(RAW) and end - start <= RAW_SPAN:
        return RAW
    if reaches(MINUTES) and (end - start <= MINUTES_SPAN or width < HOURS.unit):
        return MINUTES
    return HOURS


def _pieces(tier: Tier, start: float, end: float, known: dict[str, Mark]) -> Iterator[tuple[Tier, float, float]]:
    """The tier as far as it is made, then the finer ones for what is newer: (tier, from, to) in milliseconds."""
    for each in (HOURS, MINUTES, RAW)[(HOURS, MINUTES, RAW).index(tier) :]:
        until = end if each is RAW else min(end, known[each.name].rolled * each.unit)
        if start < until:
            yield each, start, until
            start = until


def _rows(connection: sqlite3.Connection, tier: Tier, series: int, first: float, last: float) -> Iterator[_Row]:
    # Rounded up: the rows that begin in the piece.
    bounds = tuple(-int(-moment // tier.unit) for moment in (first, last))
    yield from connection.execute(_READ[tier], (series, *bounds))


def _fill(filled: dict[int, _Sum], n: int, row: _Row, unit: int, spans: tuple[float, float]) -> None:
    at, count, low, high, total, last = row
    start, width = spans
    offset = at * unit - start
    if unit > width:
        for index in range(max(int(offset // width), 0), min(-int(-(offset + unit) // width), n)):
            filled[index] = (count, low, high, total, last)
        return
    index = min(int(offset / width), n - 1)
    there = filled.get(index)
    if there is None:
        filled[index] = (count, low, high, total, last)
    else:
        filled[index] = (there[0] + count, min(there[1], low), max(there[2], high), there[3] + total, last)
