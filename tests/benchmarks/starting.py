"""How soon the console is there, beside the smallest Textual application, in turns."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks import figures, programs
from tests.benchmarks.figures import Figure, Table
from tests.terminal.configuration import configuration
from tests.terminal.imports import SDKS, imports_before
from tests.terminal.site import Site

FIRST_GOAL, SETTLED_GOAL = 1.25, 1.5


def starting(folder: Path, quick: bool) -> list[Table]:
    """First frame and settled screen, for a configuration of probes and for this machine."""
    runs = 5 if quick else 11
    with Site(4) as site:
        probes = [
            {"id": f"web-{number}", "url": site.url(number=number), "interval": "30s"} for number in range(4)
        ]
        on_probes = configuration(folder / "probes.toml", name=programs.NAME, probes=probes)
        on_host = configuration(folder / "host.toml", name=programs.NAME, host=True)
        return [
            _beside_the_floor("starting", "Start, 80x24, four probes", on_probes, runs),
            _beside_the_floor("starting-host", "Start, 80x24, this machine only", on_host, runs),
        ]


def _beside_the_floor(name: str, title: str, config: Path, runs: int) -> Table:
    pair = (programs.FLOOR, programs.console(config))
    starts: dict[str, list[programs.Start]] = {program.name: [] for program in pair}
    for number in range(-1, runs):  # the first turn only warms up
        for program in pair if number % 2 else pair[::-1]:
            with programs.running(program) as terminal:
                start = programs.measure_start(terminal, program.marker, reading=program is not programs.FLOOR)
            if number >= 0:
                starts[program.name].append(start)
    floor, console = (starts[program.name] for program in pair)
    first = [ours.first / theirs.first for ours, theirs in zip(console, floor, strict=True)]
    settled = [ours.settled / theirs.settled for ours, theirs in zip(console, floor, strict=True)]
    processor = [ours.processor / theirs.processor for ours, theirs in zip(console, floor, strict=True)]
    return Table(
        name,
        title,
        (
            figures.below("first frame, times the floor's", first, "x", FIRST_GOAL),
            figures.below("settled, times the floor's", settled, "x", SETTLED_GOAL),
            figures.shown("processor until the first frame, times the floor's", processor, "x"),
            figures.shown("first frame", [start.first * 1_000 for start in console], "ms"),
            figures.shown("first frame of the floor", [start.first * 1_000 for start in floor], "ms"),
            figures.shown("settled", [start.settled * 1_000 for start in console], "ms"),
            figures.shown(
                "first reading shown", [1_000 * start.reading for start in console if start.reading], "ms"
            ),
            figures.shown("bytes until settled", [float(start.bytes) for start in console], "B"),
            _sdks(config),
        ),
    )


def _sdks(config: Path) -> Figure:
    early = sorted(imports_before(programs.NAME, config) & SDKS)
    return Figure(
        "SDKs imported before the first frame", float(len(early)), "", "none", not early, ", ".join(early)
    )
