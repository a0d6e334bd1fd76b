"""Blocking calls of the operating system, kept off the event loop and never in the way of quitting.

The executor of asyncio is waited for at the end of a program, so a name server that does not answer would keep
the console from quitting. A daemon thread of our own is left behind instead.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(call: Callable[[], T], *, name: str) -> T:
    """The result of `call`, made in a daemon thread; cancelling leaves the thread to end by itself.

    Raises:
        BaseException: whatever `call` raised.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def work() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = call()
        except BaseException as caught:  # noqa: BLE001 - handed to the one who waits
            error = caught
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:  # the loop has ended meanwhile: nobody waits any more
            return

    threading.Thread(target=work, name=name, daemon=True).start()
    return await future
