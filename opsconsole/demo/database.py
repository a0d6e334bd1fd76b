"""What stands for the database: a TCP service that answers one question, and the application's view of it."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from opsconsole.demo.ports import LOOPBACK
from opsconsole.demo.server import Service

_PATIENCE: Final = 0.5
_REMEMBERED: Final = 1.0


class DatabaseService(Service):
    """Answers every line with "ok" until the other side hangs up."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one line after the other."""
        while await reader.readline():
            writer.write(b"ok\n")
            await writer.drain()


class DatabaseClient:
    """How the application asks its database whether it is there: over a real connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._asked = float("-inf")
        self._took: float | None = None

    async def ping(self) -> float | None:
        """Seconds the database took to answer, None when it did not."""
        before = time.monotonic()
        self._took = None
        try:
            async with asyncio.timeout(_PATIENCE):
                reader, writer = await asyncio.open_connection(LOOPBACK, self._port)
                try:
                    writer.write(b"ping\n")
                    if await reader.readline():
                        self._took = time.monotonic() - before
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            self._took = None
        self._asked = before
        return self._took

    async def is_up(self) -> bool:
        """Whether it answers, as of at most a second ago: a busy application does not ask for every request."""
        if time.monotonic() - self._asked > _REMEMBERED:
            await self.ping()
        return self._took is not None
