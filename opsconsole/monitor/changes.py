"""What changed: probes that went down or came back, sources that could no longer be read, told once each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from opsconsole.domain.entries import NewEntry
from opsconsole.domain.reading import Json, Reading, Status
from opsconsole.domain.thresholds import judge
from opsconsole.monitor.board import Board

PROBE_CHANGED: Final = "probe.changed"
SOURCE_FAILED: Final = "source.failed"
SOURCE_BACK: Final = "source.back"


class Changes:
    """Hears every reading and hands on an entry for each change of state.

    Args:
        board: where the readings are heard.
        record: takes the entries.
    """

    def __init__(self, board: Board, record: Callable[[NewEntry], object]) -> None:
        self._board = board
        self._record = record
        self._probes: dict[str, Status] = {}
        self._failed: set[str] = set()
        self.stop = board.subscribe(self._heard)

    def _heard(self, reading: Reading) -> None:
        if reading.failed:
            if reading.source not in self._failed:
                self._failed.add(reading.source)
                self._tell(SOURCE_FAILED, f"{reading.source} cannot be read: {reading.problem}", reading, {})
            return
        if reading.source in self._failed:
            self._failed.discard(reading.source)
            self._tell(SOURCE_BACK, f"{reading.source} can be read again", reading, {})
        for measurement in reading.measurements:
            if measurement.kind != "probe":
                continue
            verdict = judge(measurement, self._board.thresholds)
            before = self._probes.get(measurement.id)
            self._probes[measurement.id] = verdict.status
            if before is verdict.status or (before is None and verdict.status is Status.OK):
                continue
            was = f" (was {before.value})" if before else ""
            words = f"{measurement.id} is {verdict.status.value}{was}: {verdict.reason}"
            data: dict[str, Json] = {
                "series": measurement.id,
                "status": verdict.status.value,
                "before": before.value if before else None,
                "layer": measurement.facts.get("layer"),
                "value": measurement.value,
            }
            self._tell(PROBE_CHANGED, words, reading, data)

    def _tell(self, kind: str, text: str, reading: Reading, data: dict[str, Json]) -> None:
        self._record(NewEntry(kind, text, {"source": reading.source, **data}, occurred_at=reading.at))
