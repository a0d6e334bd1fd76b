"""The proof that the journal is whole: the chain of hashes, walked from the first entry to the head."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from opsconsole.domain.entries import GENESIS, entry_hash
from opsconsole.journal.database import Database
from opsconsole.journal.rows import COLUMNS

_AT_ONCE: Final = 500
_HASHED: Final = COLUMNS[:-1]


@dataclass(frozen=True, slots=True)
class Verification:
    """What walking the chain found.

    Attributes:
        status: "ok" or "broken".
        entries: how many entries there are.
        first_bad_seq: the first place at which the chain does not hold; None when it does.
        reason: what is wrong there, one sentence for a person; "" when nothing is.
        head_seq: the seq that the head record names.
        head_hash: the hash that the head record names: kept somewhere else, it proves later that nothing before it
            was changed, whoever may write to the database.
    """

    status: str
    entries: int
    first_bad_seq: int | None
    reason: str
    head_seq: int
    head_hash: str


@dataclass(frozen=True, slots=True)
class _Break:
    seq: int
    reason: str


def verify(database: Database) -> Verification:
    """Walk the whole chain as it is at this moment, in bounded memory; others may write meanwhile.

    Raises:
        JournalError: the database cannot be read at all.
    """
    with database.read() as connection:
        # Bytes that are no UTF-8 are a change like any other, not an error.
        factory = connection.text_factory
        connection.text_factory = lambda stored: stored.decode("utf-8", "surrogateescape")
        try:
            return _walk(connection)
        finally:
            connection.text_factory = factory


def _walk(connection: sqlite3.Connection) -> Verification:
    head = connection.execute("SELECT seq, hash FROM head").fetchone()
    head_seq, head_hash = head or (0, GENESIS)
    entries, last_hash, broken = 0, GENESIS, None
    rows = _rows(connection)
    try:
        for row in rows:
            entries += 1
            broken = broken or _look(row, entries, last_hash)
            last_hash = row[-1]
    except sqlite3.DatabaseError as error:
        broken = broken or _Break(entries + 1, f"the file is damaged here ({error})")
    broken = broken or _compare_head(head, entries, last_hash)
    return Verification(
        status="broken" if broken else "ok",
        entries=entries,
        first_bad_seq=broken.seq if broken else None,
        reason=broken.reason if broken else "",
        head_seq=head_seq,
        head_hash=head_hash,
    )


def _rows(connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    cursor = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM entries NOT INDEXED ORDER BY seq")  # noqa: S608
    while rows := cursor.fetchmany(_AT_ONCE):
        yield from rows


def _look(row: tuple[Any, ...], expected: int, last_hash: str) -> _Break | None:
    """What is wrong with this row as the entry number `expected` after the one with `last_hash`."""
    values = dict(zip(_HASHED, row, strict=False))
    seq = values["seq"]
    if seq > expected:
        gone = f"entry {expected} is" if seq == expected + 1 else f"entries {expected} to {seq - 1} are"
        return _Break(expected, f"{gone} missing")
    if seq < expected:
        return _Break(seq, f"entry {seq} was put in: the chain begins with 1")
    if values["prev_hash"] != last_hash:
        return _Break(seq, f"entry {seq} does not follow the entry before it: one of them was changed or put in")
    try:
        digest = entry_hash(**values)
    except (TypeError, ValueError):  # a value of another type than was ever written
        digest = ""
    return (
        None if digest == row[-1] else _Break(seq, f"entry {seq} was changed: its hash is not that of its content")
    )


def _compare_head(head: tuple[int, str] | None, entries: int, last_hash: str) -> _Break | None:
    """What is wrong with the end of a chain that holds so far."""
    if head is None:
        return _Break(entries + 1, "the record of the newest entry is gone, so entries may be missing at the end")
    seq, digest = head
    if seq > entries:
        gone = f"entry {seq} is" if seq == entries + 1 else f"entries {entries + 1} to {seq} are"
        return _Break(entries + 1, f"{gone} missing at the end")
    if seq < entries:
        return _Break(seq + 1, f"entry {seq + 1} was put in after the newest that was recorded")
    if digest != last_hash:
        return _Break(max(seq, 1), f"entry {seq} is not the one that was recorded as the newest")
    return None
