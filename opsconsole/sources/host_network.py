"""The host's network traffic, from the second reading on."""

from __future__ import annotations

import time
from collections.abc import Iterator

from opsconsole.domain.counters import Counters
from opsconsole.domain.machine import traffic_interfaces
from opsconsole.domain.reading import Json, Measurement
from opsconsole.domain.text import plain

KINDS = ("network_received", "network_sent")


class Network:
    """Bytes a second over the interfaces that carry the machine's traffic, between two readings.

    The first reading gives nothing: there is no rate yet, and none is made up.
    """

    def __init__(self) -> None:
        self._counters = Counters[str]()

    def measure(self, at: float) -> Iterator[Measurement]:
        """The rates since the last call; nothing at the first one, or where the machine does not tell."""
        import psutil

        try:
            counters = psutil.net_io_counters(pernic=True, nowrap=False)
        except OSError:
            return
        names = traffic_interfaces(counters)
        reading = {
            name: {KINDS[0]: float(counters[name].bytes_recv), KINDS[1]: float(counters[name].bytes_sent)}
            for name in names
        }
        growth = self._counters.step(reading, time.monotonic())
        if growth is None or not names:
            return
        interfaces: list[Json] = [plain(name, 40) for name in names]
        for kind in KINDS:
            grown = sum(parts[kind] for parts in growth.groups.values())
            facts: dict[str, Json] = {"interfaces": interfaces, "window": round(growth.elapsed, 3)}
            yield Measurement(f"host.{kind}", kind, grown / growth.elapsed, at, facts=facts)
