"""What the console costs while it runs: the line, the processor, memory, and how soon it answers a key."""

from __future__ import annotations

import random
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path

from tests.benchmarks import figures, process, programs
from tests.benchmarks.figures import Table
from tests.benchmarks.programs import Program
from tests.terminal.configuration import configuration
from tests.terminal.console import Terminal
from tests.terminal.site import Site

PROBES = 20
FIRST_COLUMNS = 20
"""The columns that hold glyph and name: polling changes nothing there, moving the cursor does."""


def idle(folder: Path, quick: bool) -> list[Table]:
    """Nothing changes: first with nothing to show an age of, then with one value that only grows old."""
    seconds, runs = (6.0, 1) if quick else (10.0, 3)
    with Site() as site:
        nothing = configuration(folder / "nothing.toml", name=programs.NAME)
        aging = configuration(
            folder / "aging.toml", name=programs.NAME, probes=[{"id": "web", "url": site.url(), "interval": "1h"}]
        )
        still = [_cost(programs.console(nothing), seconds) for _ in range(runs)]
        old = [_cost(programs.console(aging), seconds) for _ in range(runs)]
        floor = [_cost(programs.FLOOR, seconds) for _ in range(runs)]
    return [
        Table(
            "idle",
            f"Idle, 80x24, {seconds:g} s in which nothing changes and the clock's minute does not turn",
            (
                figures.below("bytes to the terminal", [cost[0] for cost in still], "B/s", 0),
                figures.below("processor", [cost[1] for cost in still], "%", 0.3),
                figures.shown("processor, the floor", [cost[1] for cost in floor], "%"),
                figures.shown("bytes with one value that grows old", [cost[0] for cost in old], "B/s"),
                figures.below("processor with one value that grows old", [cost[1] for cost in old], "%", 0.3),
            ),
        )
    ]


def polling(folder: Path, quick: bool) -> list[Table]:
    """Twenty probes once a second, beside the same poller and journal without a screen, in turns."""
    seconds, runs = (8.0, 2) if quick else (12.0, 3)
    with _twenty_probes(folder) as config:
        console = programs.console(config)
        headless = Program(
            "poller", (sys.executable, "-m", "tests.benchmarks.headless_poller", str(config)), "polling 20"
        )
        both: list[tuple[tuple[float, float], tuple[float, float]]] = []
        for number in range(runs):
            order = (console, headless) if number % 2 else (headless, console)
            costs = {program.name: _cost(program, seconds, warm_up=4.0) for program in order}
            both.append((costs["opsconsole"], costs["poller"]))
    return [
        Table(
            "polling",
            f"{PROBES} probes at 1 Hz, 80x24, {seconds:g} s",
            (
                figures.below("bytes to the terminal", [ours[0] for ours, _ in both], "B/s", 3_000),
                figures.below("processor, all of it", [ours[1] for ours, _ in both], "%", 6),
                figures.shown("processor, the same without a screen", [bare[1] for _, bare in both], "%"),
                figures.below("processor, drawing (the difference)", [o[1] - b[1] for o, b in both], "%", 1.5),
            ),
        )
    ]


def keys(folder: Path, quick: bool) -> list[Table]:
    """From a key's writing to the first change it made on the screen, while twenty probes poll."""
    presses, runs = (40, 1) if quick else (60, 2)
    chance = random.Random(1)
    took: list[list[float]] = []
    floor: list[list[float]] = []
    with _twenty_probes(folder) as config:
        for _ in range(runs):
            took.append(_latencies(programs.console(config), presses, chance))
            floor.append(_latencies(programs.FLOOR, presses, chance))
    every = [milliseconds for run in took for milliseconds in run]
    return [
        Table(
            "keys",
            f"A key moves the cursor while {PROBES} probes poll at 1 Hz, {len(every)} presses",
            (
                figures.below("p95", [_p95(run) for run in took], "ms", 15),
                figures.shown("p50", [figures.percentile(run, 0.5) for run in took], "ms"),
                figures.shown("worst", [max(every)], "ms"),
                figures.shown("p95, the floor, which polls nothing", [_p95(run) for run in floor], "ms"),
            ),
        )
    ]


