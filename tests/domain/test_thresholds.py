"""What a reading is worth against the handbook's limits, and why."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.domain.metrics import CATALOGUE, Direction
from opsconsole.domain.reading import Json, Measurement, Status, Verdict
from opsconsole.domain.thresholds import HANDBOOK, Threshold, judge


def verdict(kind: str, value: float | None, **facts: Json) -> Verdict:
    return judge(Measurement(f"host.{kind}", kind, value, 0.0, facts=facts))


@pytest.mark.parametrize(
    ("kind", "value", "status"),
    [
        ("error_rate", 0.05, Status.OK),
        ("error_rate", 0.0501, Status.CRITICAL),
        ("response_time_p95", 2.0, Status.OK),
        ("response_time_p95", 2.01, Status.WARNING),
        ("cpu", 0.81, Status.WARNING),
        ("memory", 0.91, Status.WARNING),
        ("disk", 0.10, Status.OK),
        ("disk", 0.09, Status.WARNING),
        ("disk", 0.049, Status.CRITICAL),
        ("inodes", 0.0, Status.CRITICAL),
        ("certificate", 19.9, Status.WARNING),
        ("certificate", -1.0, Status.CRITICAL),
        ("throughput", 0.0, Status.OK),
        ("load", 90.0, Status.OK),
    ],
)
def test_the_handbook_s_limits(kind: str, value: float, status: Status) -> None:
    assert verdict(kind, value).status is status


def test_a_verdict_says_value_limit_and_side_in_words() -> None:
    assert verdict("error_rate", 0.078) == Verdict(Status.CRITICAL, "Error rate 7.8 % is above 5 %", "> 5 %")
    assert verdict("disk", 0.08).reason == "Disk free 8 % is below 10 %"
    assert verdict("disk", 0.5) == Verdict(Status.OK, "Disk free 50 %", "< 10 %")
    assert verdict("throughput", 3).threshold is None


@pytest.mark.parametrize("value", [None, math.nan])
@pytest.mark.parametrize("kind", CATALOGUE)
def test_no_value_is_unknown_and_never_green(kind: str, value: float | None) -> None:
    found = verdict(kind, value)
    assert found.status is Status.UNKNOWN
    assert found.reason == f"{CATALOGUE[kind].title} could not be read"


def test_the_reason_of_a_missing_value_is_its_own() -> None:
    measurement = Measurement("host.disk:/x", "disk", None, 0.0, problem="did not answer within 2.00 s")
    assert judge(measurement) == Verdict(Status.UNKNOWN, "did not answer within 2.00 s", "< 10 %")


def test_a_source_that_judged_by_itself_is_believed() -> None:
    own = Verdict(Status.CRITICAL, "connection refused")
    assert judge(Measurement("probe.web", "probe", 0.01, 0.0, verdict=own)) is own


@pytest.mark.parametrize(
    ("free", "full_in", "status"),
    [
        (0.15, 3600.0, Status.CRITICAL),
        (0.08, 3600.0, Status.CRITICAL),
        (0.15, 0, Status.CRITICAL),
        (0.15, 86_400.0, Status.OK),
        (0.20, 3600.0, Status.OK),
        (0.15, None, Status.OK),
        (0.15, True, Status.OK),
        (0.15, "soon", Status.OK),
        (0.15, math.nan, Status.OK),
        (0.15, -5.0, Status.OK),
        (0.08, None, Status.WARNING),
    ],
)
def test_a_disk_is_critical_when_it_is_low_and_full_within_a_day(
    free: float, full_in: Json, status: Status
) -> None:
    assert verdict("disk", free, full_in=full_in).status is status


def test_the_forecast_is_told_in_words() -> None:
    found = verdict("disk", 0.15, full_in=12_000.0)
    assert found.reason == "Disk free 15 %, and it will be full in 3 h 20 min at the present rate"
    assert found.threshold == "full within 24 h"


def test_limits_that_can_never_apply_are_refused() -> None:
    with pytest.raises(ValueError, match="no bad direction"):
        Threshold("throughput", warning=1)
    with pytest.raises(ValueError, match="milder"):
        Threshold("cpu", warning=0.9, critical=0.8)
    with pytest.raises(ValueError, match="milder"):
        Threshold("disk", warning=0.05, critical=0.10)
    for limit in (math.nan, math.inf):
        with pytest.raises(ValueError, match="finite"):
            Threshold("cpu", critical=limit)


def test_a_threshold_of_one_limit_or_none_is_one() -> None:
    assert Threshold("cpu").judge(0.99).status is Status.OK
    assert Threshold("cpu").words() is None
    assert Threshold("cpu", critical=0.9).words() == "> 90 %"
    assert Threshold("cpu", warning=0.8).words(Status.CRITICAL) == "> 80 %"
    assert Threshold("cpu", warning=0.8, critical=0.9).words(Status.CRITICAL) == "> 90 %"


BOUNDED = st.sampled_from([metric for metric in CATALOGUE.values() if metric.bad is not Direction.NEITHER])


@given(BOUNDED, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_a_worse_value_never_has_a_better_verdict(
    metric: object, first: float, second: float, value: float, worsening: float
) -> None:
    kind, bad = metric.kind, metric.bad  # type: ignore[attr-defined]
    mild, grave = sorted((first, second), reverse=bad is Direction.LOW)
    threshold = Threshold(kind, mild, grave)
    worse = value + worsening if bad is Direction.HIGH else value - worsening
    assert threshold.judge(worse).status.rank >= threshold.judge(value).status.rank


def test_the_handbook_speaks_only_of_kinds_that_exist() -> None:
    assert all(kind in CATALOGUE and limits.kind == kind for kind, limits in HANDBOOK.items())
