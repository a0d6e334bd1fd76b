"""A process with several connections keeps its entries, whatever other processes open and close meanwhile."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from opsconsole.domain.entries import NewEntry
from opsconsole.domain.series import Sample
from opsconsole.journal.journal import Journal
from opsconsole.journal.samples import Samples

LOOK = "from pathlib import Path; from opsconsole.journal.journal import Journal; Journal(Path({!r})).close()"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="asks /proc which files are open")
def test_a_reader_elsewhere_never_takes_the_write_ahead_log_away(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal, Samples(tmp_path) as samples:
        journal.append(NewEntry("note", "before"))
        samples.write([("host.cpu", Sample(1_795_000_000.0, 0.5))])
        subprocess.run([sys.executable, "-c", LOOK.format(str(tmp_path))], check=True)
        journal.append(NewEntry("note", "after"))
        opened = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        assert not [name for name in opened if str(tmp_path) in name and name.endswith("(deleted)")]
        found = subprocess.run(
            [sys.executable, "-m", "opsconsole", "log", "show", "--data-dir", str(tmp_path)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert found.returncode == 0, found.stderr
        with Journal(tmp_path) as again:
            assert [entry.text for entry in again.entries()] == ["before", "after"]
        assert journal.verify().status == "ok"
