"""The lease: one process of a data folder has it, and none that is gone keeps it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opsconsole.monitor.lease import NAME, Lease

REPOSITORY = Path(__file__).parents[2]
HOLDER = """
import sys
from pathlib import Path
from opsconsole.monitor.lease import Lease
lease = Lease(Path(sys.argv[1]))
print(lease.take(), flush=True)
sys.stdin.read()
"""


@contextmanager
def process(folder: Path) -> Iterator[tuple[subprocess.Popen[str], bool]]:
    """Another process that tries to take the lease and then stays; and whether it got it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout is not None
        try:
            yield started, started.stdout.readline() == "True\n"
        finally:
            started.kill()


def test_of_several_processes_one_has_it(tmp_path: Path) -> None:
    with process(tmp_path) as (_, first), process(tmp_path) as (_, second):
        assert [first, second] == [True, False]
        mine = Lease(tmp_path)
        assert not mine.take()
        assert not mine.held


def test_kill_9_frees_it_at_once(tmp_path: Path) -> None:
    mine = Lease(tmp_path)
    with process(tmp_path) as (holder, got):
        assert got
        assert not mine.take()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert mine.take()
        assert mine.held
    mine.give_back()


def test_who_has_it_keeps_it_until_it_is_given_back(tmp_path: Path) -> None:
    mine, other = Lease(tmp_path), Lease(tmp_path)
    assert mine.take()
    assert mine.take()
    assert not other.take()
    mine.give_back()
    mine.give_back()
    assert not mine.held
    assert other.take()
    other.give_back()


def test_a_child_that_is_started_meanwhile_does_not_inherit_it(tmp_path: Path) -> None:
    mine, other = Lease(tmp_path), Lease(tmp_path)
    assert mine.take()
    program = [sys.executable, "-c", "print(flush=True); __import__('time').sleep(60)"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, close_fds=False) as child:
        assert child.stdout is not None
        child.stdout.readline()
        mine.give_back()
        assert other.take()
        child.kill()
    other.give_back()


def test_each_data_folder_has_one_of_its_own_and_its_file_is_private(tmp_path: Path) -> None:
    leases = [Lease(tmp_path / name) for name in ("a", "b")]
    for name, lease in zip(("a", "b"), leases, strict=True):
        (tmp_path / name).mkdir()
        assert lease.take()
        assert (tmp_path / name / NAME).stat().st_mode & 0o077 == 0
        lease.give_back()


def test_a_folder_that_is_not_there_is_told_as_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Lease(tmp_path / "nowhere").take()
