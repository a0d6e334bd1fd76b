"""What the doctor looks at in the machine: the clock, the terminal, the versions it runs on."""

from __future__ import annotations

import ctypes
import os
import platform
import sqlite3
import sys
import time
from typing import Final

from opsconsole.cli.finding import Finding
from opsconsole.domain.reading import Status
from opsconsole.domain.units import duration, utc

_MADE: Final = 1_735_689_600.0
"""The beginning of 2025: a clock that says less is wrong."""

_UNSYNCHRONISED: Final = 0x0040
"""STA_UNSYNC of adjtimex(2)."""

_LEAST_SQLITE: Final = (3, 35, 0)
_LEAST_SIZE: Final = (80, 24)


class _Timex(ctypes.Structure):
    """The beginning of struct timex (adjtimex(2)); what follows is only given room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("most_error", ctypes.c_long),
        ("error", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


def clock() -> Finding:
    """Whether the kernel's clock is kept by a time server, as adjtimex(2) tells without any rights."""
    now = time.time()
    if now < _MADE:
        return Finding("clock", Status.CRITICAL, f"the clock says {utc(now)}", "set it: timedatectl set-ntp true")
    state = _Timex()
    try:
        told = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(state))
    except (AttributeError, OSError):  # not Linux
        told = -1
    if told < 0:
        return Finding(
            "clock",
            Status.UNKNOWN,
            f"{utc(now)}; this system does not tell whether a time server keeps it",
            "compare it with another clock: times in the journal are this machine's",
        )
    if state.status & _UNSYNCHRONISED:
        return Finding(
            "clock",
            Status.WARNING,
            f"{utc(now)}, and no time server keeps it",
            "switch one on: timedatectl set-ntp true, or chronyd; times in the journal are this machine's",
        )
    return Finding("clock", Status.OK, f"kept by a time server, within {duration(state.most_error / 1e6)}")


def terminal(color: bool) -> Finding:
    """What the terminal can do, and whether the console can be opened on it."""
    from opsconsole.terminal import detect

    profile = detect(color=color)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return Finding("terminal", Status.OK, "none here: commands print plain text, the console needs one")
    columns, lines = os.get_terminal_size(sys.stdout.fileno())
    said = f"TERM={os.environ.get('TERM', '')}, {columns}x{lines}, {profile.words()}"
    if profile.problem:
        return Finding("terminal", Status.WARNING, f"{said}; no screen can be drawn on it", profile.problem)
    if columns < _LEAST_SIZE[0] or lines < _LEAST_SIZE[1]:
        return Finding("terminal", Status.WARNING, said, "make it at least 80 columns wide and 24 lines high")
    if not profile.unicode:
        return Finding("terminal", Status.OK, said, "with a UTF-8 locale (LANG=C.UTF-8) charts are finer")
    return Finding("terminal", Status.OK, said)


def python() -> Finding:
    """Which Python this is; an older one could not have started the program."""
    return Finding("python", Status.OK, f"{platform.python_implementation()} {platform.python_version()}")


def sqlite() -> Finding:
    """Whether the database engine is new enough."""
    if sqlite3.sqlite_version_info < _LEAST_SQLITE:
        needed = ".".join(map(str, _LEAST_SQLITE))
        return Finding(
            "sqlite",
            Status.CRITICAL,
            f"SQLite {sqlite3.sqlite_version} is too old; {needed} is needed",
            "use a Python with a newer SQLite",
        )
    return Finding("sqlite", Status.OK, f"SQLite {sqlite3.sqlite_version}")
