"""The three resolutions in which samples are kept, and how each is made out of the finer one."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Tier:
    """One resolution.

    Attributes:
        name: its table.
        unit: milliseconds that one step of its `at` stands for.
        bytes: what one row takes in the file, pages' slack and inner pages included; measured, docs/journal.md
        says how. share: of the byte budget, when there is not room for all that is to be kept.
    """

    name: str
    unit: int
    bytes: int
    share: float


RAW: Final = Tier("raw", 1, 28, 0.4)
MINUTES: Final = Tier("minutes", 60_000, 58, 0.4)
HOURS: Final = Tier("hours", 3_600_000, 60, 0.2)
TIERS: Final = (RAW, MINUTES, HOURS)
"""Finest first."""

_SUM_UP = """
    INSERT INTO {into}
    SELECT g.series, g.at, g.n, NULLIF(g.low, r.last), NULLIF(g.high, r.last), NULLIF(g.total, g.n * r.last),
    r.last FROM (
        SELECT f.series AS series, f.at / {steps} AS at, sum(f.n) AS n, min(f.low) AS low, max(f.high) AS high,
               sum(f.total) AS total, max(f.at) AS newest
        FROM series CROSS JOIN {fine} AS f
        WHERE f.series = series.id AND f.at >= :first * {steps} AND f.at < :end * {steps}
          AND (:series IS NULL OR series.id = :series)
        GROUP BY f.series, f.at / {steps}
    ) AS g
    JOIN {fine} AS r ON r.series = g.series AND r.at = g.newest
"""
_FROM_RAW = "(SELECT series, at, 1 AS n, value AS low, value AS high, value AS total, value AS last FROM raw)"
_FROM_MINUTES = (
    "(SELECT series, at, count AS n, coalesce(low, last) AS low, coalesce(high, last) AS high,"
    " coalesce(total, count * last) AS total, last FROM minutes)"
)
_STATEMENTS: Final = {
    "minutes": _SUM_UP.format(into="minutes", steps=60_000, fine=_FROM_RAW),
    "hours": _SUM_UP.format(into="hours", steps=60, fine=_FROM_MINUTES),
}
_CLEAR: Final = {
    name: f"""
        DELETE FROM {name} WHERE at >= :first AND at < :end
          AND series IN (SELECT id FROM series WHERE :series IS NULL OR id = :series)
    """  # noqa: S608 - the names are ours
    for name in _STATEMENTS
}


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of a tier: its rows; its floor, before which all was dropped; up to where it is rolled up."""

    rows: int
    floor: int
    rolled: int


def marks(connection: sqlite3.Connection) -> dict[str, Mark]:
    """The marks of all tiers, by name."""
    found = connection.execute("SELECT name, rows, floor, rolled FROM tiers")
    return {name: Mark(rows, floor, rolled) for name, rows, floor, rolled in found}


def count_rows(connection: sqlite3.Connection, tier: Tier, change: int) -> None:
    """Note that so many rows came, or went."""
    connection.execute("UPDATE tiers SET rows = rows + ? WHERE name = ?", (change, tier.name))


def sum_up(connection: sqlite3.Connection, tier: Tier, first: int, end: int, series: int | None = None) -> None:
    """Make the rows of a tier in [first, end) anew out of the finer tier; for one series, or all of them.

    Doing it again gives the same rows again.
    """
    bounds = {"first": first, "end": end, "series": series}
    gone = connection.execute(_CLEAR[tier.name], bounds).rowcount
    come = connection.execute(_STATEMENTS[tier.name], bounds).rowcount
    count_rows(connection, tier, come - gone)


def oldest(connection: sqlite3.Connection, tier: Tier, since: int = 0) -> int | None:
    """The `at` of the oldest row at or after `since`, or None; costs one look-up a series."""
    each = f"SELECT min(at) FROM {tier.name} WHERE {tier.name}.series = series.id AND at >= ?"  # noqa: S608
    found = connection.execute(f"SELECT min(({each})) FROM series", (since,)).fetchone()[0]  # noqa: S608
    return None if found is None else int(found)


def drop(connection: sqlite3.Connection, tier: Tier, before: int) -> int:
    """Delete the rows before this `at`, and note it as the floor; returns how many there were."""
    gone = connection.execute(
        f"DELETE FROM {tier.name} WHERE series IN (SELECT id FROM series) AND at < ?",  # noqa: S608
        (before,),
    ).rowcount
    connection.execute(
        "UPDATE tiers SET rows = rows - ?, floor = max(floor, ?) WHERE name = ?", (gone, before, tier.name)
    )
    return gone
