"""What a person's shell gives a program: an environment, and signals that do what they do by default."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def terminal_environment(home: Path, changes: Mapping[str, str | None]) -> dict[str, str]:
    """The environment of a person's shell in a terminal emulator, with nothing of ours in it."""
    environment: dict[str, str | None] = {
        "PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"),
        "USER": os.environ.get("USER", "operator"),
        "LOGNAME": os.environ.get("LOGNAME", "operator"),
        "SHELL": "/bin/sh",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        **changes,
    }
    return {name: value for name, value in environment.items() if value is not None}


@contextmanager
def default_signals() -> Iterator[None]:
    """Start a program with the signals a terminal gives it, even where some are ignored here (nohup)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
    ignored = [number for number in numbers if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
