"""What was measured: figures with their goals, as a table and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a table.

    Attributes:
        name: what was measured.
        value: the median of the runs; None where it could not be measured.
        unit: "ms", "s", "B/s", "%", "MB", "x" or "".
        goal: in words; "" for a figure that is only shown.
        holds: whether the goal is kept; None where there is none.
        note: the range of the runs, what it was compared with, and whatever else helps to read it.
    """

    name: str
    value: float | None
    unit: str
    goal: str = ""
    holds: bool | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of one benchmark."""

    name: str
    title: str
    figures: tuple[Figure, ...]


def below(name: str, values: Sequence[float], unit: str, limit: float, note: str = "") -> Figure:
    """A figure whose median has to stay below a limit (or at it)."""
    middle = statistics.median(values)
    return Figure(name, middle, unit, f"≤ {limit:g} {unit}", middle <= limit, _joined(spread(values), note))


def shown(name: str, values: Sequence[float], unit: str, note: str = "") -> Figure:
    """A figure without a goal."""
    if not values:
        return Figure(name, None, unit, note=note or "not measured")
    return Figure(name, statistics.median(values), unit, note=_joined(spread(values), note))


def spread(values: Sequence[float]) -> str:
    """The lowest and highest of several runs."""
    return f"{number(min(values))}…{number(max(values))} of {len(values)}" if len(values) > 1 else ""


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of all lies, one that occurred (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def number(value: float) -> str:
    """A value with as many digits as say something."""
    if value and abs(value) < 0.1:
        return f"{value:.3f}"
    return f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 1_000 else f"{value:,.0f}"


def text(table: Table) -> str:
    """The table for a person."""
    rows = [("", "median", "goal", "", "")]
    for figure in table.figures:
        value = "–" if figure.value is None else f"{number(figure.value)} {figure.unit}".rstrip()
        verdict = {True: "holds", False: "MISSED", None: ""}[figure.holds]
        rows.append((figure.name, value, figure.goal, verdict, figure.note))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    layout = f"  {{:<{widths[0]}}}  {{:>{widths[1]}}}  {{:<{widths[2]}}}  {{:<{widths[3]}}}  {{}}"
    return "\n".join([f"\n{table.title}", *(layout.format(*row).rstrip() for row in rows)])


def as_json(tables: Sequence[Table]) -> dict[str, object]:
    """The tables as one JSON document's content."""
    return {"tables": [asdict(table) for table in tables]}


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
