"""What the public probes tell about the application as a whole: how available it is, and how fast it answers."""

from __future__ import annotations

import statistics
from collections import deque
from typing import Final

from opsconsole.domain.reading import Measurement, Reading, Status, Verdict
from opsconsole.domain.units import duration, ratio
from opsconsole.monitor.board import Board
from opsconsole.sources.base import Source

WINDOW: Final = 3_600.0
"""Seconds over which availability is counted."""
ANSWERS: Final = 5
"""Answers of a probe whose median stands for its response time, where only probes measure it."""


class Application:
    """Derives `application.availability` and `application.response_time` from the readings of the public probes.

    It is a source that nobody polls: it publishes whenever a public probe was read. Outcomes that this machine's
    missing network explains count neither way.
    """

    id = "application"
    table = "probe"
    title = "the public probes"
    remote = False
    timeout = 1.0
    expects: tuple[tuple[str, str, str], ...] = (
        ("application.availability", "availability", ""),
        ("application.response_time", "response_time", ""),
    )

    def __init__(self, board: Board, probes: list[Source]) -> None:
        self.interval = max((probe.interval for probe in probes), default=30.0)
        self._board = board
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._up = 0
        self._states = dict.fromkeys((probe.id for probe in probes), Status.UNKNOWN)
        self._times = {probe.id: deque[float](maxlen=ANSWERS) for probe in probes}
        self._newest = 0.0
        board.register(self)
        board.subscribe(self._heard)

    async def poll(self) -> Reading:
        """The present values."""
        return Reading(self.id, self._newest, 0.0, (self._availability(), self._response_time()))

    async def close(self) -> None:
        """Nothing is held."""

    def _heard(self, reading: Reading) -> None:
        times = self._times.get(reading.source)
        if times is None:
            return
        self._newest = reading.at
        probes = [measurement for measurement in reading.measurements if measurement.kind == "probe"]
        if reading.failed or not probes:
            self._states[reading.source] = Status.UNKNOWN
            times.clear()
        self._forget(reading.at)
        for measurement in probes:
            self._count(reading.source, measurement, times)
        found = (self._availability(), self._response_time())
        self._board.publish(Reading(self.id, reading.at, 0.0, found))

    def _count(self, source: str, measurement: Measurement, times: deque[float]) -> None:
        verdict = measurement.verdict
        if verdict is not None and verdict.status is Status.UNKNOWN:
            self._states[source] = Status.UNKNOWN
            times.clear()
            return
        up = measurement.value is not None
        self._states[source] = Status.OK if up else Status.CRITICAL
        self._outcomes.append((measurement.at, up))
        self._up += up
        if measurement.value is None:
            times.clear()
        else:
            times.append(measurement.value)

    def _forget(self, now: float) -> None:
        """Leave out what is older than the window, and what a clock that was set back has put into the future."""
        while self._outcomes and abs(now - self._outcomes[0][0]) > WINDOW:
            _, was_up = self._outcomes.popleft()
            self._up -= was_up

    def _availability(self) -> Measurement:
        polls = len(self._outcomes)
        share = self._up / polls if polls else None
        facts = {"up": self._up, "polls": polls, "window": WINDOW}
        verdict, problem = self._state(share)
        return Measurement(
            "application.availability", "availability", share, self._newest, "", verdict, problem, facts
        )

    def _state(self, share: float | None) -> tuple[Verdict, str]:
        """Down now is critical, whatever the past hour was like; unknown now is not ok either."""
        down = [probe for probe, state in self._states.items() if state is Status.CRITICAL]
        unknown = [probe for probe, state in self._states.items() if state is Status.UNKNOWN]
        told = f"{ratio(share)} over {self._covered()}" if share is not None else ""
        if down:
            return Verdict(Status.CRITICAL, f"down now: {_names(down)}; {told}"), ""
        if unknown or share is None:
            problem = f"not known now: {_names(unknown)}" if unknown else "no probe could tell yet"
            return Verdict(Status.UNKNOWN, f"{problem}; {told}" if told else problem), problem
        return Verdict(Status.OK, f"up, {told}"), ""

    def _covered(self) -> str:
        """The time that the outcomes cover, in words."""
        span = min(WINDOW, max(1.0, self._outcomes[-1][0] - self._outcomes[0][0]))
        return f"{span:.0f} s" if span < 60 else duration(span)

    def _response_time(self) -> Measurement:
        """The slowest probe's median; only of probes that answer now: no old answer stands for a new one."""
        medians = [statistics.median(times) for times in self._times.values() if times]
        problem = "" if medians else "no public probe answers"
        value = max(medians) if medians else None
        facts = {"answers": ANSWERS}
        return Measurement(
            "application.response_time", "response_time", value, self._newest, problem=problem, facts=facts
        )


def _names(sources: list[str]) -> str:
    return ", ".join(source.partition(".")[2] or source for source in sources)
