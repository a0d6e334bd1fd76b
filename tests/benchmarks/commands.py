"""What `opsconsole check` costs beyond Python itself, and how long many probes take together."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import figures
from tests.benchmarks.figures import Figure, Table
from tests.terminal.configuration import Value, configuration
from tests.terminal.shell import terminal_environment
from tests.terminal.site import REPOSITORY, Site, unused_port

PROBES = 200
SLOWEST = 2.0


def check(folder: Path, quick: bool) -> list[Table]:
    """`check` on this machine alone beside bare Python, in turns; and `check` with two hundred probes."""
    runs = 5 if quick else 11
    host = configuration(folder / "host.toml", host=True)
    extra: list[float] = []
    bare: list[float] = []
    for number in range(-1, runs):  # the first turn only warms up
        order = ("python", "check") if number % 2 else ("check", "python")
        took = {
            name: _run(["-c", "pass"])[0] if name == "python" else _run(_check(host), accepted=(0, 1, 2))[0]
            for name in order
        }
        if number >= 0:
            extra.append(took["check"] - took["python"])
            bare.append(took["python"])
    return [
        Table(
            "check",
            "opsconsole check --json",
            (
                figures.below("this machine alone, more than python -c pass", extra, "s", 0.3),
                figures.shown("python -c pass", bare, "s"),
                _many(folder, 2 if quick else 3),
            ),
        )
    ]


def _many(folder: Path, runs: int) -> Figure:
    with Site(20) as site:
        dead = unused_port()
        probes: list[dict[str, Value]] = [
            {"id": f"web-{number}", "url": site.url(number=number % 20)} for number in range(PROBES - 5)
        ]
        probes += [
            {"id": "slow-body", "url": site.url("/slow")},
            {"id": "hanging", "url": site.url("/hang")},
            {"id": "broken", "url": site.url("/status/503")},
            {"id": "dead", "url": f"http://127.0.0.1:{dead}/"},
            {"id": "dead-tcp", "url": f"tcp://127.0.0.1:{dead}"},
        ]
        for probe in probes:
            probe["timeout"] = f"{SLOWEST:g}s"
        config = configuration(folder / "many.toml", probes=probes)
        took = [_run(_check(config), accepted=(2,))[0] for _ in range(runs)]
    return figures.below(f"{PROBES} probes, slowest timeout {SLOWEST:g} s", took, "s", SLOWEST + 1)


def _check(config: Path) -> list[str]:
    return ["-m", "opsconsole", "check", "--json", "--config", str(config)]


def _run(arguments: Sequence[str], accepted: tuple[int, ...] = (0,)) -> tuple[float, str]:
    """Run Python with these arguments: seconds and standard output.

    Raises:
        RuntimeError: it ended with another exit code.
    """
    with tempfile.TemporaryDirectory(prefix="opsconsole-bench-") as home:
        environment = {**terminal_environment(Path(home), {}), "PYTHONDONTWRITEBYTECODE": ""}
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        took = time.perf_counter() - began
    if done.returncode not in accepted:
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.returncode}:{os.linesep}{done.stderr}")
    return took, done.stdout
