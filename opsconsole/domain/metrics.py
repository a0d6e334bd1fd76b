"""What can be measured: each kind of metric with its unit, and which direction is bad.

A *kind* is one sort of value ("cpu"); a *series* is one kind at one place ("prometheus.web-1.cpu"). The
catalogue below names every kind the console knows; sources refer to it and never invent a unit of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Unit(StrEnum):
    """What one of a value is. The text is what JSON output carries beside the value."""

    SECONDS = "seconds"
    RATIO = "ratio"
    BYTES = "bytes"
    BYTES_PER_SECOND = "bytes/s"
    PER_SECOND = "1/s"
    COUNT = "count"
    DAYS = "days"


class Direction(StrEnum):
    """Which way of a value is bad."""

    HIGH = "high"
    LOW = "low"
    NEITHER = "neither"


class Group(StrEnum):
    """The part of the system a metric tells about; one heading on the Metrics screen."""

    APPLICATION = "application"
    PROBES = "probes"
    INFRASTRUCTURE = "infrastructure"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class Metric:
    """One kind of value.

    Attributes:
        kind: the stable name, snake_case, used in ids, in the configuration and in the database.
        title: what a person reads.
        unit: what one of it is.
        bad: the direction that is bad.
        group: where it is shown.
    """

    kind: str
    title: str
    unit: Unit
    bad: Direction
    group: Group


def _catalogue(*metrics: Metric) -> dict[str, Metric]:
    return {metric.kind: metric for metric in metrics}


_HIGH, _LOW, _NEITHER = Direction.HIGH, Direction.LOW, Direction.NEITHER
_APP, _PROBES, _INFRA = Group.APPLICATION, Group.PROBES, Group.INFRASTRUCTURE

CATALOGUE: Final = _catalogue(
    Metric("availability", "Availability", Unit.RATIO, _LOW, _APP),
    Metric("response_time", "Response time", Unit.SECONDS, _HIGH, _APP),
    Metric("response_time_p50", "Response time p50", Unit.SECONDS, _HIGH, _APP),
    Metric("response_time_p95", "Response time p95", Unit.SECONDS, _HIGH, _APP),
    Metric("response_time_p99", "Response time p99", Unit.SECONDS, _HIGH, _APP),
    Metric("error_rate", "Error rate", Unit.RATIO, _HIGH, _APP),
    Metric("throughput", "Throughput", Unit.PER_SECOND, _NEITHER, _APP),
    Metric("probe", "Probe", Unit.SECONDS, _HIGH, _PROBES),
    Metric("certificate", "Certificate", Unit.DAYS, _LOW, _PROBES),
    Metric("cpu", "CPU", Unit.RATIO, _HIGH, _INFRA),
    Metric("iowait", "I/O wait", Unit.RATIO, _HIGH, _INFRA),
    Metric("steal", "Steal", Unit.RATIO, _HIGH, _INFRA),
    Metric("memory", "Memory", Unit.RATIO, _HIGH, _INFRA),
    Metric("swap", "Swap", Unit.RATIO, _HIGH, _INFRA),
    Metric("load", "Load per core", Unit.COUNT, _HIGH, _INFRA),
    Metric("disk", "Disk free", Unit.RATIO, _LOW, _INFRA),
    Metric("inodes", "Inodes free", Unit.RATIO, _LOW, _INFRA),
    Metric("network_received", "Network in", Unit.BYTES_PER_SECOND, _NEITHER, _INFRA),
    Metric("network_sent", "Network out", Unit.BYTES_PER_SECOND, _NEITHER, _INFRA),
)
"""Every kind the console knows, by its name."""
