"""How the console ends when it is told to, or when its terminal is gone: in order, and in any case."""

from __future__ import annotations

import os
import select
import sys
import threading
from contextlib import suppress
from typing import Final

LAST_RESORT: Final = 1.5
"""Seconds that an ordered end may take before the process is ended in any case."""


def terminal_is_gone() -> bool:
    """Whether the other end of standard input has been closed: the SSH line dropped, the window was closed.

    Where SIGHUP is ignored (nohup, some sudo set-ups) nothing else tells, and a program that goes on reading such
    a terminal spins at a whole core.
    """
    try:
        handle = sys.__stdin__.fileno() if sys.__stdin__ else 0
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        found = poll.poll(0)
    except (OSError, ValueError):
        return True
    return any(state & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, state in found)


def end_in_any_case(code: int) -> None:
    """End the process after a while even if something hangs; the ordered end goes on meanwhile."""
    watchdog = threading.Timer(LAST_RESORT, os._exit, (code,))
    watchdog.daemon = True
    watchdog.start()


def let_go_of_terminal() -> None:
    """Point standard output and error at nothing when they lead nowhere any more.

    Python flushes both at exit and would end with 120 instead of our code where the terminal is gone.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
            gone = terminal_is_gone() and not os.isatty(stream.fileno())
        except (OSError, ValueError):
            gone = True
        if gone:
            with suppress(OSError, ValueError):
                nothing = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nothing, stream.fileno())
                os.close(nothing)
