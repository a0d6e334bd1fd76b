"""Measurements, readings, and the four words of the whole program."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.domain.metrics import CATALOGUE, Unit
from opsconsole.domain.reading import Measurement, Reading, Status, worst


def test_critical_is_worse_than_unknown_and_unknown_worse_than_a_warning() -> None:
    assert sorted(Status, key=lambda status: status.rank) == [
        Status.OK,
        Status.WARNING,
        Status.UNKNOWN,
        Status.CRITICAL,
    ]


def test_exit_codes_are_those_of_a_monitoring_plugin() -> None:
    assert {status.value: status.exit_code for status in Status} == {
        "ok": 0,
        "warning": 1,
        "critical": 2,
        "unknown": 3,
    }


def test_nothing_looked_at_is_not_ok() -> None:
    assert worst([]) is Status.UNKNOWN


@given(st.lists(st.sampled_from(Status), min_size=1))
def test_the_worst_is_one_of_them_and_none_is_worse(statuses: list[Status]) -> None:
    found = worst(statuses)
    assert found in statuses
    assert all(found.rank >= status.rank for status in statuses)
    assert worst(reversed(statuses)) is found


def test_a_reading_failed_when_it_says_why() -> None:
    assert Reading("host", 0, 0, problem="no").failed
    assert not Reading("host", 0, 0).failed


def test_a_measurement_knows_its_metric_and_cannot_be_changed() -> None:
    measurement = Measurement("host.cpu", "cpu", 0.5, 0.0)
    assert measurement.metric.unit is Unit.RATIO
    with pytest.raises(dataclasses.FrozenInstanceError):
        measurement.value = 0.1  # type: ignore[misc]
    with pytest.raises(KeyError):
        _ = Measurement("host.x", "nonsense", 1, 0).metric


def test_every_kind_is_named_as_the_configuration_names_it() -> None:
    for kind, metric in CATALOGUE.items():
        assert kind == metric.kind
        assert kind.isidentifier()
        assert kind == kind.lower()
        assert metric.title
