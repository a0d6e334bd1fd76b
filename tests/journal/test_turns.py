"""Several who write at once: one chain, nothing lost, and nobody waits long."""

from __future__ import annotations

import fcntl
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from opsconsole.domain.entries import NewEntry
from opsconsole.journal.errors import JournalError
from opsconsole.journal.journal import Journal
from opsconsole.journal.lock import FairLock
from tests.journal.writer import ROOT, acknowledged, start


@pytest.mark.parametrize("writers", [2, 4])
def test_processes_that_write_at_once_make_one_chain_and_lose_nothing(tmp_path: Path, writers: int) -> None:
    each = 150
    running = [start(tmp_path, f"w{number}", each, samples=5 if number == 0 else 0) for number in range(writers)]
    outputs = [process.communicate(timeout=60)[0] for process in running]
    told = [acknowledged(output) for output in outputs]
    assert [len(one) for one in told] == [each] * writers
    with Journal(tmp_path) as journal:
        assert journal.verify().status == "ok"
        there = {entry.id: (entry.seq, entry.hash) for entry in journal.entries()}
    assert len(there) == each * writers
    assert all(there[id_] == place for one in told for id_, place in one.items())


def test_a_lone_note_waits_little_beside_three_that_write_without_pause(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.append(NewEntry("note", "first"))
        running = [start(tmp_path, f"w{number}") for number in range(3)]
        try:
            _until(lambda: journal.head().seq > 100)
            waits = []
            for number in range(60):
                began = time.perf_counter()
                journal.append(NewEntry("note", f"lone {number}"))
                waits.append(time.perf_counter() - began)
                time.sleep(0.005)
            burst = journal.head().seq
        finally:
            for process in running:
                process.kill()
                process.communicate()
    assert burst > 300, "the others did write meanwhile"
    assert statistics.median(waits) < 0.05
    assert max(waits) < 1.0


def _until(true: object, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    assert callable(true)
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


HOLDER = """
import sys, time
from pathlib import Path
from opsconsole.journal.lock import FairLock
with FairLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def _holder(folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_lock_that_is_never_let_go_of_ends_in_an_error_that_names_its_holder(tmp_path: Path) -> None:
    with _holder(tmp_path) as holder:
        try:
            with Journal(tmp_path / "other") as journal:
                journal.append(NewEntry("note", "elsewhere nobody waits"))
            lock = FairLock(tmp_path, patience=0.2)
            for _ in range(2):
                with (
                    pytest.raises(JournalError, match=f"process {holder.pid} has held the lock .* for 0.2 s"),
                    lock,
                ):
                    pass
        finally:
            holder.kill()
    with lock:  # it ended with its process, and those who gave up left nothing behind
        pass
    lock.close()


def test_the_lock_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    with _holder(tmp_path) as holder:
        holder.send_signal(signal.SIGSTOP)
        entered = threading.Event()

        def enter() -> None:
            lock = FairLock(tmp_path)
            with lock:
                entered.set()
            lock.close()

        thread = threading.Thread(target=enter)
        thread.start()
        assert not entered.wait(0.1)
        holder.kill()
        thread.join(10)
    assert entered.is_set()


def test_whoever_waits_is_let_in_before_one_who_comes_again(tmp_path: Path) -> None:
    """The one who leaves and wants in again at once finds the doorway taken."""
    order: list[str] = []
    first, second = FairLock(tmp_path), FairLock(tmp_path)
    with first:
        thread = threading.Thread(target=lambda: _enter(second, order, "second"))
        thread.start()
        doorway = (tmp_path / "opsconsole.queue").open("rb")
        _until(lambda: _is_locked(doorway.fileno()))
    _enter(first, order, "first again")
    thread.join(10)
    doorway.close()
    first.close()
    second.close()
    assert order == ["second", "first again"]


def _enter(lock: FairLock, order: list[str], name: str) -> None:
    with lock:
        order.append(name)


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False
