"""A full disk: the room set aside is given up, the entry is written, and the operator is told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.domain.entries import NewEntry
from opsconsole.domain.series import Sample
from opsconsole.journal.errors import DiskFullError
from opsconsole.journal.journal import Journal
from opsconsole.journal.samples import Samples
from tests.journal.writer import ROOT


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MiB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small file system can only be made by root: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    """Fill the disk to its last byte with a file that may be removed again."""
    filler = place / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
    return filler


def append_until_full(journal: Journal, text: str) -> int:
    """How many entries could be written."""
    written = 0

    def append_for_ever() -> None:
        nonlocal written
        while True:
            journal.append(NewEntry("note", text))
            written += 1

    with pytest.raises(DiskFullError, match=r"no room.*Free some space"):
        append_for_ever()
    return written


def test_on_a_full_disk_entries_are_still_written_and_the_operator_is_told(small_disk: Path) -> None:
    told: list[str] = []
    folder = small_disk / "data"
    with Journal(folder, on_distress=told.append) as journal:
        journal.append(NewEntry("note", "before"))
        filler = fill(small_disk)
        written = 1 + append_until_full(journal, "the disk is full")
        assert written > 300, "the room set aside takes some hundred entries"
        assert "The disk is full" in told[0]
        assert journal.distress == told[-1]
        assert not (folder / "opsconsole.reserve").exists()
        assert (journal.verify().status, journal.verify().entries) == ("ok", written)
        filler.unlink()
        journal.append(NewEntry("note", "after"))
        assert (journal.verify().status, journal.verify().entries) == ("ok", written + 1)
    with Journal(folder) as journal:
        assert (folder / "opsconsole.reserve").exists(), "room is set aside again"


def test_the_warning_is_taken_back_when_there_is_room_again(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("opsconsole.journal.journal._REFILL_EVERY", 0.0)
    with Journal(small_disk / "data", on_distress=told.append) as journal:
        filler = fill(small_disk)
        journal.append(NewEntry("note", "full"))
        assert len(told) == 1
        filler.unlink()
        journal.append(NewEntry("note", "room"))
    assert told[1:] == [""]


def test_a_journal_on_a_full_disk_can_be_opened_read_and_written(small_disk: Path) -> None:
    folder = small_disk / "data"
    with Journal(folder) as journal:
        journal.append(NewEntry("note", "before"))
    fill(small_disk)
    with Journal(folder, create=False) as journal:
        assert [entry.text for entry in journal.entries()] == ["before"]
        journal.append(NewEntry("note", "after"))
        assert journal.verify().status == "ok"


def test_samples_leave_what_room_there_is_to_the_journal(small_disk: Path) -> None:
    with Samples(small_disk / "data") as samples:
        samples.write([("a", Sample(1_800_000_000.0, 1.0))])
        filler = fill(small_disk)
        with pytest.raises(DiskFullError, match="kept for the session log"):
            samples.write([("a", Sample(1_800_000_001.0, 1.0))])
        assert (small_disk / "data" / "opsconsole.reserve").exists()
        filler.unlink()
        assert samples.write([("a", Sample(1_800_000_001.0, 1.0))]).stored == 1


def test_a_database_that_may_not_grow_keeps_what_it_has(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.append(NewEntry("note", "before"))
        pages = journal.database.connection.execute("PRAGMA page_count").fetchone()[0]
        journal.database.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        written = 1 + append_until_full(journal, "x" * 500)
        assert (journal.verify().status, journal.verify().entries) == ("ok", written)
        journal.database.connection.execute("PRAGMA max_page_count = 1000000")
        journal.append(NewEntry("note", "after"))
        assert (journal.verify().status, journal.verify().entries) == ("ok", written + 1)


LIMITED = """
import os, resource, sys
from pathlib import Path
from opsconsole.domain.entries import NewEntry
from opsconsole.journal.errors import DiskFullError
from opsconsole.journal.journal import Journal
with Journal(Path(sys.argv[1])) as journal:
    journal.append(NewEntry("note", "before"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_200_000, resource.RLIM_INFINITY))
    written = 1
    try:
        while written < 20_000:
            journal.append(NewEntry("note", "x" * 15_000))
            written += 1
    except DiskFullError as error:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        found = journal.verify()
        print(found.status, found.entries == written, "no room" in str(error))
"""


def test_a_limit_on_the_size_of_files_is_told_like_a_full_disk(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
    )
    assert (ended.stdout.split(), ended.stderr) == (["ok", "True", "True"], "")
