"""The recorder: nobody waits for the disk, and what was said to it is not lost."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from opsconsole.domain.entries import NewEntry
from opsconsole.domain.series import Sample
from opsconsole.journal.errors import JournalError
from opsconsole.journal.journal import Journal
from opsconsole.journal.lock import FairLock
from opsconsole.journal.recorder import SAMPLES_KEPT, Recorder
from opsconsole.journal.samples import Samples
from tests.journal.writer import ROOT

NOON = 1_800_000_000.0


def until(true: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def texts(folder: Path) -> list[str]:
    with Journal(folder) as journal:
        assert journal.verify().status == "ok"
        return [entry.text for entry in journal.entries()]


async def test_an_entry_is_awaited_until_it_is_durable(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, environment="acme/production")
    entry = await recorder.append(NewEntry("note", "from asyncio"))
    assert (entry.seq, entry.text, entry.environment) == (1, "from asyncio", "acme/production")
    assert texts(tmp_path) == ["from asyncio"]
    assert recorder.close() == ""


async def test_what_is_not_awaited_is_written_in_order_all_the_same(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    for number in range(500):
        recorder.submit(NewEntry("note", str(number)))
    newest = await recorder.newest(1)
    assert [entry.text for entry in newest] == ["499"], "a question comes after what was said before"
    assert recorder.close() == ""
    assert texts(tmp_path) == [str(number) for number in range(500)]


async def test_an_entry_whose_caller_gives_up_is_written(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    lock = FairLock(tmp_path)
    with lock:
        waiting = asyncio.ensure_future(recorder.append(NewEntry("note", "kept")))
        await asyncio.sleep(0)
        waiting.cancel()
    lock.close()
    assert recorder.close() == ""
    assert texts(tmp_path) == ["kept"]


async def test_samples_are_written_in_batches_and_on_closing(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, flush_every=0.05)
    recorder.samples([("a", Sample(NOON, 1.0))])
    deadline = time.monotonic() + 20
    while not await recorder.query(lambda _, samples: samples.since("a", 0)):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    assert [bucket.count for bucket in await recorder.buckets("a", NOON, NOON + 10, 2)] == [1, 0]
    recorder.samples([("a", Sample(NOON + 1, 1.0))])
    assert recorder.close() == ""
    with Samples(tmp_path) as samples:
        assert len(samples.since("a", 0)) == 2


async def test_a_question_that_fails_fails_only_for_the_one_who_asked(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    with pytest.raises(ZeroDivisionError):
        await recorder.query(lambda _, __: 1 / 0)
    assert (await recorder.append(NewEntry("note", "on it goes"))).seq == 1
    assert recorder.close() == ""


def test_a_mistaken_entry_is_refused_at_once(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    with pytest.raises(ValueError, match="kind"):
        recorder.submit(NewEntry("", "no kind"))
    assert recorder.close() == ""


def test_an_entry_that_cannot_be_written_fails_is_kept_and_written_when_it_can_be(tmp_path: Path) -> None:
    told: list[str] = []
    with Journal(tmp_path):
        pass
    (tmp_path / "opsconsole.db").rename(tmp_path / "away")
    (tmp_path / "opsconsole.db").write_bytes(b"something else entirely" * 100)
    recorder = Recorder(tmp_path, on_distress=told.append)
    result = recorder.submit(NewEntry("note", "patience"))
    with pytest.raises(JournalError, match="not an SQLite database"):
        result.result(20)
    until(lambda: told)
    assert recorder.problem == recorder.distress == told[-1]
    (tmp_path / "away").rename(tmp_path / "opsconsole.db")
    recorder.submit(NewEntry("note", "and more")).result(20)
    until(lambda: told[-1] == "")
    assert recorder.problem == ""
    assert recorder.close() == ""
    assert texts(tmp_path) == ["patience", "and more"]


def test_what_was_never_written_is_in_a_text_file_after_closing(tmp_path: Path) -> None:
    (tmp_path / "opsconsole.db").write_bytes(b"something else entirely" * 100)
    recorder = Recorder(tmp_path)
    results = [recorder.submit(NewEntry("note", text, {"n": 1})) for text in ("one", "two\nlines")]
    said = recorder.close()
    [path] = tmp_path.glob("unwritten-*.txt")
    assert "2 entries of the session log could not be written" in said
    assert str(path) in said
    assert path.stat().st_mode & 0o777 == 0o600
    lines = path.read_text().splitlines()
    assert [line[0] for line in lines[:3]] == ["#"] * 3
    assert "not an SQLite database" in lines[1]
    assert [json.loads(line)["text"] for line in lines[3:]] == ["one", "two\nlines"]
    for result in results:
        with pytest.raises(JournalError):
            result.result(0)


def test_closing_takes_no_longer_than_asked_when_the_disk_hangs(tmp_path: Path) -> None:
    with Journal(tmp_path):
        pass
    lock = FairLock(tmp_path)
    with lock:  # as good as a disk that does not answer
        recorder = Recorder(tmp_path)
        recorder.submit(NewEntry("note", "stuck"))
        began = time.monotonic()
        said = recorder.close(0.3)
        assert time.monotonic() - began < 1.0
        assert "1 entry" in said
    lock.close()
    recorder._thread.join(20)
    assert "stuck" in next(tmp_path.glob("unwritten-*.txt")).read_text()


def test_closing_ends_a_long_question(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    asked = threading.Event()

    def endless(journal: Journal, samples: Samples) -> None:
        asked.set()
        journal.database.connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
        ).fetchall()

    result = recorder.request(endless)
    assert asked.wait(20)
    recorder.submit(NewEntry("note", "last words"))
    began = time.monotonic()
    while recorder._thread.is_alive() and time.monotonic() - began < 10:
        assert recorder.close(1.0) == ""
    assert time.monotonic() - began < 1.5
    assert isinstance(result.exception(0), sqlite3.OperationalError)
    assert texts(tmp_path) == ["last words"]


def test_after_closing_nothing_is_taken_and_closing_again_is_harmless(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    assert recorder.close() == ""
    assert recorder.close() == ""
    with pytest.raises(JournalError, match="closed"):
        recorder.submit(NewEntry("note", "too late")).result(0)
    with pytest.raises(JournalError, match="closed"):
        recorder.request(lambda journal, _: journal.head()).result(0)


def test_samples_that_no_disk_takes_are_dropped_oldest_first_and_counted(tmp_path: Path) -> None:
    (tmp_path / "opsconsole.db").write_bytes(b"something else entirely" * 100)
    recorder = Recorder(tmp_path)
    until(lambda: recorder.problem)
    recorder.samples(("a", Sample(NOON + index, 1.0)) for index in range(SAMPLES_KEPT + 10))
    assert recorder.dropped == 10
    assert recorder.close() == ""


def test_a_database_that_is_removed_while_it_is_used_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsconsole.journal.recorder.RETRY_AFTER", 0.1)
    recorder = Recorder(tmp_path)
    recorder.submit(NewEntry("note", "first")).result(20)
    for path in tmp_path.glob("opsconsole.db*"):
        path.unlink()
    result = recorder.submit(NewEntry("note", "second"))
    with pytest.raises(JournalError, match="No such file"):
        result.result(20)
    until(lambda: not recorder.problem)
    assert recorder.close() == ""
    assert texts(tmp_path) == ["second"]


FORGETFUL = """
import sys
from pathlib import Path
from opsconsole.domain.entries import NewEntry
from opsconsole.journal.recorder import Recorder
recorder = Recorder(Path(sys.argv[1]))
recorder.submit(NewEntry("note", "nobody closed me"))
raise SystemExit("it ended badly")
"""


def test_a_program_that_ends_without_closing_loses_nothing(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FORGETFUL, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (1, "it ended badly\n")
    assert texts(tmp_path) == ["nobody closed me"]


def test_importing_the_recorder_is_cheap() -> None:
    program = "import opsconsole.journal.recorder, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ}
    ).stdout.split()
    assert not {"httpx", "psutil", "textual", "rich", "click", "pydantic", "cryptography"} & set(loaded)
