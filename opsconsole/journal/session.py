"""Sessions: a console that was opened, and how it ended, as entries of the journal."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from opsconsole import __version__
from opsconsole.domain.entries import Actor, Entry, NewEntry
from opsconsole.domain.reading import Json
from opsconsole.domain.units import duration
from opsconsole.journal.journal import Journal

STARTED: Final = "session.started"
ENDED: Final = "session.ended"


@dataclass(frozen=True, slots=True)
class Session:
    """One session.

    Attributes:
        id: its id, which its entries carry.
        actor: who opened it.
        version: of the program.
        terminal: what it was shown on, "" where nothing was said.
        config: the configuration's file, "" for none.
        started_at: RFC 3339, UTC.
        ended_at: likewise; "" when no end was recorded.
        reason: why it ended, "" when no end was recorded.
        state: "ended", "running", or "not ended" when its process is gone and nobody recorded an end.
    """

    id: str
    actor: Actor
    version: str
    terminal: str
    config: str
    started_at: str
    ended_at: str = ""
    reason: str = ""
    state: str = "not ended"

    @property
    def lasted(self) -> float | None:
        """Seconds from its start to its end, None without one."""
        if not self.ended_at:
            return None
        return (datetime.fromisoformat(self.ended_at) - datetime.fromisoformat(self.started_at)).total_seconds()


def started(session: str, *, terminal: str = "", config: Path | None = None, program: str = "console") -> NewEntry:
    """The entry that opens a session.

    Args:
        session: a new id for it.
        terminal: what the program is shown on, "xterm-256color, ssh, 80x24".
        config: the configuration's file.
        program: what was opened, "console", "agent".
    """
    data: dict[str, Json] = {
        "version": __version__,
        "terminal": terminal,
        "config": str(config) if config else "",
        "program": program,
        "process": _process(os.getpid()),
    }
    return NewEntry(STARTED, f"The {program} was opened (opsconsole {__version__}).", data, session=session)


def ended(session: str, reason: str, *, seconds: float | None = None) -> NewEntry:
    """The entry that closes a session.

    Args:
        session: its id.
        reason: why, in some words: "quit", "SIGTERM", "the terminal was lost".
        seconds: how long it lasted.
    """
    lasted = f" after {duration(seconds)}" if seconds is not None else ""
    return NewEntry(ENDED, f"The session ended{lasted}: {reason}.", {"reason": reason}, session=session)


def sessions(journal: Journal) -> list[Session]:
    """Every session, oldest first.

    Raises:
        JournalError: the journal cannot be read.
    """
    return gather(journal.entries(kinds=(STARTED, ENDED)))


def gather(entries: Iterable[Entry]) -> list[Session]:
    """The sessions that entries of these two kinds tell of; whether one still runs is asked of this machine."""
    found: dict[str, Session] = {}
    processes: dict[str, str] = {}
    for entry in entries:
        if entry.kind == STARTED:
            found[entry.session] = Session(
                id=entry.session,
                actor=entry.actor,
                version=_text(entry, "version"),
                terminal=_text(entry, "terminal"),
                config=_text(entry, "config"),
                started_at=entry.occurred_at,
            )
            processes[entry.session] = _text(entry, "process")
        elif entry.session in found:
            found[entry.session] = replace(
                found[entry.session], ended_at=entry.occurred_at, reason=_text(entry, "reason"), state="ended"
            )
    return [
        replace(session, state="running") if _runs(session, processes[session.id]) else session
        for session in found.values()
    ]


def _text(entry: Entry, key: str) -> str:
    value = entry.data.get(key, "")
    return value if isinstance(value, str) else ""


def _runs(session: Session, process: str) -> bool:
    if session.ended_at or session.actor.host != os.uname().nodename:
        return False
    if process:
        return process == _process(session.actor.pid)
    try:
        os.kill(session.actor.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _process(pid: int) -> str:
    """What tells a process from others that had its number: the boot and its start, as Linux has them."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The name, in brackets, may hold anything; the start is field 22 of proc_pid_stat(5).
    return f"{boot}/{status.rpartition(')')[2].split()[19]}"
