"""The demo's second exporter: a machine in node_exporter's names, whose values follow the scenario.

Names and labels are those of node_exporter 1.8 (github.com/prometheus/node_exporter).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from opsconsole.demo.metrics import metrics_page
from opsconsole.demo.scenarios import CALM, Conditions
from opsconsole.demo.server import Request, Response

_CORES: Final = ("0", "1", "2", "3")
_MEMORY: Final = 8 * 1024**3
_SWAP: Final = 2 * 1024**3
_SHARES: Final = {"user": 0.74, "system": 0.2, "nice": 0.01, "irq": 0.01, "softirq": 0.03, "steal": 0.01}
"""How the busy time of a processor is divided among node_exporter's modes."""
_MOUNTS: Final = (
    # device, type, mount point, bytes, share that is free (None: the scenario says)
    ("/dev/vda1", "ext4", "/", 40 * 1024**3, 0.61),
    ("/dev/vdb1", "xfs", "/var/lib/shop", 80 * 1024**3, None),
    ("tmpfs", "tmpfs", "/run", 819 * 1024**2, 0.99),
)
_COLUMNS: Final[tuple[tuple[str, str, Callable[[int, float], float]], ...]] = (
    # name, help, the value out of a file system's size and the share of it that is free
    ("size_bytes", "Filesystem size in bytes.", lambda size, free: size),
    ("free_bytes", "Filesystem free space in bytes.", lambda size, free: size * min(1.0, free + 0.01)),
    ("avail_bytes", "Filesystem space available to non-root users in bytes.", lambda size, free: size * free),
    ("files", "Filesystem total file nodes.", lambda size, free: size // 16_384),
    ("files_free", "Filesystem total free file nodes.", lambda size, free: size // 16_384 * 0.93),
)


class Node(Collector):
    """The machine: counters that grow as it is told that time passes, gauges that are as the conditions are.

    Attributes:
        registry: what its page is made from.
    """

    def __init__(self, random: Random) -> None:
        self.registry: Final = CollectorRegistry()
        self._random = random
        self._conditions = CALM
        self._cpu = {(core, mode): 0.0 for core in _CORES for mode in (*_SHARES, "idle", "iowait")}
        self._load = dict.fromkeys((1, 5, 15), CALM.cpu * len(_CORES))
        self._traffic = {"eth0": [4.1e9, 9.7e9], "lo": [8.3e8, 8.3e8]}
        self._booted = time.time() - 19 * 86_400
        self.registry.register(self)

    async def answer(self, request: Request) -> Response:
        """The exporter's pages."""
        if request.method not in ("GET", "HEAD"):
            return Response(405, b"Method Not Allowed\n")
        if request.path == "/metrics":
            return metrics_page(self.registry, request)
        return Response(200, b"Node Exporter\n") if request.path == "/" else Response(404, b"Not Found\n")

    def advance(self, seconds: float, conditions: Conditions, sent: int) -> None:
        """Let time pass under the conditions, in which `sent` bytes of pages left the machine."""
        self._conditions = conditions
        for core in _CORES:
            waiting = min(1.0, conditions.iowait * self._random.uniform(0.7, 1.3))
            busy = min(1.0 - waiting, conditions.cpu * self._random.uniform(0.85, 1.15))
            for mode, share in _SHARES.items():
                self._cpu[core, mode] += seconds * busy * share
            self._cpu[core, "iowait"] += seconds * waiting
            self._cpu[core, "idle"] += seconds * (1.0 - busy - waiting)
        for minutes, load in self._load.items():
            pull = min(1.0, seconds / (60 * minutes))
            self._load[minutes] = load + ((conditions.cpu + conditions.iowait) * len(_CORES) - load) * pull
        received, transmitted = self._traffic["eth0"]
        self._traffic["eth0"] = [received + sent * 0.3 + 3_000 * seconds, transmitted + sent + 2_000 * seconds]

    def collect(self) -> Iterator[Metric]:
        """Every family of the page."""
        yield _counter("node_cpu_seconds", "Seconds the CPUs spent in each mode.", ("cpu", "mode"), self._cpu)
        for minutes, load in self._load.items():
            yield GaugeMetricFamily(f"node_load{minutes}", f"{minutes}m load average.", load)
        yield from self._memory()
        yield from self._file_systems()
        for place, name in enumerate(("receive", "transmit")):
            values = {(device,): both[place] for device, both in self._traffic.items()}
            yield _counter(
                f"node_network_{name}_bytes", f"Network device statistic {name}_bytes.", ("device",), values
            )
        yield GaugeMetricFamily("node_boot_time_seconds", "Node boot time, in unixtime.", self._booted)
        yield GaugeMetricFamily("node_time_seconds", "System time in seconds since epoch.", time.time())

    def _memory(self) -> Iterator[Metric]:
        available = _MEMORY * (1 - self._conditions.memory)
        fields = {
            "MemTotal": _MEMORY,
            "MemAvailable": available,
            "MemFree": available * 0.45,
            "Buffers": available * 0.05,
            "Cached": available * 0.5,
            "SwapTotal": _SWAP,
            "SwapFree": _SWAP * 0.97,
        }
        for name, value in fields.items():
            yield GaugeMetricFamily(f"node_memory_{name}_bytes", f"Memory information field {name}_bytes.", value)

    def _file_systems(self) -> Iterator[Metric]:
        for column, title, value in _COLUMNS:
            family = GaugeMetricFamily(
                f"node_filesystem_{column}", title, labels=("device", "fstype", "mountpoint")
            )
            for device, kind, mount, size, share in _MOUNTS:
                free = self._conditions.disk_free if share is None else share
                family.add_metric((device, kind, mount), value(size, free))
            yield family


def _counter(name: str, title: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    """A family of counters, from the values of the labels (a tuple of strings) to the count."""
    family = CounterMetricFamily(name, title, labels=labels)
    for each, value in values.items():
        family.add_metric(each, value)
    return family
