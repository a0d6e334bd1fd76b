"""Room set aside for the hour when the disk is full, so that what happens then can still be written down."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from opsconsole.journal.folder import open_private

NAME: Final = "opsconsole.reserve"
SIZE: Final = 1_048_576
"""Bytes. Given up, it takes some hundred entries (docs/journal.md has the figure)."""

ROOM_TO_FILL: Final = 8 * SIZE
"""The reserve is made (again) only when this much is free: it must not be what fills the disk."""


def free(folder: Path) -> int:
    """Bytes this account may still write to the file system; a great number where that cannot be told."""
    try:
        room = os.statvfs(folder)
    except OSError:
        return 1 << 62
    return room.f_bavail * room.f_frsize


def there(folder: Path) -> bool:
    """Whether the reserve is there in full."""
    try:
        return (folder / NAME).stat().st_size == SIZE
    except OSError:
        return False


def fill(folder: Path) -> bool:
    """Set the reserve aside unless it is there or there is little room; returns whether it is there now."""
    if there(folder):
        return True
    if free(folder) < ROOM_TO_FILL:
        return False
    try:
        descriptor = open_private(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        try:
            # Bytes without a pattern: a file system that compresses would set nothing aside for zeros.
            os.write(descriptor, os.urandom(SIZE))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        give_up(folder)
        return False
    return there(folder)


def give_up(folder: Path) -> bool:
    """Give the room back; returns whether there was any."""
    try:
        (folder / NAME).unlink()
    except OSError:
        return False
    return True
