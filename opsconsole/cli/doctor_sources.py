"""What the doctor looks at outside: each source, polled once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from opsconsole.cli.finding import Finding
from opsconsole.config.model import Config
from opsconsole.domain.reading import Layer, Reading, Status, worst
from opsconsole.domain.units import duration

_ADVICE: Final[Mapping[str, str]] = {
    Layer.DNS: "check the name in the address, and the name servers of this machine (/etc/resolv.conf)",
    Layer.CONNECT: "check host and port, whether the service runs, and what a firewall lets through",
    Layer.TLS: "check the certificate: its names, its dates and its chain",
    Layer.HTTP: "check the path in the address and the statuses in expect",
    Layer.BODY: "check what the page says, and expect",
    Layer.JSON: "check what the page says, and json in expect",
}


async def sources(config: Config) -> list[Finding]:
    """Poll every source of the configuration once, all at the same time, and say which could be read."""
    from opsconsole.monitor.clocks import Clocks
    from opsconsole.monitor.control import ControlProbe
    from opsconsole.monitor.poller import poll_once
    from opsconsole.sources.registry import build_sources

    built = build_sources(config, oneshot=True)
    clocks = Clocks(time.time, time.monotonic)
    control = ControlProbe(config.network)
    try:
        readings = await asyncio.gather(*(poll_once(source, clocks, control) for source in built))
    finally:
        await asyncio.gather(*(source.close() for source in built), return_exceptions=True)
    if not built:
        advice = "add a [[probe]], or take enabled = false out of [host]"
        return [Finding("sources", Status.WARNING, "the configuration names no source", advice)]
    return [_finding(reading) for reading in readings]


def _finding(reading: Reading) -> Finding:
    """Reachable or not; what the values are worth is `opsconsole check`'s business."""
    if reading.failed:
        status = Status.UNKNOWN if reading.offline else Status.CRITICAL
        advice = (
            "mend the network of this machine"
            if reading.offline
            else f"look again: opsconsole check {reading.source}"
        )
        return Finding(reading.source, status, reading.problem, advice)
    judged = [each for each in reading.measurements if each.verdict is not None]
    status = worst(each.verdict.status for each in judged if each.verdict) if judged else Status.OK
    for each in judged:
        if each.verdict is not None and each.verdict.status is status and status is not Status.OK:
            layer = each.facts.get("layer")
            advice = _ADVICE.get(str(layer), f"look again: opsconsole check {reading.source}")
            return Finding(reading.source, status, each.verdict.reason, advice)
    if not reading.measurements:
        return Finding(
            reading.source, Status.UNKNOWN, "it told nothing", f"look again: opsconsole check {reading.source}"
        )
    return Finding(reading.source, status, f"answered within {duration(reading.took)}")
