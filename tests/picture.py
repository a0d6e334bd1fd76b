"""Renews docs/console.svg: the real console over the demo's stack, 75 seconds into its incident.

python -m tests.picture
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARGET = Path(__file__).parent.parent / "docs" / "console.svg"
SIZE = (104, 34)
SECONDS = 50.0


async def picture(config_path: Path) -> str:
    from opsconsole.app import OpsConsole
    from opsconsole.commands import keymap
    from opsconsole.config.loading import load
    from opsconsole.context import Context
    from opsconsole.domain.thresholds import limits
    from opsconsole.monitor.board import Board
    from opsconsole.monitor.clocks import Clocks
    from opsconsole.terminal import detect

    config = load(config_path, data_dir=config_path.parent / "picture").config
    clocks = Clocks(time.time, time.monotonic)
    profile = detect({"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}, is_tty=True)
    board = Board(clocks.monotonic, limits(config.thresholds))
    context = Context(config, profile, board, clocks, keymap({}))
    app = OpsConsole(context, with_services=True)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(SECONDS)
        await pilot.press("down")
        await pilot.pause(0.6)
        svg = app.export_screenshot(title="opsconsole")
    # The fonts of the exporter are fetched from elsewhere; whoever looks at this has a monospaced one.
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code", "ui-monospace, SFMono-Regular, Menlo, Consolas")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "opsconsole", "demo", "--headless", "--data-dir", folder]
        stack = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "NO_COLOR": "1"}, text=True)
        try:
            assert stack.stdout is not None
            told = ""
            while True:
                told += stack.stdout.readline()
                try:
                    document = json.loads(told)
                    break
                except json.JSONDecodeError:
                    continue
            TARGET.write_text(asyncio.run(picture(Path(document["config"]))), encoding="utf-8")
        finally:
            stack.terminate()
            stack.wait(10)
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
