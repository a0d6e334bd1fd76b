"""What the public probes tell about the application as a whole: how available it is, and how fast it answers."""

from __future__ import annotations

import statistics
from collections import deque
from typing import Final

from opsconsole.domain.reading import Measurement, Reading, Status
from opsconsole.monitor.board import Board
from opsconsole.sources.base import Source

WINDOW: Final = 3_600.0
"""Seconds over which availability is counted."""
ANSWERS: Final = 5
"""Answers of a probe whose median stands for its response time (operations handbook facts: probe-only mode)."""


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
        self._times = {probe.id: deque[float](maxlen=ANSWERS) for probe in probes}
        board.register(self)
        board.subscribe(self._heard)

    async def poll(self) -> Reading:
        """The present values."""
        return Reading(self.id, 0.0, 0.0)

    async def close(self) -> None:
        """Nothing is held."""

    def _heard(self, reading: Reading) -> None:
        times = self._times.get(reading.source)
        if times is None or reading.failed:
            return
        for measurement in reading.measurements:
            if measurement.kind == "probe":
                self._count(measurement, times)
                self._board.publish(self._reading(reading.at))

    def _count(self, measurement: Measurement, times: deque[float]) -> None:
        verdict = measurement.verdict
        if verdict is not None and verdict.status is Status.UNKNOWN:
            return
        up = measurement.value is not None
        self._outcomes.append((measurement.at, up))
        self._up += up
        while self._outcomes and self._outcomes[0][0] < measurement.at - WINDOW:
            _, was_up = self._outcomes.popleft()
            self._up -= was_up
        if measurement.value is not None:
            times.append(measurement.value)

    def _reading(self, at: float) -> Reading:
        polls = len(self._outcomes)
        medians = [statistics.median(times) for times in self._times.values() if times]
        found = [
            Measurement(
                "application.availability",
                "availability",
                self._up / polls if polls else None,
                at,
                problem="" if polls else "no probe could tell yet",
                facts={"up": self._up, "polls": polls, "window": WINDOW},
            ),
            Measurement(
                "application.response_time",
                "response_time",
                max(medians) if medians else None,
                at,
                problem="" if medians else "no public probe has answered yet",
                facts={"answers": ANSWERS},
            ),
        ]
        return Reading(self.id, at, 0.0, tuple(found))
