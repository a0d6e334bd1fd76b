"""`opsconsole check`: poll every source once, judge what was found, print the verdicts and end with their code."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import click

from opsconsole.cli.configuration import load_config
from opsconsole.cli.options import NotDone
from opsconsole.cli.own_errors import reported
from opsconsole.cli.parser import command as shared_command
from opsconsole.cli.parser import forget_output, options
from opsconsole.config.model import Config
from opsconsole.domain.metrics import CATALOGUE
from opsconsole.domain.reading import Measurement, Reading, Status, Verdict, worst
from opsconsole.domain.thresholds import Threshold, judge, limits
from opsconsole.domain.units import quantity, utc
from opsconsole.sources.base import Source

AT_ONCE: Final = 3
"""How many polls are started in one breath."""
BREATH: Final = 0.001
"""Seconds until the next are started. In them the event loop serves those that are under way, so that no target
looks slow because two hundred others shake hands at the same moment: 12 ms were measured instead of 900."""


@dataclass(frozen=True, slots=True)
class Check:
    """One verdict of the command.

    Attributes:
        id: the series, or the source where it gave nothing.
        source: the configuration table's name.
        verdict: what it is worth.
        measurement: what was found, None where the source could not be read.
        kind: the kind of metric, "" where none is known.
        observed_at: when, seconds since the epoch.
    """

    id: str
    source: str
    verdict: Verdict
    measurement: Measurement | None
    kind: str
    observed_at: float

    def document(self, now: float) -> dict[str, Any]:
        """The check as the JSON document carries it."""
        measurement = self.measurement
        facts = dict(measurement.facts) if measurement else {}
        return {
            "id": self.id,
            "source": self.source,
            "status": self.verdict.status.value,
            "value": measurement.value if measurement else None,
            "unit": CATALOGUE[self.kind].unit.value if self.kind else None,
            "threshold": self.verdict.threshold,
            "summary": self.verdict.reason,
            "observed_at": utc(self.observed_at, milliseconds=True),
            "age": round(max(0.0, now - self.observed_at), 3),
            "layer": facts.pop("layer", None),
            "facts": facts,
        }


@shared_command("check")
@click.argument("wanted", metavar="[ID]...", nargs=-1)
def command(wanted: tuple[str, ...]) -> None:
    """Poll every source (or these) once, hold it against the thresholds and print the verdicts.

    An ID is that of a source ("probe.web", "host") or of one value ("host.cpu"). The exit code is that of the
    worst verdict: 0 ok, 1 warning, 2 critical, 3 unknown.
    """
    config = load_config(options())
    with reported(config):
        checks = asyncio.run(_check(config, wanted))
    status = worst(check.verdict.status for check in checks)
    try:
        _print(checks, status)
    except BrokenPipeError:
        forget_output()  # who reads the first lines only may still want the verdict
    sys.exit(status.exit_code)


def _print(checks: Sequence[Check], status: Status) -> None:
    from opsconsole.cli.output import document, emit, mark

    if options().json:
        now = time.time()
        emit(document("check", status=status.value, checks=[check.document(now) for check in checks]))
        return
    color = options().color and sys.stdout.isatty()
    width = max((len(check.id) for check in checks), default=0)
    for check in checks:
        shape = mark(check.verdict.status, color=color)
        emit(f"{shape}  {check.id:<{width}}  {_value(check):>10}  {_reason(check)}")
    emit(f"{mark(status, color=color)}  {_count(checks)}")


def _value(check: Check) -> str:
    if not check.kind:
        return "?"
    value = check.measurement.value if check.measurement else None
    if value is None and check.kind == "probe" and check.verdict.status is Status.CRITICAL:
        return "down"
    return quantity(value, CATALOGUE[check.kind].unit)


def _reason(check: Check) -> str:
    limit = check.verdict.threshold
    return f"{check.verdict.reason} (limit {limit})" if limit else check.verdict.reason


def _count(checks: Sequence[Check]) -> str:
    if not checks:
        return "nothing was checked: the configuration names no source"
    counted = {status: sum(check.verdict.status is status for check in checks) for status in Status}
    told = [f"{count} {status.value}" for status, count in counted.items() if count]
    return f"{len(checks)} checks: {', '.join(told)}"


async def _check(config: Config, wanted: Sequence[str]) -> list[Check]:
    from opsconsole.monitor.clocks import Clocks
    from opsconsole.monitor.control import ControlProbe
    from opsconsole.monitor.poller import poll_once
    from opsconsole.sources.registry import build_sources

    known = build_sources(config, oneshot=True)
    for name in wanted:
        if not any(_asks_for(name, source) for source in known):
            raise NotDone(f"no source has the id {name}; {_nearest(name, [source.id for source in known])}")
    sources = [source for source in known if not wanted or any(_asks_for(name, source) for name in wanted)]
    clocks = Clocks(time.time, time.monotonic)
    control = ControlProbe(config.network)
    thresholds = limits(config.thresholds)
    polls = []
    try:
        for number, source in enumerate(sources, start=1):
            polls.append(asyncio.ensure_future(poll_once(source, clocks, control)))
            if number % AT_ONCE == 0:
                await asyncio.sleep(BREATH)
        readings = await asyncio.gather(*polls)
    finally:
        await asyncio.gather(*(source.close() for source in sources), return_exceptions=True)
    found = [
        check
        for source, reading in zip(sources, readings, strict=True)
        for check in _judged(source, reading, thresholds, wanted)
    ]
    for name in wanted:
        if not any(_covers(name, check) for check in found):
            raise NotDone(f"there is no value {name}; {_nearest(name, [check.id for check in found])}")
    return [check for check in found if not wanted or any(_covers(name, check) for name in wanted)]


def _asks_for(name: str, source: Source) -> bool:
    """Whether a name is the source's, that of the table it stands in, or begins like those of its values."""
    return name in (source.table, source.id) or name.startswith((f"{source.id}.", f"{source.id}:"))


def _covers(name: str, check: Check) -> bool:
    """Whether a name is the value's, that of its table, or of what it is a part of."""
    return name in (check.id, check.source) or check.id.startswith((f"{name}.", f"{name}:"))


def _nearest(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1, cutoff=0.4)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'no sources'}"


def _judged(
    source: Source, reading: Reading, thresholds: Mapping[str, Threshold], wanted: Sequence[str]
) -> list[Check]:
    """What a reading is worth; of a source that could not be read, all that it should have told is unknown."""
    if not reading.failed and reading.measurements:
        return [Check(m.id, source.table, judge(m, thresholds), m, m.kind, m.at) for m in reading.measurements]
    verdict = Verdict(Status.UNKNOWN, reading.problem or f"{source.title} told nothing")
    expected = {series: kind for series, kind, _ in source.expects} or {source.id: ""}
    for name in wanted:
        if name.startswith((f"{source.id}.", f"{source.id}:")):
            expected.setdefault(name, "")
    return [Check(series, source.table, verdict, None, kind, reading.at) for series, kind in expected.items()]
