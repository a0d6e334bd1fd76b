"""Kill writers 200 times and look whether anything was lost: `python -m tests.benchmarks.kill [ROUNDS] [SEED]`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.journal.killing import kill_rounds


def main() -> int:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="opsconsole-kill-") as folder:
        outcome = kill_rounds(Path(folder), rounds=(kills + 1) // 2, seed=seed)
    print(
        f"kill -9: {outcome.kills} kills, {outcome.acknowledged} entries acknowledged, {outcome.missing} missing, "
        f"{outcome.broken} broken chains, seed {seed}, {time.perf_counter() - began:.0f} s"
    )
    return 1 if outcome.missing or outcome.broken else 0


if __name__ == "__main__":
    sys.exit(main())
