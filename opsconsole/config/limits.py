"""Limits by kind of metric, each written in the unit of its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opsconsole.config.kinds import Kind, mapping, text
from opsconsole.config.problems import UNREADABLE, Place, instead, said
from opsconsole.config.values import ValueInWordsError, parse_duration, parse_ratio, parse_size
from opsconsole.domain.metrics import CATALOGUE, Direction, Unit
from opsconsole.domain.thresholds import DAY, HANDBOOK, Threshold
from opsconsole.domain.units import quantity


def _read_kind(value: Any, place: Place) -> Any:
    if value in CATALOGUE:
        return value
    return place.wrong("this kind of metric is not known", instead(value, CATALOGUE, "the kinds are"))


METRICS: Final = mapping(
    Kind("a kind of metric", _read_kind), text('"myapp_cpu_ratio"', longest=500), '{ cpu = "myapp_cpu_ratio" }'
)


def _read_days(value: object) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return parse_duration(value) / (1.0 if number else DAY)


def _read_number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise ValueInWordsError(f"{said(value)} is not a number", "write it like 1.5, without quotes")


_LIMITS: Final = {
    Unit.SECONDS: parse_duration,
    Unit.RATIO: parse_ratio,
    Unit.BYTES: parse_size,
    Unit.BYTES_PER_SECOND: parse_size,
    Unit.PER_SECOND: _read_number,
    Unit.COUNT: _read_number,
    Unit.DAYS: _read_days,
}


def _read_thresholds(value: Any, place: Place) -> Any:
    if not isinstance(value, dict):
        return place.wrong(f"{said(value)} is not a table", "write [thresholds.cpu] and its limits below")
    found: dict[str, Mapping[str, float]] = {}
    for kind, each in value.items():
        at = place.at(kind)
        if _read_kind(kind, at) is not UNREADABLE:
            limits = _read_limits(kind, each, at)
            if limits is not UNREADABLE:
                found[kind] = limits
    return found


def _read_limits(kind: str, value: Any, place: Place) -> Any:
    metric = CATALOGUE[kind]
    if metric.bad is Direction.NEITHER:
        return place.wrong(f"{metric.title} has no bad direction, so it can have no threshold", "take this out")
    if not isinstance(value, dict):
        return place.wrong(f"{said(value)} is not a table", f"write [{place.key}] with warning and critical below")
    limits: dict[str, float] = {}
    for name, each in value.items():
        at = place.at(name)
        if name not in ("warning", "critical"):
            at.wrong("this key is not known", instead(name, ("warning", "critical"), "the keys here are"))
            continue
        try:
            limits[name] = float(_LIMITS[metric.unit](each))
        except ValueInWordsError as problem:
            at.wrong(problem.message, problem.advice)
    default = HANDBOOK.get(kind) or Threshold(kind)
    try:
        Threshold(kind, limits.get("warning", default.warning), limits.get("critical", default.critical))
    except ValueError as problem:
        return place.wrong(str(problem), _mend_limits(default, limits))
    return limits


def _mend_limits(default: Threshold, limits: Mapping[str, float]) -> str:
    unit = CATALOGUE[default.kind].unit
    for name, other in (("warning", default.critical), ("critical", default.warning)):
        if name in limits and len(limits) == 1 and other is not None:
            missing = "critical" if name == "warning" else "warning"
            return f"its {missing} limit is the handbook's {quantity(other, unit)}; give a {missing} limit too"
    return "exchange them, or leave one out"


THRESHOLDS: Final = Kind("a table of limits by kind of metric", _read_thresholds, '{ cpu = { warning = "85%" } }')
