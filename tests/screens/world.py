"""A console over a board that a test fills by hand: no network, no clock of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opsconsole.app import OpsConsole
from opsconsole.commands import keymap
from opsconsole.config.model import Config, Project, Ui
from opsconsole.context import Context
from opsconsole.domain.entries import GENESIS, Actor, Entry, NewEntry
from opsconsole.domain.reading import Measurement, Reading
from opsconsole.domain.series import Bucket, Sample, downsample
from opsconsole.monitor.board import Board
from opsconsole.monitor.clocks import Clocks
from opsconsole.terminal import detect
from screens.base import ConsoleScreen

START = 1_795_000_000.0
"""2026-11-18 11:06:40 UTC."""


@dataclass
class Time:
    """Both clocks of a test, moved by hand."""

    now: float = START

    def clocks(self) -> Clocks:
        return Clocks(lambda: self.now, lambda: self.now - START + 1_000)


@dataclass
class NamedSource:
    """A source that is never polled."""

    id: str
    table: str = "probe"
    title: str = ""
    interval: float = 10.0
    timeout: float = 5.0
    remote: bool = True
    expects: tuple[tuple[str, str, str], ...] = ()

    async def poll(self) -> Reading:
        raise NotImplementedError

    async def close(self) -> None:
        return None


@dataclass
class MemoryHistory:
    """A journal in memory.

    Attributes:
        problem: why nothing can be recorded.
        broken: everything that is asked of it fails with this, "" for a journal that works.
        stored: what is stored of every series.
        asked: the windows that were asked for: start, end, count.
    """

    problem: str = ""
    entries: list[Entry] = field(default_factory=list)
    broken: str = ""
    stored: Sequence[Sample] = ()
    asked: list[tuple[float, float, int]] = field(default_factory=list)

    def _work(self) -> None:
        if self.broken:
            raise OSError(self.broken)

    async def append(self, entry: NewEntry) -> Entry:
        self._work()
        seq = len(self.entries) + 1
        made = Entry(
            seq, f"id-{seq}", "2026-11-18T11:06:40.000Z", "2026-11-18T11:06:40.000Z",
            Actor("alice", host="bastion"), "acme-web/production", entry.kind, entry.text, entry.data, "", "",
            GENESIS, f"{seq:064x}",
        )  # fmt: skip
        self.entries.append(made)
        return made

    async def newest(self, limit: int, text: str = "") -> Sequence[Entry]:
        self._work()
        return [entry for entry in self.entries if text in entry.text][-limit:]

    async def buckets(self, series: str, start: float, end: float, count: int) -> Sequence[Bucket]:
        self._work()
        self.asked.append((start, end, count))
        return downsample(self.stored, start, end, count)


class World:
    """A console and the board it looks at."""

    def __init__(self, ui: Ui | None = None, *, data_dir: Path | None = None, read_only: bool = False) -> None:
        self.time = Time()
        clocks = self.time.clocks()
        self.board = Board(clocks.monotonic)
        self.history = MemoryHistory()
        config = Config(
            Project("acme-web", "production"),
            ui=ui or Ui(),
            data_dir=data_dir or Path("/nonexistent"),
            read_only=read_only,
        )
        profile = detect({"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}, is_tty=True)
        self.context = Context(
            config, profile, self.board, clocks, keymap(config.ui.keys), history=self.history, role="leader"
        )
        self.app = OpsConsole(self.context)

    def source(self, name: str, interval: float = 10.0, *expects: tuple[str, str, str]) -> None:
        """Announce a source."""
        self.board.register(NamedSource(name, name.partition(".")[0], name, interval, expects=expects))

    def read(self, source: str, *measurements: Measurement) -> None:
        """Publish a good reading."""
        self.board.publish(Reading(source, self.time.now, 0.01, measurements))

    def fail(self, source: str, problem: str) -> None:
        """Publish a failed reading."""
        self.board.publish(Reading(source, self.time.now, 0.01, problem=problem))

    def value(self, series: str, kind: str, value: float | None, label: str = "", **more: object) -> Measurement:
        """A measurement of now."""
        return Measurement(series, kind, value, self.time.now, label, **more)  # type: ignore[arg-type]

    def paint(self) -> None:
        """Draw the present state."""
        assert isinstance(self.app.screen, ConsoleScreen)
        self.app.screen.paint()

    def frame(self) -> str:
        """The screen as text."""
        # The one way to a frame as text in Textual 8.2; private, and therefore used in this one place.
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)
