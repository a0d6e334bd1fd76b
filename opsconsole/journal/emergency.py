"""What could not be written to the database is written to a text file, so that it is not lost with the process."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from opsconsole.domain.entries import Actor, NewEntry
from opsconsole.domain.units import utc
from opsconsole.journal.folder import open_private


def write_down(entries: Sequence[NewEntry], actor: Actor, folder: Path, now: float, why: str) -> str:
    """Write entries to `unwritten-TIME-PID.txt` in the data folder, or else in the folder for temporary files.

    A line a remark beginning with "#", then one JSON document a line for each entry.

    Returns:
        What was done, for the operator; when no file could be written, the entries themselves.
    """
    remarks = [
        "# Entries of the session log that could not be written to the database.",
        f"# Why: {' '.join((why or 'it did not answer in time').split())}",
        f"# By {actor.name} on {actor.host}, process {actor.pid}, at {utc(now)}. One JSON document a line.",
    ]
    lines = [json.dumps(asdict(entry), ensure_ascii=False, default=str) for entry in entries]
    content = "\n".join((*remarks, *lines, "")).encode("utf-8", errors="replace")
    count = "1 entry" if len(entries) == 1 else f"{len(entries)} entries"
    name = f"unwritten-{utc(now).replace(':', '')}-{os.getpid()}.txt"
    for place in (folder, Path(tempfile.gettempdir())):
        path = place / name
        if _write(path, content):
            return (
                f"{count} of the session log could not be written to the database and are kept in {path} instead."
            )
    told = "\n".join(f"{utc(entry.occurred_at or now)} {entry.kind}: {entry.text}" for entry in entries)
    return f"{count} of the session log could be written neither to the database nor to a file:\n{told}"


def _write(path: Path, content: bytes) -> bool:
    try:
        descriptor = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    except OSError:
        return False
    try:
        while content:
            content = content[os.write(descriptor, content) :]
        os.fsync(descriptor)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
