"""What a running program costs, seen from outside: processor time, memory, of it and everything it started."""

from __future__ import annotations

import os
import time
from pathlib import Path

import psutil


def family(pid: int) -> list[int]:
    """The process and all its descendants that live."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.Error:
        return []


def cpu_seconds(pid: int) -> float:
    """Processor seconds (user and system) used so far, of the process, its descendants and those they waited for.

    On Linux a process's own part is read from its processor clock, to the nanosecond (as `clock_getcpuclockid` of
    libc does it: the clock's number is made of the process id), since `times` counts in steps of 10 ms.
    """
    total = 0.0
    for member in family(pid):
        try:
            times = psutil.Process(member).cpu_times()
        except psutil.Error:
            continue
        own = times.user + times.system
        if os.uname().sysname == "Linux":
            try:
                own = time.clock_gettime((~member << 3) | 2)
            except OSError:
                continue
        total += own + getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return total


def proportional_megabytes(pid: int) -> float | None:
    """Memory in MB (10^6 bytes): private pages and its share of the others. None where that is not told."""
    total = 0
    for member in family(pid):
        try:
            rollup = Path(f"/proc/{member}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
    return total * 1_024 / 1e6 if total else None
