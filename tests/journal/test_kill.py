"""Whatever is killed in the middle of whatever: nothing acknowledged is lost, and the chain holds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.journal.killing import kill_rounds
from tests.journal.writer import ROOT


def test_nothing_acknowledged_is_lost_when_writers_are_killed_at_random_moments(tmp_path: Path) -> None:
    outcome = kill_rounds(tmp_path, rounds=13, seed=20)
    assert outcome.kills == 26
    assert outcome.acknowledged > 0
    assert (outcome.missing, outcome.broken) == (0, 0)


@pytest.mark.parametrize(("how", "stride", "at_least"), [("statements", 1, 60), ("operations", 41, 40)])
def test_a_process_that_dies_at_any_step_leaves_a_whole_database(how: str, stride: int, at_least: int) -> None:
    # In memory where there is such a file system: this is about processes that die, not about machines.
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.journal.dying", folder, how, str(stride)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert int(ended.stdout) > at_least
