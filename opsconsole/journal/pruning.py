"""How the stored series are kept within their ages and their byte budget: the oldest go first, bit by bit."""

from __future__ import annotations

import sqlite3
from typing import Final

from opsconsole.config.model import Storage
from opsconsole.journal.database import Database
from opsconsole.journal.tiers import HOURS, MINUTES, RAW, TIERS, Mark, Tier, drop, marks, oldest

_MINUTE, _HOUR = MINUTES.unit, HOURS.unit
_ALIGNMENT: Final = {RAW: _MINUTE, MINUTES: _HOUR, HOURS: _HOUR}
"""Milliseconds to a multiple of which a tier is cut: whatever is still there of a coarser step is there in whole,
so that a late sample can be summed up again."""

_SLICE: Final = {RAW: 2 * _MINUTE, MINUTES: 2 * _HOUR, HOURS: 120 * _HOUR}
"""Milliseconds that are dropped in one transaction: 24,000 rows of 200 series at one sample a second."""

_FINER: Final = {MINUTES: RAW, HOURS: MINUTES}
_COARSER: Final = {RAW: MINUTES, MINUTES: HOURS}
_FILL: Final = 0.98
"""How much of the budget is used, so that what comes until the next pruning fits as well."""

_PAGES_AT_ONCE: Final = 256
_FREE_PAGES: Final = 4_096
"""Free pages that stay for what comes next; more, if that is a quarter of the file, go back to the disk."""


class Pruning:
    """Prunes the stored series of one database."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._budget = storage.samples * _FILL
        self._ages = {RAW: storage.raw, MINUTES: storage.minutes, HOURS: storage.hours}

    def run(self, now: float, steps: int | None) -> bool:
        """Prune in at most so many transactions; returns whether all is done."""
        taken = 0
        while steps is None or taken < steps:
            taken += 1
            with self._database.write() as connection:
                if not (self._drop_aged(connection, now) or self._drop_excess(connection)):
                    break
        else:
            return False
        return self._give_back(steps)

    def _drop_aged(self, connection: sqlite3.Connection, now: float) -> bool:
        known = marks(connection)
        for tier in TIERS:
            aged = int((now - self._ages[tier]) * 1_000)
            end = min(aged // _ALIGNMENT[tier] * _ALIGNMENT[tier], _limit(tier, known))
            if end > known[tier.name].floor * tier.unit and _drop_slice(connection, tier, end):
                return True
        return False

    def _drop_excess(self, connection: sqlite3.Connection) -> bool:
        """Cut the tier that exceeds its share of the budget the most, or a finer one that must go before it."""
        known = marks(connection)
        excess = {tier: known[tier.name].rows * tier.bytes - tier.share * self._budget for tier in TIERS}
        if sum(excess.values()) <= 0:
            return False
        tier: Tier | None = max(TIERS, key=lambda each: excess[each])
        while tier is not None:
            first = oldest(connection, tier)
            limit = _limit(tier, known)
            if first is not None and first * tier.unit < limit:
                return _drop_slice(connection, tier, limit)
            tier = _FINER.get(tier)
        return False

    def _give_back(self, steps: int | None) -> bool:
        """Give pages back to the disk that nothing is likely to fill again; returns whether all is done."""
        taken = 0
        while self._wasteful():
            if steps is not None and taken >= steps:
                return False
            taken += 1
            with self._database.write() as connection:
                connection.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})").fetchall()
        return True

    def _wasteful(self) -> bool:
        with self._database.translated():
            free, pages = (
                int(self._database.connection.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("freelist_count", "page_count")
            )
        return free > max(_FREE_PAGES, pages // 4)


def _limit(tier: Tier, known: dict[str, Mark]) -> int:
    """Milliseconds up to which a tier may be cut: the finer one's floor, and what is not rolled up yet."""
    limits = []
    if tier in _FINER:
        finer = _FINER[tier]
        limits.append(known[finer.name].floor * finer.unit)
    if tier in _COARSER:
        coarser = _COARSER[tier]
        limits.append(known[coarser.name].rolled * coarser.unit)
    return min(limits) // _ALIGNMENT[tier] * _ALIGNMENT[tier]


def _drop_slice(connection: sqlite3.Connection, tier: Tier, end: int) -> bool:
    """Drop the oldest slice before `end` (milliseconds, aligned); returns whether there were rows to drop."""
    first = oldest(connection, tier)
    if first is not None:
        begin = first * tier.unit // _ALIGNMENT[tier] * _ALIGNMENT[tier]
        end = min(end, begin + _SLICE[tier]) if begin < end else end
    return drop(connection, tier, end // tier.unit) > 0
