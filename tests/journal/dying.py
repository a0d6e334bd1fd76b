"""Forks children which kill themselves at every step of SQLite's work in turn, and looks after each.

`python -m tests.journal.dying FOLDER statements|operations STRIDE` prints how many deaths there were. A step is a
statement, or one operation of SQLite's virtual machine.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from opsconsole.domain.entries import NewEntry
from opsconsole.domain.series import Sample
from opsconsole.journal.journal import Journal
from opsconsole.journal.samples import Samples

_REAL_CONNECT = sqlite3.connect


def _die_at(step: int, how: str) -> None:
    """Make every connection of this process count its steps; at this one the process is killed."""
    taken = 0

    def count(*_: object) -> int:
        nonlocal taken
        taken += 1
        if taken == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0

    def connect(*arguments: object, **keywords: object) -> sqlite3.Connection:
        connection = _REAL_CONNECT(*arguments, **keywords)  # type: ignore[call-overload]
        if how == "statements":
            connection.set_trace_callback(count)
        else:
            connection.set_progress_handler(count, 1)
        return connection

    sqlite3.connect = connect  # type: ignore[assignment]


def _write(folder: Path) -> None:
    with Journal(folder) as journal:
        for number in range(2):
            entry = journal.append(NewEntry("note", f"number {number}"))
            with (folder / "acknowledged").open("a") as file:
                file.write(f"{entry.id}\n")
    with Samples(folder, clock=lambda: 1_000_000_000.0) as samples:
        samples.write(("a", Sample(1_000_000_000.0 + index, 1.0)) for index in range(3))
        samples.roll_up(1_000_010_000.0)
        samples.write([("a", Sample(1_000_000_000.5, 1.0))])
        samples.roll_up(1_000_010_000.0)


def _look(folder: Path) -> None:
    with Journal(folder) as journal:
        found = journal.verify()
        there = {entry.id for entry in journal.entries()}
        told = folder / "acknowledged"
        known = set(told.read_text().split()) if told.exists() else set()
        assert found.status == "ok", found
        assert known <= there, known - there
        entry = journal.append(NewEntry("note", "life goes on"))
        assert entry.seq == found.entries + 1
    with Samples(folder, clock=lambda: 1_000_000_000.0) as samples:
        samples.roll_up(1_000_010_000.0)
        raw = samples.database.connection.execute("SELECT count(*) FROM raw").fetchone()[0]
        summed = samples.database.connection.execute("SELECT coalesce(sum(count), 0) FROM hours").fetchone()[0]
        rows = samples.database.connection.execute("SELECT rows FROM tiers WHERE name = 'raw'").fetchone()[0]
        assert raw == summed == rows, (raw, summed, rows)


def _in_child(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
            os._exit(1)
    return os.waitpid(child, 0)[1]


def main() -> int:
    base, how, stride = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    step, deaths = 1, 0
    while True:
        folder = base / f"{how}-{step}"
        folder.mkdir()

        def dying(step: int = step, folder: Path = folder) -> None:
            _die_at(step, how)
            _write(folder)

        status = _in_child(dying)
        if os.WIFEXITED(status):
            print(deaths)
            return os.WEXITSTATUS(status)
        deaths += 1
        _look(folder)
        shutil.rmtree(folder)
        step += stride


if __name__ == "__main__":
    sys.exit(main())
