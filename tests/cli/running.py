"""The program as others run it: a process of its own, with its exit code, its two outputs and its time."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """A process that has ended: its exit code, what it said, and the seconds it took from start to end."""

    code: int
    out: str
    err: str
    took: float

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)


async def opsconsole(*arguments: str | Path, **environment: str) -> Ended:
    """Run `opsconsole` with these arguments, while the servers of the test go on."""
    return await python("-m", "opsconsole", *arguments, **environment)


async def python(*arguments: str | Path, **environment: str) -> Ended:
    """Run Python with these arguments, while the servers of the test go on."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *map(str, arguments),
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode(), time.monotonic() - began)
