"""The schema, as numbered steps: step N takes a database from version N-1 to N, each in one transaction.

A step that was released is never changed; what is to be different is a new step. The version stands in the file's
header (`PRAGMA user_version`), where it changes with the step's transaction or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opsconsole.domain.entries import GENESIS

APPLICATION_ID: Final = 0x6F70_7363
"""Marks the file as ours in its header ("opsc")."""

_JOURNAL = (
    """
    CREATE TABLE entries (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        occurred_at TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        actor TEXT NOT NULL,
        environment TEXT NOT NULL,
        kind TEXT NOT NULL,
        text TEXT NOT NULL,
        data TEXT NOT NULL,
        incident TEXT NOT NULL,
        session TEXT NOT NULL,
        prev_hash TEXT NOT NULL,
        hash TEXT NOT NULL
    )
    """,
    "CREATE INDEX entries_by_time ON entries (occurred_at)",
    "CREATE INDEX entries_by_kind ON entries (kind)",
    "CREATE INDEX entries_by_incident ON entries (incident) WHERE incident <> ''",
    # What the newest entry is, apart from the entries: without it, nobody would miss the last ones.
    "CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL)",
    f"INSERT INTO head VALUES (1, 0, '{GENESIS}')",  # noqa: S608 - a constant
    """
    CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries of the journal are never changed'); END
    """,
    """
    CREATE TRIGGER entries_are_not_deleted BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries of the journal are never deleted'); END
    """,
    # INSERT OR REPLACE would delete without the trigger above; the chain goes on from the head and nowhere else.
    """
    CREATE TRIGGER entries_follow_the_head BEFORE INSERT ON entries
    WHEN NEW.seq <> (SELECT seq + 1 FROM head) OR NEW.prev_hash <> (SELECT hash FROM head)
      OR EXISTS (SELECT 1 FROM entries WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'an entry must follow the last one'); END
    """,
    """
    CREATE TRIGGER head_goes_forward BEFORE UPDATE ON head WHEN NEW.seq <> OLD.seq + 1
    BEGIN SELECT RAISE(ABORT, 'the head of the journal goes forward, entry by entry'); END
    """,
    """
    CREATE TRIGGER head_stays BEFORE DELETE ON head
    BEGIN SELECT RAISE(ABORT, 'the head of the journal stays'); END
    """,
)

_ROLLUP = """
    CREATE TABLE {name} (
        series INTEGER NOT NULL,
        at INTEGER NOT NULL,
        count INTEGER NOT NULL,
        low REAL,
        high REAL,
        total REAL,
        last REAL NOT NULL,
        PRIMARY KEY (series, at)
    ) WITHOUT ROWID
"""

_SAMPLES = (
    "CREATE TABLE series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    # Rows lie in the order of series and time, so that a chart reads neighbours; at is in milliseconds.
    """
    CREATE TABLE raw (
        series INTEGER NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL, PRIMARY KEY (series, at)
    ) WITHOUT ROWID
    """,
    # at is the number of the minute, or hour, since the epoch. A low or high equal to last and a total equal to
    # count * last are stored as NULL, which takes no room: most minutes hold one or two samples.
    _ROLLUP.format(name="minutes"),
    _ROLLUP.format(name="hours"),
    # Minutes that were summed up already when another sample of theirs came.
    """
    CREATE TABLE late (
        minute INTEGER NOT NULL, series INTEGER NOT NULL, PRIMARY KEY (minute, series)
    ) WITHOUT ROWID
    """,
    # Of each tier: its rows; floor, before which everything was dropped; rolled, up to which it is summed up. Both
    # in the unit of the tier's at.
    """
    CREATE TABLE tiers (
        name TEXT PRIMARY KEY, rows INTEGER NOT NULL, floor INTEGER NOT NULL, rolled INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    "INSERT INTO tiers VALUES ('raw', 0, 0, 0), ('minutes', 0, 0, 0), ('hours', 0, 0, 0)",
)

STEPS: Final[Mapping[int, tuple[str, ...]]] = {
    1: (*_JOURNAL, f"PRAGMA application_id = {APPLICATION_ID}"),
    2: _SAMPLES,
}
"""Version → the statements that lead to it from the one before."""

NEWEST: Final = max(STEPS)
"""The version this program knows."""
