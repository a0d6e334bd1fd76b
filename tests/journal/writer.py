"""A program that writes to a database and acknowledges every entry; the tests start several, and kill them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from opsconsole.domain.entries import NewEntry
from opsconsole.domain.series import Sample
from opsconsole.journal.journal import Journal
from opsconsole.journal.samples import Samples

ROOT = Path(__file__).resolve().parents[2]


def start(
    folder: Path, name: str, count: int = 0, pause: float = 0.0, samples: int = 0
) -> subprocess.Popen[bytes]:
    """Start a writer: `count` entries (0 for ever), `pause` seconds apart, and `samples` of them with each."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.journal.writer", str(folder), name, str(count), str(pause), str(samples)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        cwd=ROOT,
    )


def acknowledged(output: bytes) -> dict[str, tuple[int, str]]:
    """Id → (seq, hash) of what a writer acknowledged in whole lines."""
    found: dict[str, tuple[int, str]] = {}
    for line in output.split(b"\n")[:-1]:
        seq, id_, digest, _ = line.decode().split(" ")
        found[id_] = (int(seq), digest)
    return found


def waits(output: bytes) -> list[float]:
    """How long each append took, seconds, in order of length."""
    return sorted(float(line.split(b" ")[3]) for line in output.split(b"\n")[:-1])


def main() -> None:
    folder, name, count, pause, samples = sys.argv[1:]
    written = 0
    with Journal(Path(folder)) as journal, Samples(Path(folder)) as stored:
        while not int(count) or written < int(count):
            began = time.perf_counter()
            entry = journal.append(NewEntry("note", f"{name} writes number {written}, and some words more"))
            took = time.perf_counter() - began
            os.write(1, f"{entry.seq} {entry.id} {entry.hash} {took:.6f}\n".encode())
            written += 1
            if int(samples):
                now = time.time()
                stored.write((f"{name}.{index}", Sample(now, float(index))) for index in range(int(samples)))
                stored.roll_up(now + 120)
            time.sleep(float(pause))


if __name__ == "__main__":
    main()
