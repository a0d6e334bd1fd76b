"""Which processes keep the processor busy. Asked only when it is busy, and never for command lines: those may
hold passwords.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path

from opsconsole.domain.reading import Json
from opsconsole.domain.text import plain
from opsconsole.sources.threads import in_thread

Process = tuple[int, float]
"""A process by its id and its start: ids are used again, and names change (kernel workers, exec)."""

Times = Mapping[Process, tuple[str, float]]
"""Process → its name, and the processor seconds it has used."""


class TopProcesses:
    """The busiest processes between two calls; the first of a busy stretch takes a short sample of its own."""

    SAMPLE = 0.2
    OLDEST = 60.0

    def __init__(self) -> None:
        self._before: tuple[float, Times] | None = None

    def forget(self) -> None:
        """The processor is calm: what was remembered will be too old when it is busy again."""
        self._before = None

    async def busiest(self, count: int = 5) -> list[Json]:
        """Each as {"pid", "name", "cpu_ratio"}, the share of all cores together that it used, busiest first."""
        if self._before is None or time.monotonic() - self._before[0] > self.OLDEST:
            self._before = await in_thread(_snapshot, name="host-processes")
            await asyncio.sleep(self.SAMPLE)
        began, before = self._before
        now_at, now = self._before = await in_thread(_snapshot, name="host-processes")
        capacity = (os.cpu_count() or 1) * (now_at - began)
        if capacity <= 0:
            return []
        shares = [
            (used - before.get(process, ("", 0.0))[1], process[0], name) for process, (name, used) in now.items()
        ]
        return [
            {"pid": pid, "name": plain(name, 60), "cpu_ratio": round(share / capacity, 4)}
            for share, pid, name in sorted(shares, reverse=True)[:count]
            if share > 0
        ]


def _snapshot() -> tuple[float, Times]:
    times = _from_proc() if Path("/proc/self/stat").exists() else _from_psutil()
    return time.monotonic(), times


def _from_proc() -> Times:
    """Straight from /proc/PID/stat (proc(5), fields 2, 14, 15 and 22): a tenth of what psutil's objects cost."""
    tick = os.sysconf("SC_CLK_TCK")
    found: dict[Process, tuple[str, float]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - no object for each of thousands of names
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb", buffering=0) as file:  # noqa: PTH123 - as above
                head, _, rest = file.read(1024).rpartition(b")")
        except OSError:  # it has ended meanwhile
            continue
        fields = rest.split()
        if len(fields) > 19:
            title = head.partition(b"(")[2].decode("utf-8", "replace")
            found[int(name), float(fields[19])] = title, (int(fields[11]) + int(fields[12])) / tick
    return found


def _from_psutil() -> Times:
    import psutil

    found: dict[Process, tuple[str, float]] = {}
    for process in psutil.process_iter(["name", "cpu_times", "create_time"]):
        times = process.info["cpu_times"]
        if times is not None:
            started = process.info["create_time"] or 0.0
            found[process.pid, started] = process.info["name"] or "?", times.user + times.system
    return found