def memory(folder: Path, quick: bool) -> list[Table]:
    """Proportional memory after a while of polling twenty probes."""
    seconds, runs = (8.0, 1) if quick else (20.0, 2)
    taken: list[float] = []
    with _twenty_probes(folder) as config:
        for _ in range(runs):
            with programs.running(programs.console(config)) as terminal:
                programs.measure_start(terminal, programs.NAME)
                terminal.watch(seconds)
                megabytes = process.proportional_megabytes(terminal.pid)
            if megabytes is not None:
                taken.append(megabytes)
    title = f"Memory (PSS) after {seconds:g} s with {PROBES} probes at 1 Hz"
    if not taken:
        return [Table("memory", title, (figures.shown("memory", [], "MB", "this system does not tell"),))]
    return [Table("memory", title, (figures.below("memory", taken, "MB", 60),))]


def beside(folder: Path, quick: bool) -> list[Table]:
    """Other monitors, each as it comes, watching this machine as the console does."""
    seconds = 6.0 if quick else 15.0
    config = configuration(folder / "machine.toml", name=programs.NAME, host=True)
    tables = []
    for program in [programs.console(config), *programs.peers()]:
        with programs.running(program) as terminal:
            start = programs.measure_start(terminal, program.marker)
            terminal.watch(2.0)
            written, percent = _watch(terminal, seconds)
            megabytes = process.proportional_megabytes(terminal.pid)
        tables.append(
            Table(
                f"beside-{program.name}",
                f"{program.name}, this machine, 80x24",
                (
                    figures.shown("first frame", [start.first * 1_000], "ms"),
                    figures.shown("settled", [start.settled * 1_000], "ms"),
                    figures.shown("bytes to the terminal", [written], "B/s"),
                    figures.shown("processor", [percent], "%"),
                    figures.shown("memory (PSS)", [megabytes] if megabytes else [], "MB"),
                ),
            )
        )
    return tables


class _twenty_probes(AbstractContextManager[Path]):  # noqa: N801 - used as a statement
    """A configuration of twenty probes at 1 Hz, each with an origin of its own, on a site in another process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._site = Site(PROBES)

    def __enter__(self) -> Path:
        probes = [
            {"id": f"web-{number}", "url": self._site.url(number=number), "interval": "1s", "timeout": "900ms"}
            for number in range(PROBES)
        ]
        return configuration(self._folder / "twenty.toml", name=programs.NAME, probes=probes)

    def __exit__(self, *_: object) -> None:
        self._site.stop()


def _cost(program: Program, seconds: float, warm_up: float = 2.0) -> tuple[float, float]:
    """Bytes a second and percent of one processor, once the start is over."""
    with programs.running(program) as terminal:
        programs.measure_start(terminal, program.marker)
        terminal.watch(warm_up)
        left_of_the_minute = 60 - time.time() % 60
        if left_of_the_minute < seconds + 1:
            terminal.watch(left_of_the_minute + 1)
        return _watch(terminal, seconds)


def _watch(terminal: Terminal, seconds: float) -> tuple[float, float]:
    written, used, began = terminal.bytes, process.cpu_seconds(terminal.pid), time.perf_counter()
    terminal.watch(seconds)
    took = time.perf_counter() - began
    return (terminal.bytes - written) / took, 100 * (process.cpu_seconds(terminal.pid) - used) / took


def _p95(values: list[float]) -> float:
    return figures.percentile(values, 0.95)


def _latencies(program: Program, presses: int, chance: random.Random) -> list[float]:
    """Milliseconds of every press."""
    took: list[float] = []
    with programs.running(program) as terminal:
        programs.measure_start(terminal, program.marker)
        terminal.watch(4.0)
        seen: list[float] = []
        for number in range(presses + 2):
            terminal.watch(chance.uniform(0.15, 0.35))
            before = _names(terminal)
            seen.clear()
            terminal.on_change = lambda stamp: (
                seen.append(stamp) if not seen and _names(terminal) != before else None  # noqa: B023
            )
            pressed = time.perf_counter()
            terminal.send("j" if number // 8 % 2 == 0 else "k")
            terminal.wait_for(lambda: seen, timeout=5, what="an answer to the key")
            terminal.on_change = None
            if number >= 2:  # the first ones load what only keys need
                took.append((seen[0] - pressed) * 1_000)
    return took


def _names(terminal: Terminal) -> list[object]:
    """What stands in the first columns below the header, with its style; of the floor's label, too."""
    rows = (0, *range(3, terminal.emulator.rows - 1))
    return [terminal.cell(row, column) for row in rows for column in range(FIRST_COLUMNS)]
