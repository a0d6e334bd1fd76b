"""Rounds in which writers are killed (SIGKILL) at a random moment, and what must be true after each."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from opsconsole.journal.errors import NoJournalError
from opsconsole.journal.journal import Journal
from tests.journal.writer import acknowledged, start


@dataclass(slots=True)
class Outcome:
    kills: int = 0
    acknowledged: int = 0
    entries: int = 0
    broken: int = 0
    missing: int = 0


def kill_rounds(folder: Path, rounds: int, seed: int, writers: int = 2) -> Outcome:
    """Kill `writers` programs in each round; every fourth begins without a database, to hit its making too."""
    random = Random(seed)
    outcome = Outcome()
    place, known = folder / "0", dict[str, tuple[int, str]]()
    for number in range(rounds):
        if number % 4 == 0:
            place, known = folder / str(number), {}
        running = [start(place, f"w{index}", samples=3) for index in range(writers)]
        _wait_until_alive(place, running)
        for process in running:
            time.sleep(random.uniform(0, 0.2))
            process.kill()
        for process in running:
            output, _ = process.communicate(timeout=20)
            told = acknowledged(output)
            outcome.acknowledged += len(told)
            known |= told
        outcome.kills += writers
        _look(place, known, outcome)
    return outcome


def _wait_until_alive(place: Path, running: list[subprocess.Popen[bytes]]) -> None:
    """Until the lock file is there, which is made before the database: a kill before that would prove nothing."""
    deadline = time.monotonic() + 20
    while not (place / "opsconsole.lock").exists() and time.monotonic() < deadline:
        time.sleep(0.001)
        assert all(process.poll() is None for process in running)


def _look(place: Path, known: dict[str, tuple[int, str]], outcome: Outcome) -> None:
    try:
        with Journal(place, create=False) as journal:
            found = journal.verify()
            there = {entry.id: (entry.seq, entry.hash) for entry in journal.entries()}
    except NoJournalError:
        found, there = None, {}
    outcome.entries = max(outcome.entries, len(there))
    outcome.broken += found is not None and found.status != "ok"
    outcome.missing += sum(there.get(id_) != place_ for id_, place_ in known.items())
