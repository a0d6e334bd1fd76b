"""A board on which everything happens at once: every state, three hosts, twenty probes, hostile labels."""

from __future__ import annotations

from typing import Final

from opsconsole.domain.reading import Measurement, Status, Verdict
from tests.screens.world import START, World

HOST_KINDS: Final = (
    ("cpu", ""), ("iowait", ""), ("steal", ""), ("memory", ""), ("swap", ""), ("load", ""), ("disk", "/"),
    ("disk", "/var"), ("inodes", "/"), ("network_received", ""), ("network_sent", ""),
)  # fmt: skip
HOST_VALUES: Final = (0.34, 0.02, 0.0, 0.61, 0.1, 0.8, 0.42, 0.091, 0.9, 120_000.0, 48_000.0)

DOWN: Final = Verdict(
    Status.CRITICAL, "Connect: nothing listens on port 443 of 192.0.2.7 (https://192.0.2.7/health)", "> 2 s"
)
LATE: Final = Verdict(Status.CRITICAL, "HTTP: answered 503 Service Unavailable, wanted 2xx", "> 2 s")


def host(world: World, source: str) -> list[Measurement]:
    """What one host tells."""
    return [
        world.value(f"{source}.{kind}{':' + label if label else ''}", kind, value, label)
        for (kind, label), value in zip(HOST_KINDS, HOST_VALUES, strict=True)
    ]


def announce(world: World) -> None:
    """Announce every source, as the configuration would."""
    expected = (("application.availability", "availability", ""),)
    world.source("application", 10.0, *expected)
    for number in range(20):
        name = f"probe.web-{number:02}"
        world.source(name, 10.0, (name, "probe", f"web-{number:02}"))
    for name in ("prometheus.web-1", "prometheus.web-2", "prometheus.db-1"):
        world.source(name, 15.0)
    world.source("host", 5.0, ("host.cpu", "cpu", ""))


def past(world: World, minutes: int = 60) -> None:
    """An hour in which the application became slow, a value a minute, with a gap in the middle."""
    for minute in range(minutes, -1, -1):
        world.time.now = START - minute * 60 - 7
        if 30 <= minute < 36:
            continue
        slow = 0.4 + (60 - minute) / 30
        world.read(
            "prometheus.web-1",
            world.value("prometheus.web-1.response_time_p50", "response_time_p50", slow / 3),
            world.value("prometheus.web-1.response_time_p95", "response_time_p95", slow),
            world.value("prometheus.web-1.response_time_p99", "response_time_p99", slow * 2),
            world.value("prometheus.web-1.error_rate", "error_rate", 0.0013 * (60 - minute)),
            world.value("prometheus.web-1.throughput", "throughput", 30.0 + minute % 7),
            *host(world, "prometheus.web-1"),
        )
    world.time.now = START


def present(world: World) -> None:
    """The moment of the frames: every state there is."""
    world.time.now = START - 100
    world.read("prometheus.db-1", *host(world, "prometheus.db-1"))  # goes stale
    world.read("prometheus.web-2", *host(world, "prometheus.web-2"))
    world.time.now = START - 25
    world.fail("prometheus.web-2", "connection refused by 192.0.2.12:9100")  # fails
    world.time.now = START - 4
    world.read("application", world.value("application.availability", "availability", 0.9998))
    for number in range(19):  # the twentieth is still waited for
        name = f"probe.web-{number:02}"
        label = f"web-{number:02}"
        value: float | None = 0.085 + number / 1_000
        verdict = None
        if number == 3:
            value, verdict = None, DOWN
        if number == 5:
            value = 2.41
        if number == 7:
            value, verdict = None, LATE
        probe = world.value(name, "probe", value, label, verdict=verdict, facts={"layer": "connect"})
        more = [world.value(f"{name}.certificate", "certificate", 11.4, label)] if number == 4 else []
        world.read(name, probe, *more)
    world.time.now = START


def rich_world(world: World | None = None) -> World:
    """A console over that board."""
    world = world or World()
    announce(world)
    past(world)
    present(world)
    return world
