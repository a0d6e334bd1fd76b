"""What runs behind the screens of the console, without a screen: the rest of its cost is what drawing costs.

Started as a program: `python -m tests.benchmarks.headless_poller CONFIG`. It polls and records until it is ended.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

from opsconsole.commands import keymap
from opsconsole.config.loading import load
from opsconsole.context import Context
from opsconsole.domain.thresholds import limits
from opsconsole.monitor.board import Board
from opsconsole.monitor.clocks import Clocks
from opsconsole.services import Services
from opsconsole.terminal import detect


async def _poll(config_file: Path) -> None:
    config = load(config_file).config
    clocks = Clocks(time.time, time.monotonic)
    board = Board(clocks.monotonic, limits(config.thresholds))
    services = Services(Context(config, detect(), board, clocks, keymap({})))
    await services.open()
    print(f"polling {len(board.sources())} sources", flush=True)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    await services.close("ended")


if __name__ == "__main__":
    asyncio.run(_poll(Path(sys.argv[1])))
