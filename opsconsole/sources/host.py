"""This machine: processor, memory, load, file systems and network, through psutil."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from opsconsole.config.model import Host
from opsconsole.domain.reading import Measurement, Reading
from opsconsole.sources import host_cpu, host_memory
from opsconsole.sources.host_disks import PATIENCE, Disks
from opsconsole.sources.host_network import Network
from opsconsole.sources.host_processes import TopProcesses

FIRST_SAMPLE: Final = 0.08
"""Seconds that the very first poll watches the processor: there is no earlier reading to compare with. The clocks
tick a hundred times a second on each core, so this is good to a few per cent; `check` waits for it."""

STALE: Final = 60.0
"""An earlier reading of the processor that is older than this, and than three intervals, is not compared with: the
console was stopped meanwhile, and a mean over that time is not the present."""

BUSY: Final = 0.80
"""From this share of the processor on, the reading names the busiest processes."""


class HostSource:
    """This machine.

    Every poll compares with the one before; the first takes a short sample. What the machine does
    not tell (no swap, no load on some systems, no I/O wait on macOS) is left out.

    Args:
        config: `[host]`.
        cgroup: the root of the control groups, where a container's limits are found.
    """

    def __init__(self, config: Host, *, cgroup: Path = Path("/sys/fs/cgroup")) -> None:
        self.id = "host"
        self.table = "host"
        self.title = "This machine"
        self.interval = config.interval
        self.timeout = config.timeout
        self.remote = False
        self.expects = (
            ("host.cpu", "cpu", ""),
            ("host.memory", "memory", ""),
            ("host.load", "load", ""),
            *((f"host.disk:{path}", "disk", path) for path in config.disks or ("/",)),
        )
        self._cgroup = cgroup
        self._cpu: host_cpu.CpuReading | None = None
        self._disks = Disks(config.disks, patience=min(PATIENCE, config.timeout / 2))
        self._network = Network()
        self._top = TopProcesses()

    async def poll(self) -> Reading:
        """Read the machine once: about a millisecond, and the first time the sample besides."""
        began = time.monotonic()
        before = await self._earlier()
        first = self._cpu is None
        now = host_cpu.CpuReading.take(self._cgroup)
        self._cpu = now
        at = time.time()
        cpu = [
            await self._explained(measurement)
            for measurement in host_cpu.measure(before, now, at, without_own=first)
        ]
        measurements = (
            *cpu,
            *host_memory.measure_memory(at, self._cgroup),
            *host_memory.measure_load(at),
            *await self._disks.measure(at),
            *self._network.measure(at),
        )
        return Reading(self.id, time.time(), time.monotonic() - began, measurements)

    async def close(self) -> None:
        """Wait for no file system any more."""
        self._disks.close()

    async def _earlier(self) -> host_cpu.CpuReading:
        """A reading of the processor at least `FIRST_SAMPLE` old, waited for if need be."""
        before = self._cpu
        if before is None or time.monotonic() - before.at > max(STALE, 3 * self.interval):
            before = host_cpu.CpuReading.take(self._cgroup)
        too_early = FIRST_SAMPLE - (time.monotonic() - before.at)
        if too_early > 0:
            await asyncio.sleep(too_early)
        return before

    async def _explained(self, measurement: Measurement) -> Measurement:
        if measurement.kind != "cpu":
            return measurement
        if measurement.value is None or measurement.value <= BUSY:
            self._top.forget()
            return measurement
        return replace(measurement, facts={**measurement.facts, "top": await self._top.busiest()})
