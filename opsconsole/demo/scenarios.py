"""The scenarios: what happens to the demo stack, and when. Causes only; their effects follow in the stack itself.

Adding one is adding a `Scenario` to `SCENARIOS`: its events name the conditions they change, and the stack does
the rest (a database that is gone makes the health page say so, a slow one makes every answer late).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Conditions:
    """The state of the world in which the demo stack works; the defaults are a good day.

    Attributes:
        latency: median of the time a page takes, seconds. Times are log-normal: the 95th percentile is about 2.1
            times this.
        errors: share of the requests for stored things (three of four) that fail although the database is there.
        database: whether the database accepts connections.
        web: whether the web site's port accepts connections.
        cpu: share of the processors that is busy on the node, 0…1.
        iowait: share of the processors that waits for the disk, 0…1.
        memory: share of the node's memory that is in use, 0…1.
        disk_free: share of the node's data disk that is free, 0…1.
    """

    latency: float = 0.17
    errors: float = 0.005
    database: bool = True
    web: bool = True
    cpu: float = 0.24
    iowait: float = 0.01
    memory: float = 0.58
    disk_free: float = 0.46


CALM: Final = Conditions()
_NAMES: Final = tuple(each.name for each in fields(Conditions))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens.

    Attributes:
        at: seconds on the scenario's clock.
        title: what happens, in words.
        changes: condition → its new value.
        over: seconds in which a number moves there in a straight line; what is no number changes at once.
    """

    at: float
    title: str
    changes: Mapping[str, float | bool] = field(default_factory=dict)
    over: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a condition that does not exist.

        Raises:
            ValueError: `changes` names something that is no attribute of `Conditions`.
        """
        unknown = set(self.changes) - set(_NAMES)
        if unknown:
            raise ValueError(f"{self.title!r} changes {', '.join(sorted(unknown))}, which is no condition")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A list of events with a clock.

    Attributes:
        name: what `--scenario` takes.
        title: one line for a person.
        events: in the order of their time.
        repeats: seconds after which the clock starts again, None where it goes on for ever.
    """

    name: str
    title: str
    events: tuple[Event, ...] = ()
    repeats: float | None = None

    def conditions(self, clock: float) -> Conditions:
        """The state of the world `clock` seconds into the scenario."""
        if self.repeats is not None:
            clock %= self.repeats
        past = [event for event in self.events if event.at <= clock]
        values: dict[str, Any] = {name: self._value(name, clock, past) for name in _NAMES}
        return Conditions(**values)

    def _value(self, name: str, clock: float, past: list[Event]) -> float | bool:
        """One condition: where the last event that changed it has brought it by now."""
        value: float | bool = getattr(CALM, name)
        moves = [event for event in past if name in event.changes]
        for event, following in zip(moves, [*moves[1:], None], strict=False):
            until = clock if following is None else following.at
            goal = event.changes[name]
            if isinstance(goal, bool) or until - event.at >= event.over:
                value = goal
            else:
                value += (goal - value) * (until - event.at) / event.over
        return value


_SLOW: Final = {"latency": 1.3, "cpu": 0.74, "iowait": 0.11, "memory": 0.71}
_WELL: Final = {"latency": CALM.latency, "cpu": CALM.cpu, "iowait": CALM.iowait, "memory": CALM.memory}

SCENARIOS: Final[Mapping[str, Scenario]] = {
    scenario.name: scenario
    for scenario in (
        Scenario("calm", "A good day: nothing happens"),
        Scenario(
            "slow",
            "Answers become slow: the 95th percentile climbs to between 2.5 and 3 s",
            (
                Event(15, "A slow query piles up; answers take longer and longer", _SLOW, over=25),
                Event(600, "The query is cancelled; answers are quick again", _WELL, over=40),
            ),
        ),
        Scenario(
            "errors",
            "A bad release: the share of failed requests climbs to 8 %",
            (
                Event(15, "A release goes out", {"latency": 0.22}),
                Event(18, "Requests begin to fail", {"errors": 0.105}, over=20),
                Event(
                    600, "The release is rolled back", {"errors": CALM.errors, "latency": CALM.latency}, over=10
                ),
            ),
        ),
        Scenario(
            "downtime",
            "The database gives out and takes the web site with it; both come back after some minutes",
            (
                Event(15, "The database becomes slow, and every answer with it", _SLOW, over=8),
                Event(25, "Requests begin to fail", {"errors": 0.105}, over=10),
                Event(42, "The database refuses connections; the health page answers 503", {"database": False}),
                Event(60, "The web site refuses connections", {"web": False, "cpu": 0.09, "iowait": 0.0}),
                Event(210, "The database is back", {"database": True}),
                Event(225, "The web site is back, still slow", {"web": True, "cpu": 0.62}),
                Event(
                    230, "Errors go away, answers become quick again", {"errors": CALM.errors, **_WELL}, over=40
                ),
                Event(270, "All is well again"),
            ),
        ),
        Scenario(
            "disk",
            "The data disk of the node fills: 18 % free, then less than 10 %, and on",
            (
                Event(0, "18 % of the disk is free", {"disk_free": 0.18}),
                Event(
                    15, "A log that nobody rotates begins to grow", {"disk_free": 0.095, "iowait": 0.06}, over=40
                ),
                Event(55, "Less than 10 % is free, and it goes on", {"disk_free": 0.02}, over=240),
            ),
        ),
        Scenario(
            "flapping",
            "The database comes and goes, and the health page with it",
            (
                Event(20, "The database refuses connections", {"database": False}),
                Event(30, "It is back", {"database": True}),
                Event(42, "Gone again", {"database": False}),
                Event(48, "Back again", {"database": True}),
                Event(58, "Gone again", {"database": False}),
                Event(72, "Back again", {"database": True}),
            ),
            repeats=75,
        ),
    )
}
"""Every scenario by its name."""

DEFAULT: Final = "downtime"
"""What `make demo` plays: it begins to show after a quarter of a minute and is over after five."""
