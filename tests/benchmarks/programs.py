"""The programs that are measured: how each is started, and how its first frame is recognised."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.benchmarks import process
from tests.terminal.console import Terminal
from tests.terminal.site import REPOSITORY

NAME: Final = "acme-web"
"""The project's name in every measured configuration: the console's first frame shows it."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program to measure.

    Attributes:
        name: for the tables.
        argv: how it is started.
        marker: a pattern that its first frame shows.
        env: variables it needs.
    """

    name: str
    argv: tuple[str, ...]
    marker: str
    env: Mapping[str, str] = field(default_factory=dict)


FLOOR: Final = Program("Textual, one label", (sys.executable, "-m", "tests.benchmarks.floor"), "one label")
"""What every Textual application pays at least."""


def console(configuration: Path) -> Program:
    """The console on a configuration."""
    return Program("opsconsole", (sys.executable, "-m", "opsconsole", "--config", str(configuration)), NAME)


def peers() -> list[Program]:
    """The monitors that are installed here, each as it comes."""
    found = [
        Program("btop", ("btop",), "[Cc]pu|CPU"),
        Program("htop", ("htop",), "Load average|Mem"),
        Program("glances", ("glances",), "CPU"),
    ]
    return [program for program in found if shutil.which(program.argv[0])]


@contextmanager
def running(program: Program, columns: int = 80, rows: int = 24) -> Iterator[Terminal]:
    """The program in a terminal and with an empty home of its own; ended and cleaned up at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="opsconsole-bench-") as home,
        Terminal(
            program.argv, home=Path(home), columns=columns, rows=rows, env=program.env, cwd=REPOSITORY
        ) as terminal,
    ):
        yield terminal


@dataclass(frozen=True, slots=True)
class Start:
    """How one start went, in seconds from the start.

    Attributes:
        first: when the first frame stood on the screen.
        settled: when the screen changed last before calm.
        reading: when the first reading was shown, None where none came within the time.
        bytes: what was written until calm.
        processor: processor seconds used when the first frame stood there; other programs on the machine change
            them less than they change the time.
    """

    first: float
    settled: float
    reading: float | None
    bytes: int
    processor: float


CALM: Final = 0.3
"""Seconds without a change after which a screen has settled."""
READING: Final = r"[●▲■] "
"""What stands before a value that was read."""


def measure_start(terminal: Terminal, marker: str, *, reading: bool = False, timeout: float = 15.0) -> Start:
    """Watch a program that has just been started until its screen has settled.

    Args:
        terminal: where it was started.
        marker: a pattern that its first frame shows.
        reading: also wait for the first reading.
        timeout: seconds for each of the three.

    Raises:
        tests.terminal.console.NotShown: its first frame never came, or its screen never settled.
    """
    import time

    first: list[float] = []
    read: list[float] = []

    def seen(stamp: float) -> None:
        if not first and terminal.find(marker):
            first.extend((stamp, process.cpu_seconds(terminal.pid)))
        if first and not read and terminal.find(READING):
            read.append(stamp)

    terminal.on_change = seen
    terminal.wait_for(lambda: first, timeout, "the first frame")
    settled = terminal.last_change or 0.0
    deadline = time.perf_counter() + timeout

    def calm() -> bool:
        nonlocal settled
        settled = terminal.last_change or 0.0
        return time.perf_counter() - settled >= CALM or time.perf_counter() > deadline

    terminal.wait_for(calm, timeout + 1, "a settled screen")
    written = terminal.bytes
    if reading:
        terminal.wait_for(lambda: read, timeout, "the first reading")
    terminal.on_change = None
    since = terminal.started
    return Start(first[0] - since, settled - since, read[0] - since if read else None, written, first[1])
