"""Whether a configuration file may be trusted, as `ssh` trusts its own: it can run commands."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path


def distrust(path: Path, status: os.stat_result, user: int) -> list[tuple[str, str]]:
    """Why a file is refused, each reason with the command that mends it; nothing when it may be used.

    Args:
        path: the file, for the command.
        status: what the system says of the opened file.
        user: the account the program runs under.
    """
    if status.st_uid in (user, 0) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return []
    from shlex import quote

    reasons = []
    target = quote(str(path))
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid not in (user, 0):
        reasons.append(
            (
                f"the file belongs to {account(status.st_uid)}, and a configuration can run commands",
                f"if you trust what it says, run: sudo chown {quote(account(user))} {target}",
            )
        )
    if mode & 0o022:
        who = " and ".join(name for bit, name in ((0o020, "its group"), (0o002, "everybody")) if mode & bit)
        reasons.append(
            (
                f"the file can be changed by {who} (mode {mode:04o}), and a configuration can run commands",
                f"run: chmod go-w {target}",
            )
        )
    return reasons


def is_private(status: os.stat_result) -> bool:
    """Whether nobody but the owner may read or write the file (mode 0600, or stricter)."""
    return stat.S_IMODE(status.st_mode) & 0o177 == 0


def is_own(path: Path, user: int) -> bool:
    """Whether a file that was come across, and the link to it if it is one, belong to this account itself."""
    try:
        return path.lstat().st_uid == user and path.stat().st_uid == user
    except OSError:
        return False


def account(number: int) -> str:
    """The name of an account, or its number where it has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
