"""The host's processor: use, waiting for disks, and time stolen by the hypervisor, between two readings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opsconsole.domain.reading import Json, Measurement
from opsconsole.sources.host_cgroup import CpuQuota, cpu_quota


@dataclass(frozen=True, slots=True)
class CpuReading:
    """The processor's clocks at one moment.

    Attributes:
        at: seconds of the monotonic clock.
        times: seconds spent in each mode since boot, over all cores, guests not counted twice.
        quota: the container's quota, None without one.
        own: seconds of processor time that this program has used.
    """

    at: float
    times: dict[str, float]
    quota: CpuQuota | None
    own: float

    @classmethod
    def take(cls, cgroup: Path) -> CpuReading:
        """Read the clocks now; `cgroup` is the root of the control groups."""
        import psutil

        times = psutil.cpu_times()._asdict()
        # Linux counts a guest's time in user and nice as well.
        for guest in ("guest", "guest_nice"):
            times.pop(guest, None)
        return cls(time.monotonic(), times, cpu_quota(cgroup), time.process_time())


def measure(before: CpuReading, now: CpuReading, at: float, *, without_own: bool = False) -> Iterator[Measurement]:
    """What happened between two readings.

    `cpu` is the share of time that was neither idle nor waiting for a disk; stolen time is in it, since the work
    it belongs to was there. In a container with a quota it is the use against that quota, and the machine's own
    share stands in the facts.

    Args:
        before: the earlier reading.
        now: the later one.
        at: when the later one was taken, seconds since the epoch.
        without_own: leave out what this program used itself. In the short sample of the first poll it is still
            loading, and a check would warn of nothing but itself.
    """
    spent = {mode: max(0.0, now.times[mode] - before.times.get(mode, 0.0)) for mode in now.times}
    total = sum(spent.values())
    if total <= 0:
        yield Measurement("host.cpu", "cpu", None, at, problem="the processor's clocks did not move")
        return
    own = max(0.0, now.own - before.own) if without_own else 0.0
    busy = max(0.0, 1.0 - (spent.get("idle", 0.0) + spent.get("iowait", 0.0) + own) / total)
    elapsed = now.at - before.at
    facts: dict[str, Json] = {"window": round(elapsed, 3)}
    if without_own:
        facts["own_ratio"] = round(own / total, 4)
    share = busy
    if now.quota is not None and before.quota is not None and elapsed > 0:
        share = max(0.0, now.quota.used - before.quota.used - own) / (now.quota.cores * elapsed)
        facts |= {"quota_cores": now.quota.cores, "machine_ratio": round(busy, 4)}
    yield Measurement("host.cpu", "cpu", share, at, facts=facts)
    for mode in ("iowait", "steal"):
        if mode in spent:
            yield Measurement(f"host.{mode}", mode, spent[mode] / total, at)
