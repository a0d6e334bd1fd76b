"""The handbook's thresholds: what a single reading is worth, and why, in words.

These are limits for one reading. When a breach must last before somebody is woken is the alert rules' business;
they build on the same limits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from opsconsole.domain.metrics import CATALOGUE, Direction
from opsconsole.domain.reading import Json, Measurement, Status, Verdict
from opsconsole.domain.units import duration, limit_quantity, quantity

DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Threshold:
    """The limits of one kind of metric.

    A value is bad when it lies beyond the limit (above it where high is bad, below it where low is bad); the
    limit itself is still good. The kind says which direction is bad.

    Attributes:
        kind: the kind of metric, a key of `CATALOGUE`.
        warning: the limit of the lesser sort, in the kind's unit, or None.
        critical: the limit of the graver sort, or None.
    """

    kind: str
    warning: float | None = None
    critical: float | None = None

    def __post_init__(self) -> None:
        """Refuse limits that can never apply.

        Raises:
            ValueError: the kind has no bad direction, a limit is no number, or the critical limit is the milder.
        """
        metric = CATALOGUE[self.kind]
        if metric.bad is Direction.NEITHER:
            raise ValueError(f"{metric.title} has no bad direction, so it can have no threshold")
        if any(limit is not None and not math.isfinite(limit) for limit in (self.warning, self.critical)):
            raise ValueError(f"a threshold of {metric.title} must be a finite number")
        if self.warning is not None and self.critical is not None and self._beyond(self.warning, self.critical):
            raise ValueError(
                f"the critical limit of {metric.title} is milder than its warning limit, so it could never warn"
            )

    def _beyond(self, value: float, limit: float) -> bool:
        return value > limit if CATALOGUE[self.kind].bad is Direction.HIGH else value < limit

    def words(self, status: Status | None = None) -> str | None:
        """The limit in words, "> 2 s": that of `status`, else the first one that a worsening value meets."""
        limit = self.critical if status is Status.CRITICAL and self.critical is not None else self.warning
        if limit is None:
            limit = self.critical
        if limit is None:
            return None
        sign = ">" if CATALOGUE[self.kind].bad is Direction.HIGH else "<"
        return f"{sign} {limit_quantity(limit, CATALOGUE[self.kind].unit)}"

    def judge(self, value: float) -> Verdict:
        """What one value is worth against these limits."""
        metric = CATALOGUE[self.kind]
        said = f"{metric.title} {quantity(value, metric.unit)}"
        for status, limit in ((Status.CRITICAL, self.critical), (Status.WARNING, self.warning)):
            if limit is not None and self._beyond(value, limit):
                side = "above" if metric.bad is Direction.HIGH else "below"
                return Verdict(
                    status, f"{said} is {side} {limit_quantity(limit, metric.unit)}", self.words(status)
                )
        return Verdict(Status.OK, said, self.words())


HANDBOOK: Final[Mapping[str, Threshold]] = {
    threshold.kind: threshold
    for threshold in (
        Threshold("error_rate", critical=0.05),
        Threshold("response_time", warning=2.0),
        Threshold("response_time_p95", warning=2.0),
        Threshold("probe", warning=2.0),
        Threshold("cpu", warning=0.80),
        Threshold("memory", warning=0.90),
        Threshold("disk", warning=0.10, critical=0.05),
        Threshold("inodes", warning=0.10, critical=0.05),
        Threshold("certificate", warning=20.0, critical=3.0),
    )
}
"""The limits by kind. Error rate, response time, CPU and disk are the handbook's; memory below 10 % available and
certificate days follow awesome-prometheus-alerts; the critical limits of disk and inodes are ours (half of the
warning)."""

FILLING_BELOW: Final = 0.20
"""A file system is only judged by its forecast when less than this share is free (node_exporter's mixin)."""


def judge(measurement: Measurement, thresholds: Mapping[str, Threshold] = HANDBOOK) -> Verdict:
    """The verdict of one measurement: its source's own, else by the limits of its kind.

    No value, or a value that is no number, is unknown, with the reason; a kind without limits is ok.
    """
    if measurement.verdict is not None:
        return measurement.verdict
    metric = measurement.metric
    threshold = thresholds.get(measurement.kind)
    limit = threshold.words() if threshold else None
    if measurement.value is None or math.isnan(measurement.value):
        return Verdict(Status.UNKNOWN, measurement.problem or f"{metric.title} could not be read", limit)
    if threshold is None:
        return Verdict(Status.OK, f"{metric.title} {quantity(measurement.value, metric.unit)}")
    verdict = threshold.judge(measurement.value)
    if measurement.kind == "disk" and verdict.status is not Status.CRITICAL:
        return _filling(measurement.value, measurement.facts, verdict)
    return verdict


def _filling(free: float, facts: Mapping[str, Json], verdict: Verdict) -> Verdict:
    """Critical, although enough is free now, when the trend reaches zero within a day."""
    seconds = facts.get("full_in")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        return verdict
    if free >= FILLING_BELOW or not 0 <= seconds < DAY:
        return verdict
    return Verdict(
        Status.CRITICAL,
        f"{verdict.reason}, and it will be full in {duration(float(seconds))} at the present rate",
        "full within 24 h",
    )


def limits(overrides: Mapping[str, Mapping[str, float]]) -> dict[str, Threshold]:
    """The handbook's thresholds with these changes: kind → {"warning": limit, "critical": limit}.

    Raises:
        ValueError: an override contradicts itself or the limit that it leaves in place.
    """
    changed = dict(HANDBOOK)
    for kind, given in overrides.items():
        present = changed.get(kind, Threshold(kind))
        changed[kind] = Threshold(
            kind, given.get("warning", present.warning), given.get("critical", present.critical)
        )
    return changed
