"""The host's memory, swap and load."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from opsconsole.domain.reading import Json, Measurement
from opsconsole.sources.host_cgroup import memory_limit


def measure_memory(at: float, cgroup: Path) -> Iterator[Measurement]:
    """Memory in use, as a share of all of it or of the container's limit where that is tighter; swap where it is.

    In use is what could not be had without swapping: all but what the kernel calls available.
    """
    import psutil

    memory = psutil.virtual_memory()
    total, available = memory.total, memory.available
    facts: dict[str, Json] = {"available": available, "total": total}
    limit = memory_limit(cgroup)
    if limit is not None and limit.total < total:
        total, available = limit.total, min(available, max(0, limit.total - limit.used))
        facts = {"available": available, "total": total, "machine_total": memory.total}
    if total > 0:
        yield Measurement("host.memory", "memory", 1.0 - available / total, at, facts=facts)
    swap = _swap()
    if swap is not None and swap[0] > 0:
        total, free = swap
        yield Measurement("host.swap", "swap", 1.0 - free / total, at, facts={"free": free, "total": total})


def _swap() -> tuple[int, int] | None:
    """Total and free bytes of swap. On Linux from /proc/meminfo: psutil also reads vmstat, which costs twice."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found = {line.split()[0]: int(line.split()[1]) * 1024 for line in lines if line.startswith("Swap")}
        return found["SwapTotal:"], found["SwapFree:"]
    except (OSError, ValueError, KeyError, IndexError):
        pass
    import psutil

    try:
        swap = psutil.swap_memory()
    except (OSError, RuntimeError):  # macOS and some containers do not tell
        return None
    return swap.total, swap.free


def measure_load(at: float) -> Iterator[Measurement]:
    """The load of the last minute for each core: above 1 there is more work than cores."""
    import psutil

    try:
        loads = psutil.getloadavg()
    except OSError:
        return
    cores = psutil.cpu_count() or 1
    facts: dict[str, Json] = {"load_1": loads[0], "load_5": loads[1], "load_15": loads[2], "cores": cores}
    yield Measurement("host.load", "load", loads[0] / cores, at, facts=facts)
