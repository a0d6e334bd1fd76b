"""A machine through node_exporter: the same metrics as of this machine, by the same rules.

The names are those of node_exporter 1.x on Linux (https://github.com/prometheus/node_exporter).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from opsconsole.domain.counters import Counters
from opsconsole.domain.machine import Filling, Mount, real_mounts, traffic_interfaces
from opsconsole.domain.reading import Json, Measurement
from opsconsole.sources.prometheus_page import Page

_CPU: Final = "node_cpu_seconds_total"
_NETWORK: Final = {
    "network_received": "node_network_receive_bytes_total",
    "network_sent": "node_network_transmit_bytes_total",
}
_MEMORY: Final = ("MemTotal", "MemAvailable", "MemFree", "Buffers", "Cached", "SwapTotal", "SwapFree")
_DISKS: Final = ("size_bytes", "avail_bytes", "files", "files_free", "readonly", "device_error")


class Node:
    """A machine, where the page is node_exporter's; nothing otherwise.

    Args:
        prefix: what the ids begin with, "prometheus.web-1".
        label: what the measurements are labelled with: the name of the machine.
    """

    def __init__(self, prefix: str, label: str) -> None:
        self._prefix = prefix
        self._label = label
        self._cpu = Counters[str]()
        self._network = Counters[str]()
        self._filling: dict[str, Filling] = {}

    @property
    def names(self) -> set[str]:
        """The sample names to ask for."""
        memory = {f"node_memory_{name}_bytes" for name in _MEMORY}
        disks = {f"node_filesystem_{name}" for name in _DISKS}
        return {_CPU, "node_load1", *_NETWORK.values(), *memory, *disks}

    def measure(self, page: Page, clock: float, at: float) -> Iterator[Measurement]:
        """What the page tells of the machine. Arguments as for `Requests`."""
        yield from self._measure_cpu(page, clock, at)
        yield from self._measure_memory(page, at)
        yield from self._measure_disks(page, at)
        yield from self._measure_network(page, clock, at)

    def _measurement(
        self, kind: str, value: float | None, at: float, *, facts: dict[str, Json] | None = None, problem: str = ""
    ) -> Measurement:
        return Measurement(
            f"{self._prefix}.{kind}", kind, value, at, self._label, problem=problem, facts=facts or {}
        )

    def _measure_cpu(self, page: Page, clock: float, at: float) -> Iterator[Measurement]:
        reading: dict[str, dict[str, float]] = {}
        for series, seconds in page.of(_CPU):
            reading.setdefault(series.labels.get("cpu", ""), {})[series.labels.get("mode", "")] = seconds
        if not reading:
            return
        load = page.value("node_load1")
        if load is not None:
            facts: dict[str, Json] = {"load_1": load, "cores": len(reading)}
            yield self._measurement("load", load / len(reading), at, facts=facts)
        growth = self._cpu.step(reading, clock)
        if growth is None:
            yield self._measurement("cpu", None, at, problem="needs a second reading")
            return
        spent: dict[str, float] = {}
        for modes in growth.groups.values():
            for mode, seconds in modes.items():
                spent[mode] = spent.get(mode, 0.0) + seconds
        total = sum(spent.values())
        if total <= 0:
            yield self._measurement("cpu", None, at, problem="the processor's clocks did not move")
            return
        busy = 1.0 - (spent.get("idle", 0.0) + spent.get("iowait", 0.0)) / total
        yield self._measurement("cpu", busy, at, facts={"window": growth.elapsed, "cores": len(reading)})
        for mode in ("iowait", "steal"):
            if mode in spent:
                yield self._measurement(mode, spent[mode] / total, at)

    def _measure_memory(self, page: Page, at: float) -> Iterator[Measurement]:
        bytes_of = {name: page.value(f"node_memory_{name}_bytes") for name in _MEMORY}
        total, available = bytes_of["MemTotal"], bytes_of["MemAvailable"]
        if available is None and bytes_of["MemFree"] is not None:  # Linux before 3.14
            available = bytes_of["MemFree"] + (bytes_of["Buffers"] or 0.0) + (bytes_of["Cached"] or 0.0)
        if total and available is not None:
            facts: dict[str, Json] = {"available": available, "total": total}
            yield self._measurement("memory", 1.0 - available / total, at, facts=facts)
        total, free = bytes_of["SwapTotal"], bytes_of["SwapFree"]
        if total and free is not None:
            yield self._measurement("swap", 1.0 - free / total, at, facts={"free": free, "total": total})

    def _measure_disks(self, page: Page, at: float) -> Iterator[Measurement]:
        found: dict[str, dict[str, float]] = {}
        mounts: dict[str, Mount] = {}
        for name in _DISKS:
            for series, value in page.of(f"node_filesystem_{name}"):
                path = series.labels.get("mountpoint", "")
                found.setdefault(path, {})[name] = value
                device, fstype = series.labels.get("device", ""), series.labels.get("fstype", "")
                mounts[path] = Mount(path, device, fstype)
        writable = [
            Mount(path, mount.device, mount.fstype, found[path].get("readonly") == 1)
            for path, mount in mounts.items()
        ]
        shown = real_mounts(writable)
        for gone in self._filling.keys() - {mount.path for mount in shown}:
            del self._filling[gone]
        for mount in shown:
            yield from self._measure_disk(mount, found[mount.path], at)

    def _measure_disk(self, mount: Mount, values: dict[str, float], at: float) -> Iterator[Measurement]:
        label = f"{self._label} {mount.path}"
        disk, inodes = f"{self._prefix}.disk:{mount.path}", f"{self._prefix}.inodes:{mount.path}"
        size, free = values.get("size_bytes"), values.get("avail_bytes")
        if values.get("device_error") == 1 or not size or free is None:
            problem = f"{self._label} could not read the file system {mount.path}"
            yield Measurement(disk, "disk", None, at, label, problem=problem)
            return
        facts: dict[str, Json] = {
            "mount": mount.path,
            "free": free,
            "size": size,
            "device": mount.device,
            "fstype": mount.fstype,
            "full_in": self._filling.setdefault(mount.path, Filling()).add(at, free),
        }
        yield Measurement(disk, "disk", free / size, at, label, facts=facts)
        files, files_free = values.get("files"), values.get("files_free")
        if files and files_free is not None:
            facts = {"mount": mount.path, "free": files_free, "total": files}
            yield Measurement(inodes, "inodes", files_free / files, at, label, facts=facts)

    def _measure_network(self, page: Page, clock: float, at: float) -> Iterator[Measurement]:
        reading: dict[str, dict[str, float]] = {}
        for kind, name in _NETWORK.items():
            for series, count in page.of(name):
                reading.setdefault(series.labels.get("device", ""), {})[kind] = count
        if not reading:
            return
        interfaces = traffic_interfaces(reading)
        growth = self._network.step({name: reading[name] for name in interfaces}, clock)
        if growth is None:
            return
        for kind in _NETWORK:
            grown = sum(parts.get(kind, 0.0) for parts in growth.groups.values())
            facts: dict[str, Json] = {"interfaces": list[Json](interfaces), "window": growth.elapsed}
            yield self._measurement(kind, grown / growth.elapsed, at, facts=facts)
