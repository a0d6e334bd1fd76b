"""Which modules a console had imported when its first frame stood on the screen.

Started as a program it runs the console and writes every import, with its moment, to a file:
`python -m tests.terminal.imports FILE ARGUMENT…`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.terminal.console import Terminal
from tests.terminal.site import REPOSITORY

SDKS: Final = frozenset(
    {
        "httpx", "httpcore", "h11", "supabase", "sentry_sdk", "psutil", "prometheus_client", "cryptography", "dns",
        "tomlkit", "tomli_w", "keyring", "psycopg", "apprise", "jinja2", "pydantic", "certifi", "idna",
    }
)  # fmt: skip
"""What the first frame needs nothing of."""


def imports_before(marker: str, config: Path) -> set[str]:
    """The top-level modules that a console on this configuration had imported before the marker was shown."""
    with tempfile.TemporaryDirectory(prefix="opsconsole-imports-") as folder:
        home, log = Path(folder), Path(folder) / "imports"
        first: list[float] = []
        argv = [sys.executable, "-m", "tests.terminal.imports", str(log), "--config", str(config)]
        with Terminal(argv, home=home, cwd=REPOSITORY) as terminal:
            terminal.on_change = lambda stamp: first.append(stamp) if not first and terminal.find(marker) else None
            terminal.wait_for(lambda: first, what="the first frame")
        lines = (line.split(" ", 1) for line in log.read_text(encoding="utf-8").splitlines())
        return {name.partition(".")[0] for moment, name in lines if float(moment) < first[0]}


def _run(log: str, arguments: list[str]) -> None:
    with Path(log).open("w", encoding="utf-8", buffering=1) as out:

        def hook(event: str, values: tuple[object, ...]) -> None:
            if event == "import" and not out.closed:
                out.write(f"{time.perf_counter()} {values[0]}\n")

        sys.addaudithook(hook)
        from opsconsole.cli.main import main

        main(arguments)


if __name__ == "__main__":
    _run(sys.argv[1], sys.argv[2:])
