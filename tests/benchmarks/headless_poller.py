"""The console's poller and board without a screen: what polling costs, so that the rest is what drawing costs.

Started as a program: `python -m tests.benchmarks.headless_poller CONFIG`. It polls until it is ended.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path

from opsconsole.config.loading import load
from opsconsole.domain.thresholds import limits
from opsconsole.monitor.board import Board
from opsconsole.monitor.clocks import Clocks
from opsconsole.monitor.control import ControlProbe
from opsconsole.monitor.poller import Poller
from opsconsole.sources.registry import build_sources


async def _poll(config_file: Path) -> None:
    config = load(config_file).config
    clocks = Clocks(time.time, time.monotonic)
    board = Board(clocks.monotonic, limits(config.thresholds))
    sources = build_sources(config)
    for source in sources:
        board.register(source)
    Poller(board, sources, clocks, random.Random(), ControlProbe(config.network)).start()
    print(f"polling {len(sources)} sources", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_poll(Path(sys.argv[1])))
