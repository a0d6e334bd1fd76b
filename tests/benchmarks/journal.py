"""The journal's figures, as docs/journal.md has them: `python -m tests.benchmarks.journal`."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from opsconsole.config.model import Storage
from opsconsole.domain.entries import NewEntry
from opsconsole.domain.series import Sample
from opsconsole.journal.journal import Journal
from opsconsole.journal.samples import Samples
from tests.journal.writer import start, waits

SERIES, STEP = 40, 30.0


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def told(waited: list[float]) -> str:
    middle, late = waited[len(waited) // 2], waited[int(len(waited) * 0.99)]
    return f"p50 {middle * 1e3:.2f} ms, p99 {late * 1e3:.2f} ms, worst {waited[-1] * 1e3:.0f} ms"


def appends(folder: Path, writers: int, each: int) -> None:
    with Journal(folder):
        pass
    began = time.perf_counter()
    running = [start(folder, f"w{number}", each) for number in range(writers)]
    outputs = [process.communicate()[0] for process in running]
    rate = writers * each / (time.perf_counter() - began)
    waited = sorted(wait for output in outputs for wait in waits(output))
    print(f"append, {writers} writing at once: {told(waited)}, {rate:,.0f}/s (with start)")


def lone(folder: Path) -> None:
    with Journal(folder) as journal:
        running = [start(folder, f"w{number}") for number in range(3)]
        while journal.head().seq < 100:
            time.sleep(0.01)
        waited = []
        for number in range(200):
            waited.append(timed(lambda number=number: journal.append(NewEntry("note", str(number)))))  # type: ignore[misc]
            time.sleep(0.02)
        for process in running:
            process.kill()
            process.communicate()
    print(f"append, a lone one beside 3 without pause: {told(sorted(waited))}")


def verifying(folder: Path) -> None:
    with Journal(folder) as journal:
        for _ in range(100):
            journal.append_many([NewEntry("note", f"{'word ' * 15}{number}", {"n": 1}) for number in range(1_000)])
        took = timed(journal.verify)
        newest = timed(lambda: list(journal.entries(limit=100)))
        found = timed(lambda: list(journal.entries(text="999", limit=100)))
    size = (folder / "opsconsole.db").stat().st_size / 100_000
    print(f"verify, 100,000 entries: {took:.2f} s; {size:.0f} bytes an entry")
    print(f"newest 100: {newest * 1e3:.1f} ms; the newest 100 with a text: {found * 1e3:.0f} ms")


def series(folder: Path, days: float, storage: Storage, what: str) -> None:
    random = Random(1)
    now = [1_800_000_000.0]
    with Samples(folder, storage, clock=lambda: now[0]) as samples:
        end, writes, tidying = now[0] + days * 86_400, [], []
        while now[0] < end:
            batch = [(f"probe.s{n}", Sample(now[0] + random.random(), random.random())) for n in range(SERIES)]
            now[0] += STEP
            writes.append(timed(lambda batch=batch: samples.write(batch)))  # type: ignore[misc]
            if now[0] % 60 < STEP:
                tidying.append(timed(lambda: (samples.roll_up(), samples.prune())))
        print(
            f"{what}: a batch of {SERIES}: {told(sorted(writes))}; summing up and pruning: {told(sorted(tidying))}"
        )
        for name in ("raw", "minutes", "hours"):
            query = f"SELECT sum(pgsize), (SELECT count(*) FROM {name}) FROM dbstat WHERE name = '{name}'"
            size, rows = samples.database.connection.execute(query).fetchone()
            print(f"  {name}: {rows:,} rows, {size / max(rows, 1):.1f} bytes each")
        for span in (3_600.0, 6 * 3_600.0, 86_400.0, 7 * 86_400.0, days * 86_400):
            took = min(
                timed(lambda span=span: samples.buckets("probe.s7", now[0] - span, now[0], 120)) for _ in range(5)
            )  # type: ignore[misc]
            print(f"  chart of {span / 3_600:,.0f} h: {took * 1e3:.1f} ms")
        file = (folder / "opsconsole.db").stat().st_size
        print(f"  size by the budget {samples.size() / 2**20:.1f} MiB, file {file / 2**20:.1f} MiB")


def main() -> int:
    days = float(sys.argv[1]) if len(sys.argv) > 1 else 31.0
    with tempfile.TemporaryDirectory(prefix="opsconsole-journal-") as base:
        folder = Path(base)
        appends(folder / "1", 1, 5_000)
        appends(folder / "4", 4, 1_500)
        lone(folder / "lone")
        verifying(folder / "verify")
        series(folder / "series", days, Storage(), f"{SERIES} series every {STEP:.0f} s for {days:.0f} days")
        budget = Storage(samples=8 * 2**20)
        series(folder / "budget", 10, budget, "the same for 10 days within 8 MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
