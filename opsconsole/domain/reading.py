"""What a source found: measurements, gathered in a reading; and what they are worth: verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from opsconsole.domain.metrics import CATALOGUE, Metric

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""Anything that JSON can say."""


class Status(StrEnum):
    """The verdict words of the whole program; the value is the word that JSON output carries."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """How bad it is: critical before unknown before warning before ok."""
        return _RANK[self]

    @property
    def exit_code(self) -> int:
        """The exit code of a monitoring plugin (Monitoring Plugins guidelines): 0, 1, 2, 3."""
        return _EXIT_CODE[self]


_RANK = {Status.OK: 0, Status.WARNING: 1, Status.UNKNOWN: 2, Status.CRITICAL: 3}
_EXIT_CODE = {Status.OK: 0, Status.WARNING: 1, Status.CRITICAL: 2, Status.UNKNOWN: 3}


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of several; of none, unknown: nothing that was looked at is not ok."""
    return max(statuses, key=lambda status: status.rank, default=Status.UNKNOWN)


class Layer(StrEnum):
    """How far a probe came: the layer at which it failed, in the order they are passed."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    HTTP = "http"
    BODY = "body"
    JSON = "json"


class Verdict(NamedTuple):
    """What a value is worth.

    Attributes:
        status: one of the four.
        reason: why, one sentence for a person, without a full stop.
        threshold: the limit it was held against, in words ("> 2 s"), or None where there is none.
    """

    status: Status
    reason: str
    threshold: str | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value of one series, as a source found it.

    Attributes:
        id: the series: it begins with its source's id, "host.cpu", "probe.web", "host.disk:/var".
        kind: the kind of metric, a key of `CATALOGUE`.
        value: in the kind's unit; None where it could not be read, and then `verdict` or `problem` says why.
        at: when it was true, seconds since the epoch, UTC.
        label: what tells it from its siblings, "/var", "web-1"; "" where it has none.
        verdict: set by a source that judges by itself (a probe that failed); else the thresholds judge.
        problem: why there is no value, for a person; "" where there is one.
        facts: what else was found, JSON values only: the layer, the phase timings, the top processes.
    """

    id: str
    kind: str
    value: float | None
    at: float
    label: str = ""
    verdict: Verdict | None = None
    problem: str = ""
    facts: Mapping[str, Json] = field(default_factory=dict)

    @property
    def metric(self) -> Metric:
        """The kind of metric this is a value of."""
        return CATALOGUE[self.kind]


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcome of one poll of one source.

    Attributes:
        source: the source's id, "probe.web", "host", "prometheus.web-1".
        at: when the poll ended, seconds since the epoch, UTC.
        took: how long it took, seconds.
        measurements: what was found; may be empty when `problem` is set.
        problem: why the source itself could not be read, one sentence for a person; "" when it could. A probe
            whose target is down has no problem: it found out something.
        offline: whether `problem` may be due to this machine having no network (set by the poller).
    """

    source: str
    at: float
    took: float
    measurements: tuple[Measurement, ...] = ()
    problem: str = ""
    offline: bool = False

    @property
    def failed(self) -> bool:
        """Whether the source could not be read."""
        return bool(self.problem)
