"""`make bench`: the figures that the console promises, each beside its goal.

    python -m tests.benchmarks [--quick] [--json] [NAME…]

Figures depend on the machine, and on what else it does: what is compared is measured in turns in the same run. The
exit code is 0 when everything could be measured, whatever the figures say, and 3 when something could not.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.benchmarks import commands, figures, running, starting
from tests.benchmarks.figures import Table
from tests.terminal.console import NotShown

BENCHMARKS: Final[dict[str, Callable[[Path, bool], list[Table]]]] = {
    "starting": starting.starting,
    "idle": running.idle,
    "polling": running.polling,
    "keys": running.keys,
    "memory": running.memory,
    "check": commands.check,
    "beside": running.beside,
}
"""Name → what measures it: it gets a folder for its files and whether it should be quick."""


def main(argv: list[str] | None = None) -> int:
    """Run the benchmarks that were asked for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure the console.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which of: {', '.join(BENCHMARKS)}; all by default"
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    asked = parser.parse_args(argv)
    unknown = [name for name in asked.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    tables: list[Table] = []
    failed = False
    for name in asked.names or BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="opsconsole-bench-") as folder:
            try:
                measured = BENCHMARKS[name](Path(folder), asked.quick)
            except (NotShown, RuntimeError, OSError) as problem:
                print(f"{name} could not be measured: {problem}", file=sys.stderr)
                failed = True
                continue
        tables += measured
        if not asked.json:
            for table in measured:
                print(figures.text(table), flush=True)
    if asked.json:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        print(
            json.dumps({"schema": "opsconsole/bench/1", "generated_at": now, **figures.as_json(tables)}, indent=2)
        )
    return 3 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
