"""Blocking calls of the operating system, kept off the event loop and never in the way of quitting.

The executor of asyncio is waited for at the end of a program, so a name server that does not answer would keep
the console from quitting. A daemon thread of our own is left behind instead.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

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


_SHARED: Final[dict[Hashable, Future[Any]]] = {}
_SHARED_LOCK: Final = threading.Lock()


async def in_shared_thread(key: Hashable, call: Callable[[], T], *, name: str) -> T:
    """Like `in_thread`, but while a call under the same `key` still runs, its result is waited for instead.

    So a name server that hangs costs one thread a name, not one more with every poll.

    Raises:
        BaseException: whatever `call` raised.
    """
    with _SHARED_LOCK:
        running = _SHARED.get(key)
        future: Future[T] = running or Future()
        if running is None:
            future.set_running_or_notify_cancel()  # from now on nobody who stops waiting cancels it for the others
            threading.Thread(target=_work, args=(key, call, future), name=name, daemon=True).start()
            _SHARED[key] = future
    return await asyncio.wrap_future(future)


def _work(key: Hashable, call: Callable[[], T], future: Future[T]) -> None:
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - handed to those who wait
        _forget(key)
        future.set_exception(error)
    else:
        _forget(key)
        future.set_result(result)


def _forget(key: Hashable) -> None:
    with _SHARED_LOCK:
        del _SHARED[key]
