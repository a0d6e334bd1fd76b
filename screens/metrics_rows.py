"""The lines of the Metrics screen, from what the board says: pure layout, no widget and no clock."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Final, NamedTuple

from opsconsole.domain.metrics import CATALOGUE, Direction, Group
from opsconsole.domain.reading import Status
from opsconsole.domain.thresholds import Threshold
from opsconsole.domain.units import age, quantity
from opsconsole.monitor.board import Freshness, Observation
from widgets.row import STATUS_ROLE, Glyphs, Row, Span, cut, padded, shown
from widgets.sparkline import round_top, sparkline

SPARK_SECONDS: Final = 3_600.0
LABEL: Final = 120
"""Characters of a label that are looked at; no screen shows more of them."""
SECONDARY: Final = frozenset(
    {"response_time_p50", "response_time_p99", "iowait", "steal", "swap", "load", "inodes", "network_received",
     "network_sent"}
)  # fmt: skip
"""Kinds that are left out where there is no room, unless something is wrong with them."""

HEADINGS: Final[Mapping[Group, str]] = {
    Group.APPLICATION: "APPLICATION",
    Group.PROBES: "PROBES",
    Group.INFRASTRUCTURE: "INFRASTRUCTURE",
    Group.DATABASE: "DATABASE",
}
_WANTED: Final[Mapping[tuple[str, ...], str]] = {
    ("availability",): "Availability",
    ("response_time_p95", "response_time"): "Response time",
    ("error_rate",): "Error rate",
    ("throughput",): "Throughput",
}
"""What a console of an application should show; where no source gives it, the screen says so."""


_PLACE: Final = {kind: place for place, kind in enumerate(CATALOGUE)}
"""Kind → its place among the values of a host."""


class Line(NamedTuple):
    """One line of the screen, and the series it is about ("" for a heading)."""

    series: str
    row: Row


class Columns(NamedTuple):
    """Where things stand in a line of a given width."""

    title: int
    now: int
    limit: int
    spark: int
    age: int

    @staticmethod
    def fit(width: int) -> Columns:
        """The columns for a screen of so many characters."""
        now, limit, aged = 10, 11, 6
        rest = width - 2 - now - 2 - 1 - aged
        if rest - limit < 16:
            return Columns(max(6, rest), now, 0, 0, aged)
        rest -= limit
        if rest < 34:
            return Columns(rest, now, limit, 0, aged)
        title = min(44, max(22, rest * 11 // 20))
        return Columns(title, now, limit, min(60, rest - title - 1), aged)

    @property
    def cuts(self) -> tuple[int, int]:
        """Where past and age begin: what changes often stands at the end of a column of its own."""
        past = 2 + self.title + self.now + 2
        return past, past + self.words

    @property
    def words(self) -> int:
        """The room for a sentence in place of limit and sparkline."""
        return self.limit + (self.spark + 1 if self.spark else 0)


Past = Callable[[Observation, int], Sequence[float]]
"""The worst value of each of so many spans of the last hour, oldest first, NaN for a gap."""


class Drawn:
    """Draws the lines of series, and draws again only what reads differently than the last time.

    Args:
        past: gives the past of a series for its sparkline.
        thresholds: kind → limits.
        glyphs: the shapes.
    """

    def __init__(self, past: Past, thresholds: Mapping[str, Threshold], glyphs: Glyphs) -> None:
        self._past = past
        self._thresholds = thresholds
        self._glyphs = glyphs
        self._rows: dict[str, tuple[tuple[object, ...], Row]] = {}

    def row(self, observation: Observation, columns: Columns, spans: int) -> Row:
        """The line of a series; the same object as the last time while nothing about it has changed.

        Args:
            observation: the series as it is now.
            columns: where things stand.
            spans: the number of the present span of the sparkline, which moves even when nothing comes in.
        """
        aged = "" if observation.age is None else age(observation.age)
        seen = (id(observation.measurement), id(observation.verdict), observation.freshness, aged, columns, spans)
        known = self._rows.get(observation.id)
        # The verdict of a value that is no longer believed is made anew each time: compare what it says.
        if known is not None and (known[0] == seen or self._reads_alike(known[0], seen, observation)):
            return known[1]
        row = series_row(observation, columns, self._past, self._thresholds, self._glyphs)
        kept = (*seen, observation.verdict, observation.measurement)
        self._rows[observation.id] = (kept, row)
        return row

    @staticmethod
    def _reads_alike(known: tuple[object, ...], seen: tuple[object, ...], observation: Observation) -> bool:
        return known[0] == seen[0] and known[2:6] == seen[2:] and known[6] == observation.verdict


def lines(
    observations: Iterable[Observation],
    *,
    drawn: Drawn,
    spans: int,
    width: int,
    height: int,
    glyphs: Glyphs,
    detailed: bool = False,
    wanted: str = "",
) -> list[Line]:
    """Every line of the screen, in groups.

    Args:
        observations: what the board says.
        drawn: draws the line of a series.
        spans: the number of the present span of the sparklines.
        width: characters in a line.
        height: lines there is room for; secondary metrics are shown where all fits.
        glyphs: the shapes.
        detailed: show secondary metrics in any case.
        wanted: only what contains this text (in title, label or id).
    """
    columns = Columns.fit(width)
    everything = [observation for observation in observations if _matches(observation, wanted)]
    draw = partial(drawn.row, columns=columns, spans=spans)
    full = _grouped(everything, columns, draw, glyphs, placeholders=not wanted)
    if detailed or wanted or len(full) <= height:
        return full
    primary = [o for o in everything if o.kind not in SECONDARY or _wrong(o)]
    return _grouped(primary, columns, draw, glyphs, placeholders=True)


def _matches(observation: Observation, wanted: str) -> bool:
    if not wanted:
        return True
    text = f"{observation.id} {observation.label} {CATALOGUE[observation.kind].title}".lower()
    return all(word in text for word in wanted.lower().split())


def _wrong(observation: Observation) -> bool:
    return observation.verdict.status is not Status.OK and observation.freshness is not Freshness.WAITING


def _grouped(
    observations: Sequence[Observation],
    columns: Columns,
    draw: Callable[[Observation], Row],
    glyphs: Glyphs,
    *,
    placeholders: bool,
) -> list[Line]:
    found: list[Line] = []
    for group in Group:
        members = [o for o in observations if CATALOGUE[o.kind].group is group]
        if group is Group.APPLICATION:
            members.sort(key=_application_order)
        lacking = _lacking(members) if group is Group.APPLICATION and placeholders else []
        for place, part in enumerate(_by_host(members) if group is Group.INFRASTRUCTURE else [members]):
            if not part and not lacking:
                continue
            host = _host(part[0]) if group is Group.INFRASTRUCTURE else ""
            found.append(Line("", heading(HEADINGS[group], host, columns, glyphs.ellipsis, named=place == 0)))
            found += [Line(o.id, draw(o)) for o in part]
            found += [_placeholder(title, columns, glyphs) for title in lacking]
    return found


def _by_host(observations: Sequence[Observation]) -> list[list[Observation]]:
    """The series of each host together, hosts in the order of their first."""
    hosts: dict[str, list[Observation]] = {}
    for observation in observations:
        hosts.setdefault(observation.source, []).append(observation)
    return [sorted(part, key=lambda o: _PLACE[o.kind]) for part in hosts.values()]


def _host(observation: Observation) -> str:
    """Whose infrastructure a series tells about."""
    return observation.source.partition(".")[2] or "this machine"


def _application_order(observation: Observation) -> tuple[int, str]:
    for place, kinds in enumerate(_WANTED):
        if observation.kind in kinds or observation.kind.rsplit("_", 1)[0] in kinds:
            return place, observation.kind if len(kinds) == 1 else str(kinds)
    return len(_WANTED), observation.kind


def _lacking(members: Sequence[Observation]) -> list[str]:
    there = {member.kind for member in members}
    return [title for kinds, title in _WANTED.items() if not there.intersection(kinds)]


@lru_cache(maxsize=64)
def heading(name: str, host: str, columns: Columns, ellipsis: str, *, named: bool = True) -> Row:
    """The heading of a group: its name, whose it is, and (once a group) the names of the columns."""
    title = f"{name}  {host}" if host else name
    parts = [Span(padded(title, columns.title + 2, ellipsis), "title")]
    if not named:
        return tuple(parts)
    parts.append(Span(f"{'now':>{columns.now}}  ", "muted"))
    if columns.limit:
        parts.append(Span(f"{'limit':<{columns.limit}}", "muted"))
    if columns.spark:
        parts.append(Span(f" {'last 60 min':<{columns.spark}}", "muted"))
    parts.append(Span(f" {'age':>{columns.age}}", "muted"))
    return tuple(parts)


@lru_cache(maxsize=64)
def _placeholder(title: str, columns: Columns, glyphs: Glyphs) -> Line:
    words = "no source tells; see [[prometheus]] in the configuration"
    if title == "Availability":
        words = "no public probe; see [[probe]] in the configuration"
    row = (
        Span(f"{glyphs.unknown} ", "muted"),
        Span(padded(title, columns.title, glyphs.ellipsis), "muted"),
        Span(f"{glyphs.unknown:>{columns.now}}  ", "muted"),
        Span(cut(words, columns.words + 1 + columns.age, glyphs.ellipsis), "muted"),
    )
    return Line("", row)


def title_of(observation: Observation) -> str:
    """What a person calls a series: "CPU", "Disk free /var", "web"."""
    metric = CATALOGUE[observation.kind]
    if metric.group is Group.PROBES:
        name = shown(observation.label, LABEL) or observation.source.partition(".")[2] or observation.id
        return name if observation.kind == "probe" else f"{name} {metric.title.lower()}"
    label = shown(observation.label, LABEL)
    if metric.group is Group.INFRASTRUCTURE:
        label = label.removeprefix(_host(observation)).strip()
    return f"{metric.title} {label}".rstrip()


def series_row(
    observation: Observation,
    columns: Columns,
    past: Past,
    thresholds: Mapping[str, Threshold],
    glyphs: Glyphs,
) -> Row:
    """The line of one series: shape, title, value, limit, sparkline, age; a sentence where there is no value."""
    verdict = observation.verdict
    role = STATUS_ROLE[verdict.status]
    measurement = observation.measurement
    value = measurement.value if measurement else None
    current = observation.freshness is Freshness.FRESH
    metric = CATALOGUE[observation.kind]
    now = quantity(value, metric.unit) if current else glyphs.unknown
    if current and value is None and verdict.status is Status.CRITICAL:
        now = "down"
    bad = verdict.status is not Status.OK
    waiting = observation.freshness is Freshness.WAITING
    parts = [
        Span(f"{glyphs.of(verdict.status)} ", "muted" if waiting else role),
        Span(padded(title_of(observation), columns.title, glyphs.ellipsis), "text"),
        Span(f"{now:>{columns.now}}  ", "muted" if waiting else role if bad else "strong"),
    ]
    if columns.words and (not current or value is None):
        words = padded(shown(verdict.reason), columns.words, glyphs.ellipsis)
        parts.append(Span(words, "muted" if waiting else role))
    elif columns.words:
        limit = padded(verdict.threshold or glyphs.skipped, columns.limit, glyphs.ellipsis)
        parts.append(Span(limit, role if bad else "muted"))
        if columns.spark:
            drawn = _spark(observation, columns.spark, past, thresholds, glyphs)
            parts.append(Span(f" {drawn}", role if bad else "spark"))
    aged = glyphs.skipped if observation.age is None else age(observation.age)
    parts.append(Span(f" {aged:>{columns.age}}", "muted" if current or waiting else role))
    return tuple(parts)


def _spark(
    observation: Observation, width: int, past: Past, thresholds: Mapping[str, Threshold], glyphs: Glyphs
) -> str:
    values = past(observation, width)
    metric = CATALOGUE[observation.kind]
    threshold = thresholds.get(observation.kind)
    top = round_top(max((value for value in values if not math.isnan(value)), default=0.0))
    if metric.bad is Direction.LOW and observation.kind != "certificate":
        top = 1.0
    elif threshold is not None and observation.kind not in ("certificate", "probe"):
        limit = threshold.warning if threshold.warning is not None else threshold.critical
        top = max(top, (limit or 0.0) * 1.25)
    return sparkline(values, top=top, glyphs=glyphs)


def attention(observations: Iterable[Observation], width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """What needs a look, the worst first: at most `height` lines, the last tells how many more there are.

    A source that cannot be read is one thing to look at, however many values it gives.
    """
    troubles: dict[tuple[str, str], list[Observation]] = {}
    for observation in observations:
        if _wrong(observation):
            believed = observation.freshness is Freshness.FRESH
            place = (observation.id, "") if believed else (observation.source, observation.verdict.reason)
            troubles.setdefault(place, []).append(observation)
    wrong = sorted(troubles.values(), key=lambda members: -members[0].verdict.status.rank)
    if not wrong or height < 2:
        return []
    room = height - 1
    seen = wrong if len(wrong) <= room else wrong[: room - 1]
    found = [Line("", (Span(f"ATTENTION ({len(wrong)})", "title"),))]
    found += [Line(members[0].id, _attention_row(members, width, glyphs)) for members in seen]
    if len(seen) < len(wrong):
        found.append(Line("", (Span(f"  and {len(wrong) - len(seen)} more, marked above", "muted"),)))
    return found


def _attention_row(members: Sequence[Observation], width: int, glyphs: Glyphs) -> Row:
    first = members[0]
    status = first.verdict.status
    words = shown(first.verdict.reason)
    name = _full_title(first)
    if len(members) > 1:
        name, words = _host(first), f"{len(members)} values: {words}"
    return (
        Span(f"{glyphs.of(status)} {status.value.upper():<8} ", STATUS_ROLE[status]),
        Span(f"{padded(name, 26, glyphs.ellipsis)} ", "strong"),
        Span(cut(words, max(10, width - 39), glyphs.ellipsis), "text"),
    )


def _full_title(observation: Observation) -> str:
    where = observation.source.partition(".")[2]
    title = title_of(observation)
    return title if not where or where in title else f"{where} {title}"


def explanation(observation: Observation, width: int, glyphs: Glyphs) -> Row:
    """The sentence about the row under the cursor: state in a word, reason, age of the last good reading."""
    status = observation.verdict.status
    parts = [shown(observation.verdict.reason)]
    if observation.freshness is Freshness.STALE or observation.freshness is Freshness.FAILED:
        if observation.age is not None and observation.measurement is not None:
            value = quantity(observation.measurement.value, CATALOGUE[observation.kind].unit)
            parts.insert(0, f"last good reading {value}, {age(observation.age)} ago")
        else:
            parts.insert(0, "never read")
    words = f" {glyphs.separator} ".join(parts)
    return (
        Span(f"{glyphs.of(status)} {status.value.upper()} ", STATUS_ROLE[status]),
        Span(cut(words, max(0, width - 12), glyphs.ellipsis), "text"),
    )
