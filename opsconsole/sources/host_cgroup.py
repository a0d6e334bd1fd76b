"""The limits of the control group this machine consists of, where it is a container (cgroup v2).

The root of the hierarchy that is visible here has `cpu.max` and `memory.max` only inside a container with its own
cgroup namespace; on a real machine the true root has neither
(https://docs.kernel.org/admin-guide/cgroup-v2.html). The limits of the single service that this program may run in
say nothing about the machine and are not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CpuQuota:
    """How much processor the container may use.

    Attributes:
        cores: the quota in cores, 1.5 for one and a half.
        used: processor seconds used since it began.
    """

    cores: float
    used: float


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """How much memory the container may use.

    Attributes:
        total: the limit in bytes.
        used: bytes that cannot be given back at once: without the page cache that is not in active use.
    """

    total: int
    used: int


def cpu_quota(root: Path) -> CpuQuota | None:
    """The quota below `root`; None where there is none or it cannot be read."""
    quota, _, period = _text(root / "cpu.max").partition(" ")
    used = _fields(root / "cpu.stat").get("usage_usec")
    if not quota.isdigit() or not period.isdigit() or not int(period) or used is None:
        return None
    return CpuQuota(int(quota) / int(period), used / 1e6)


def memory_limit(root: Path) -> MemoryLimit | None:
    """The limit below `root`; None where there is none or it cannot be read."""
    limit, current = _text(root / "memory.max"), _text(root / "memory.current")
    if not limit.isdigit() or not current.isdigit() or not int(limit):
        return None
    idle_cache = _fields(root / "memory.stat").get("inactive_file", 0)
    return MemoryLimit(int(limit), max(0, int(current) - idle_cache))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _fields(path: Path) -> dict[str, int]:
    pairs = (line.split() for line in _text(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}
