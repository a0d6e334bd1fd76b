"""Sources that do what the tests of the monitor want: answer, hang, refuse to be ended, raise, return rubbish."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from opsconsole.domain.reading import Measurement, Reading
from opsconsole.monitor.clocks import Clocks

CLOCKS = Clocks(time.time, time.monotonic)


def cpu(source: str, value: float | None = 0.1, **more: Any) -> Measurement:
    """One measurement of the kind "cpu"."""
    return Measurement(f"{source}.cpu", "cpu", value, more.pop("at", time.time()), **more)


class FakeSource:
    """A source whose `answer` decides what a poll does; it counts its polls and how many ran at once."""

    table = "host"

    def __init__(
        self,
        name: str,
        answer: Callable[[], Awaitable[Any]] | None = None,
        *,
        interval: float = 0.03,
        timeout: float = 0.02,
        remote: bool = False,
    ) -> None:
        self.id = name
        self.title = name
        self.interval = interval
        self.timeout = timeout
        self.remote = remote
        self.expects: tuple[tuple[str, str, str], ...] = ((f"{name}.cpu", "cpu", ""),)
        self.answer = answer
        self.starts: list[float] = []
        self.running = 0
        self.most_at_once = 0
        self.closed = False

    @property
    def polls(self) -> int:
        return len(self.starts)

    async def poll(self) -> Reading:
        self.starts.append(time.monotonic())
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            found: Reading = (
                await self.answer() if self.answer else Reading(self.id, time.time(), 0.0, (cpu(self.id),))
            )
            return found
        finally:
            self.running -= 1

    async def close(self) -> None:
        self.closed = True


async def hang() -> None:
    """Never end by itself."""
    await asyncio.Event().wait()


def stubborn(release: asyncio.Event) -> Callable[[], Awaitable[None]]:
    """Never end, not even when cancelled, until the test releases it."""

    async def answer() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    return answer


def returning(found: object) -> Callable[[], Awaitable[object]]:
    """Return this at every poll."""

    async def answer() -> object:
        return found

    return answer


def raising(error: BaseException) -> Callable[[], Awaitable[None]]:
    """Raise this at every poll."""

    async def answer() -> None:
        raise error

    return answer


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: it did not come true in time.
    """
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)
