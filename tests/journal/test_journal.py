"""What the journal records, and how it is found again."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.domain.entries import GENESIS, Actor, NewEntry, entry_hash
from opsconsole.journal.errors import NoJournalError
from opsconsole.journal.ids import IdMaker
from opsconsole.journal.journal import Journal
from opsconsole.journal.rows import COLUMNS, TEXT_LIMIT

ACTOR = Actor("deploy", sudo_user="ana", ssh_client="192.0.2.7", host="web-1", tty="/dev/pts/3", pid=4711)
NOON = 1_800_000_000.0


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "data", environment="acme/production", actor=ACTOR, clock=lambda: NOON) as opened:
        yield opened


def test_an_entry_carries_who_when_what_and_where(journal: Journal) -> None:
    entry = journal.append(NewEntry("note", "the api answers again", {"tries": 3}, NOON - 60, "inc-1", "ses-1"))
    assert (entry.seq, entry.kind, entry.text, entry.data) == (1, "note", "the api answers again", {"tries": 3})
    assert (entry.occurred_at, entry.recorded_at) == ("2027-01-15T07:59:00.000Z", "2027-01-15T08:00:00.000Z")
    assert (entry.actor, entry.environment) == (ACTOR, "acme/production")
    assert (entry.incident, entry.session, entry.prev_hash) == ("inc-1", "ses-1", GENESIS)
    assert list(journal.entries()) == [entry]


def test_the_hash_covers_exactly_what_is_stored(journal: Journal) -> None:
    journal.append_many([NewEntry("note", "one"), NewEntry("note", "zwei — 二", {"b": 1, "a": [1.5, None, True]})])
    previous = GENESIS
    for row in journal.database.connection.execute(f"SELECT {', '.join(COLUMNS)} FROM entries ORDER BY seq"):
        *values, digest = row
        assert entry_hash(**dict(zip(COLUMNS, values, strict=False))) == digest
        assert values[-1] == previous
        previous = digest
    assert journal.head().hash == previous


def test_text_and_data_from_outside_lose_what_a_terminal_would_act_on(journal: Journal) -> None:
    hostile = "a\x1b]0;owned\x07b\u202ec\ud800\x00"
    entry = journal.append(
        NewEntry("note", f"line 1\r\n{hostile}", {hostile: [hostile, {"deep": hostile}], "nan": math.nan})
    )
    assert entry.text == "line 1\nabc\N{REPLACEMENT CHARACTER}"
    clean = "abc\N{REPLACEMENT CHARACTER}"
    assert entry.data == {clean: [clean, {"deep": clean}], "nan": None}
    assert journal.verify().status == "ok"


def test_a_very_long_text_is_cut_and_says_so(journal: Journal) -> None:
    entry = journal.append(NewEntry("note", "x" * 10_000_000))
    assert len(entry.text) == TEXT_LIMIT
    assert entry.text.endswith("…")


def test_the_same_id_is_recorded_once_and_the_first_entry_is_returned(journal: Journal) -> None:
    first = journal.append(NewEntry("note", "first", id="carried-1"))
    again, other = journal.append_many([NewEntry("note", "again", id="carried-1"), NewEntry("note", "other")])
    assert again == first
    assert (other.seq, other.prev_hash) == (2, first.hash)


def test_several_entries_are_recorded_together_or_not_at_all(journal: Journal) -> None:
    with pytest.raises(ValueError, match="kind"):
        journal.append_many([NewEntry("note", "good"), NewEntry("", "without a kind")])
    with pytest.raises(ValueError, match="moment"):
        journal.append_many([NewEntry("note", "good"), NewEntry("note", "when?", occurred_at=math.inf)])
    assert (list(journal.entries()), journal.append_many([])) == ([], [])


def test_entries_are_found_by_kind_incident_time_text_and_place(journal: Journal) -> None:
    for number in range(1_200):
        kind = ("note", "probe.changed", "probe.opened")[number % 3]
        journal_text = f"100 % of number {number}" if number == 600 else f"number {number}"
        journal.append(NewEntry(kind, journal_text, {}, NOON + number, "inc-1" if number % 100 == 7 else ""))

    def seqs(**filters: object) -> list[int]:
        return [entry.seq for entry in journal.entries(**filters)]  # type: ignore[arg-type]

    assert seqs() == list(range(1, 1_201))
    assert seqs(limit=2) == [1_199, 1_200]
    assert seqs(after_seq=600, limit=2) == [601, 602]
    assert len(seqs(after_seq=100)) == 1_100
    assert seqs(kinds=("note",), limit=2) == [1_195, 1_198]
    assert len(seqs(kinds=("probe.*",))) == 800
    assert seqs(incident="inc-1")[:2] == [8, 108]
    assert seqs(since=NOON + 10, until=NOON + 12) == [11, 12]
    assert seqs(text="100 %") == [601]
    assert seqs(text="NUMBER 1199") == [1_200]
    assert seqs(kinds=("none",)) == []


def test_entries_are_never_changed_or_deleted(journal: Journal) -> None:
    journal.append_many([NewEntry("note", "one"), NewEntry("note", "two")])
    rest = "occurred_at, recorded_at, actor, environment, kind, 'forged', data, incident, session"
    for statement in (
        "UPDATE entries SET text = 'other' WHERE seq = 1",
        "DELETE FROM entries WHERE seq = 2",
        f"INSERT OR REPLACE INTO entries SELECT 2, 'x', {rest}, prev_hash, hash FROM entries WHERE seq = 2",
        f"INSERT OR REPLACE INTO entries SELECT 3, id, {rest}, hash, hash FROM entries WHERE seq = 2",
        "UPDATE head SET seq = 1",
        "DELETE FROM head",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            journal.database.connection.execute(statement)
    assert (journal.verify().status, journal.verify().entries) == ("ok", 2)


def test_a_follower_sees_that_somebody_wrote(journal: Journal, tmp_path: Path) -> None:
    with Journal(tmp_path / "data") as follower:
        before = follower.data_version()
        assert follower.data_version() == before
        journal.append(NewEntry("note", "news"))
        assert follower.data_version() != before
        assert [entry.text for entry in follower.entries(after_seq=0)] == ["news"]


def test_asking_for_a_journal_that_is_not_there_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NoJournalError, match="no session log"):
        Journal(tmp_path / "data", create=False)
    assert list(tmp_path.iterdir()) == []


def test_ids_are_unique_and_sort_by_time_even_when_the_clock_stands_or_jumps_back() -> None:
    moments = iter([1_000.0] * 6_000 + [999.0] * 10 + [1_001.0] + [0.5])
    make = IdMaker(lambda: next(moments))
    ids = [make() for _ in range(6_011)]
    assert ids == sorted(set(ids))
    assert all(len(id_) == 36 and id_[14] == "7" and id_[19] in "89ab" for id_ in ids)
    assert make() < ids[0], "a clock that was set right is followed"
