"""What `log verify` finds: each sort of tampering, at the right place."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from opsconsole.domain.entries import NewEntry, entry_hash
from opsconsole.journal.journal import Journal
from opsconsole.journal.rows import COLUMNS
from opsconsole.journal.verify import Verification

ENTRIES = 1_234


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("journal")
    with Journal(folder) as journal:
        journal.append_many([NewEntry("note", f"number {number}") for number in range(1, ENTRIES + 1)])
    return (folder / "opsconsole.db").read_bytes()


def tampered(folder: Path, original: bytes, change: Callable[[sqlite3.Connection], object]) -> Verification:
    (folder / "opsconsole.db").write_bytes(original)
    raw = sqlite3.connect(folder / "opsconsole.db", isolation_level=None)
    for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {name}")
    change(raw)
    raw.close()
    with Journal(folder) as journal:
        return journal.verify()


def rechain(raw: sqlite3.Connection, first: int, last: int) -> None:
    """What a careful forger does: give every entry from `first` to `last` the hash it now should have."""
    previous = raw.execute("SELECT hash FROM entries WHERE seq = ?", (first - 1,)).fetchone()[0]
    for seq in range(first, last + 1):
        row = raw.execute(f"SELECT {', '.join(COLUMNS)} FROM entries WHERE seq = ?", (seq,)).fetchone()
        values = dict(zip(COLUMNS[:-1], row, strict=False)) | {"prev_hash": previous}
        digest = entry_hash(**values)
        raw.execute("UPDATE entries SET prev_hash = ?, hash = ? WHERE seq = ?", (previous, digest, seq))
        previous = digest


def insert(raw: sqlite3.Connection, at: int) -> None:
    raw.execute("UPDATE entries SET seq = -seq - 1 WHERE seq >= ?", (at,))
    raw.execute("UPDATE entries SET seq = -seq WHERE seq < 0")
    raw.execute(
        "INSERT INTO entries SELECT ?, 'forged', occurred_at, recorded_at, actor, environment, kind, 'forged',"
        " data, incident, session, hash, '' FROM entries WHERE seq = ?",
        (at, at - 1),
    )
    rechain(raw, at, at)


def swap(raw: sqlite3.Connection, one: int, other: int) -> None:
    for before, after in ((one, -1), (other, one), (-1, other)):
        raw.execute("UPDATE entries SET seq = ? WHERE seq = ?", (after, before))


def rechain_changed(raw: sqlite3.Connection) -> None:
    raw.execute("UPDATE entries SET text = 'forged' WHERE seq = 800")
    rechain(raw, 800, ENTRIES)


def drop_and_rechain(raw: sqlite3.Connection) -> None:
    raw.execute("UPDATE entries SET text = 'forged' WHERE seq = 50")
    rechain(raw, 50, 50)


@pytest.mark.parametrize("field", COLUMNS[1:])
def test_a_change_of_any_field_is_found_where_it_is(tmp_path: Path, original: bytes, field: str) -> None:
    found = tampered(
        tmp_path, original, lambda raw: raw.execute(f"UPDATE entries SET {field} = 'x' WHERE seq = 700")
    )
    assert (found.status, found.first_bad_seq) == ("broken", 700)
    assert "700" in found.reason


@pytest.mark.parametrize(
    ("what", "change", "where"),
    [
        ("missing", lambda raw: raw.execute("DELETE FROM entries WHERE seq = 500"), 500),
        ("missing", lambda raw: raw.execute("DELETE FROM entries WHERE seq BETWEEN 1 AND 3"), 1),
        ("missing at the end", lambda raw: raw.execute("DELETE FROM entries WHERE seq > 1230"), 1_231),
        ("missing at the end", lambda raw: raw.execute("DELETE FROM entries"), 1),
        ("put in", lambda raw: insert(raw, 600), 601),  # the forged one hangs together; the one after it no more
        ("put in", lambda raw: insert(raw, ENTRIES + 1), ENTRIES + 1),
        ("put in", lambda raw: raw.execute("UPDATE entries SET seq = -5 WHERE seq = 9"), -5),
        ("does not follow", lambda raw: swap(raw, 10, 900), 10),
        ("was changed", lambda raw: raw.execute("UPDATE entries SET text = x'ff00' WHERE seq = 33"), 33),
        (
            "was changed",
            lambda raw: raw.execute("UPDATE entries SET text = CAST(x'ff' AS TEXT) WHERE seq = 33"),
            33,
        ),
        ("was changed", lambda raw: raw.execute("UPDATE entries SET text = text || ' ' WHERE seq = 1234"), 1_234),
        ("recorded as the newest", rechain_changed, ENTRIES),
        ("gone", lambda raw: raw.execute("DELETE FROM head"), ENTRIES + 1),
        ("recorded as the newest", lambda raw: raw.execute("UPDATE head SET hash = 'x'"), ENTRIES),
        ("does not follow", drop_and_rechain, 51),
    ],
)
def test_each_sort_of_tampering_is_found_where_it_begins(
    tmp_path: Path, original: bytes, what: str, change: Callable[[sqlite3.Connection], object], where: int
) -> None:
    found = tampered(tmp_path, original, change)
    assert (found.status, found.first_bad_seq) == ("broken", where)
    assert what in found.reason


def test_an_untouched_journal_is_whole_and_names_its_head(tmp_path: Path, original: bytes) -> None:
    found = tampered(tmp_path, original, lambda raw: None)
    assert (found.status, found.entries, found.first_bad_seq, found.reason) == ("ok", ENTRIES, None, "")
    assert found.head_seq == ENTRIES
    assert len(found.head_hash) == 64


def test_a_page_of_garbage_in_the_file_is_told_as_damage(tmp_path: Path, original: bytes) -> None:
    at = original.index(b"number 700") // 4_096 * 4_096
    (tmp_path / "opsconsole.db").write_bytes(original[:at] + b"\xaa" * 4_096 + original[at + 4_096 :])
    with Journal(tmp_path) as journal:
        found = journal.verify()
    assert found.status == "broken"
    assert 1 < (found.first_bad_seq or 0) < ENTRIES
    assert "damaged" in found.reason


def test_verifying_goes_on_while_others_write(tmp_path: Path) -> None:
    with Journal(tmp_path) as writer, Journal(tmp_path) as reader:
        for number in range(50):
            writer.append(NewEntry("note", json.dumps(number)))
            assert reader.verify().entries == number + 1
