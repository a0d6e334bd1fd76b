"""`opsconsole log`: the session log, without a screen."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import click

from opsconsole.cli.configuration import load_config
from opsconsole.cli.options import NotDone
from opsconsole.cli.output import document, emit
from opsconsole.cli.parser import command as shared_command
from opsconsole.cli.parser import group, options
from opsconsole.config.model import Config
from opsconsole.config.values import ValueInWordsError, parse_duration
from opsconsole.domain.entries import Entry, NewEntry
from opsconsole.domain.reading import Json, Status
from opsconsole.domain.text import plain
from opsconsole.domain.units import duration
from opsconsole.journal.errors import JournalError, NoJournalError
from opsconsole.journal.journal import Journal
from opsconsole.journal.rows import TEXT_LIMIT
from opsconsole.journal.session import Session, sessions

_LOOK_EVERY: Final = 0.2
"""Seconds between two looks for new entries with --follow; a look costs some microseconds."""

_LINE_LIMIT: Final = 1_048_576
"""Bytes of one line of standard input that are read; the rest of a longer line is passed over."""

_KIND: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
T = TypeVar("T")


@shared_command("show", short_help="the entries, oldest first")
@click.option("--incident", default="", metavar="ID", help="only those of this incident")
@click.option("--since", metavar="TIME", help='only from this moment on: "1h" (ago), or 2026-11-23T14:00:00Z')
@click.option("--until", metavar="TIME", help="only before this moment")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help='only this kind; "session.*" for all such')
@click.option("--text", default="", metavar="TEXT", help="only those that contain this text")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="only the newest N")
@click.option("--follow", is_flag=True, help="go on with new entries until Ctrl-C; with --json, a document each")
def show(follow: bool, since: str | None, until: str | None, limit: int | None, **filters: Any) -> None:
    """Show the session log, oldest entry first."""
    config = load_config(options())
    filters |= {"since": _moment(since, "--since"), "until": _moment(until, "--until")}
    if follow:
        for entry in _follow(config, limit, filters):
            emit(_compact_document(entry) if options().json else _line(entry))
        return
    try:
        with _existing(config) as journal:
            found = journal.entries(limit=limit, **filters)
            if options().json:
                emit(document("log", entries=[_fields(entry) for entry in found]))
                return
            for entry in found:
                emit(_line(entry))
    except NoJournalError as none:
        if options().json:
            emit(document("log", entries=[]))
        else:
            emit(str(none), err=True)
    except JournalError as error:
        raise NotDone(str(error)) from None


@shared_command("add", short_help="record an entry, or one a line with -")
@click.argument("text", nargs=-1, required=True)
@click.option("--kind", default="note", show_default=True, metavar="KIND", help="what sort of entry it is")
@click.option("--incident", default="", metavar="ID", help="the incident it belongs to")
def add(text: tuple[str, ...], kind: str, incident: str) -> None:
    """Record TEXT in the session log. It has reached the disk when its place and id are printed.

    With - as TEXT, every line of standard input becomes an entry, each on the disk and acknowledged before the
    next line is read. Empty lines are passed over.
    """
    config = load_config(options())
    if config.read_only:
        raise NotDone("nothing was recorded: --read-only was given.")
    if not _KIND.fullmatch(kind):
        raise click.UsageError(f"{kind!r} is no kind of entry: a kind is lower-case words with dots, like note")
    recorded: list[Entry] = []
    try:
        with Journal(config.data_dir, environment=config.environment, on_distress=_warn) as journal:
            for line in _lines() if text == ("-",) else iter((" ".join(text),)):
                entry = journal.append(NewEntry(kind, line, incident=incident))
                if options().json:
                    recorded.append(entry)
                else:
                    emit(f"{entry.seq} {entry.id}")
    except (JournalError, ValueError) as error:
        # What was recorded before is durable, and told; then what happened.
        if options().json and recorded:
            emit(document("log", entries=[_fields(entry) for entry in recorded]))
        raise NotDone(str(error)) from None
    if options().json:
        emit(document("log", entries=[_fields(entry) for entry in recorded]))


@shared_command("verify", short_help="prove that nothing was changed, cut out or reordered")
def verify() -> int:
    """Walk the chain of the session log: exit code 0 when it is whole, 2 when broken, 3 when there is none."""
    config = load_config(options())
    try:
        with _existing(config) as journal:
            found = journal.verify()
    except JournalError as error:
        if options().json:
            unknown = {"status": Status.UNKNOWN, "entries": 0, "first_bad_seq": None, "head": None}
            emit(document("log", **unknown, reason=str(error)))
        raise NotDone(str(error)) from None
    if options().json:
        head = {"seq": found.head_seq, "hash": found.head_hash}
        told = {"status": found.status, "entries": found.entries, "first_bad_seq": found.first_bad_seq}
        emit(document("log", **told, head=head, reason=found.reason or None))
    elif found.status == "ok":
        emit(f"ok: {_count(found.entries)}, nothing changed, cut out or reordered")
        emit(f"head: {found.head_seq} {found.head_hash}")
    else:
        emit(f"broken at {found.first_bad_seq}: {found.reason} ({_count(found.entries)} in all)")
    return Status.OK.exit_code if found.status == "ok" else Status.CRITICAL.exit_code


@shared_command("sessions", short_help="when a console was open, and how it ended")
def list_sessions() -> None:
    """Show the sessions, oldest first."""
    config = load_config(options())
    try:
        with _existing(config) as journal:
            found = sessions(journal)
    except NoJournalError as none:
        found = []
        if not options().json:
            emit(str(none), err=True)
    except JournalError as error:
        raise NotDone(str(error)) from None
    if options().json:
        emit(document("log", sessions=[_session_fields(session) for session in found]))
        return
    for session in found:
        emit(_session_line(session))


command = group("log", show, add, verify, list_sessions, help="The session log: what happened, who did what.")


def _existing(config: Config) -> Journal:
    return Journal(config.data_dir, environment=config.environment, create=False, on_distress=_warn)


def _warn(message: str) -> None:
    if message:
        emit(f"warning: {message}", err=True)


def _moment(text: str | None, option: str) -> float | None:
    """Seconds since the epoch of "1h" (ago) or of a date and time, which is UTC where it does not say.

    Raises:
        click.BadParameter: it is neither.
    """
    if text is None:
        return None
    try:
        return time.time() - parse_duration(text)
    except ValueInWordsError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise click.UsageError(
            f'{option} takes a length of time ("1h", "30m", "2d") or a moment (2026-11-23T14:00:00Z), not {text!r}'
        ) from None


def _follow(config: Config, limit: int | None, filters: dict[str, Any]) -> Iterator[Entry]:
    """The entries there are, then every new one, for ever."""
    journal = _wait_for(lambda: _existing(config))
    try:
        with journal:
            # Whatever comes after this look is new, also what does not match.
            seen, version = journal.head().seq, journal.data_version()
            yield from (entry for entry in journal.entries(limit=limit, **filters) if entry.seq <= seen)
            while True:
                head = journal.head().seq
                if head > seen:
                    yield from journal.entries(after_seq=seen, **filters)
                    seen = head
                while (now := journal.data_version()) == version:
                    time.sleep(_LOOK_EVERY)
                version = now
    except JournalError as error:
        raise NotDone(str(error)) from None


def _wait_for(attempt: Callable[[], T]) -> T:
    while True:
        try:
            return attempt()
        except NoJournalError:
            time.sleep(_LOOK_EVERY)
        except JournalError as error:
            raise NotDone(str(error)) from None


def _lines() -> Iterator[str]:
    """The lines of standard input that say something, whatever bytes they are made of."""
    read = sys.stdin.buffer.readline
    number = 0
    while line := read(_LINE_LIMIT):
        number += 1
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = read(_LINE_LIMIT)
        text = line.decode("utf-8", errors="replace").rstrip("\r\n")
        if len(text) > TEXT_LIMIT:
            _warn(f"line {number} is longer than {TEXT_LIMIT:,} characters; what is beyond was left out.")
        if plain(text, TEXT_LIMIT):
            yield text


def _fields(entry: Entry) -> dict[str, Json]:
    return {
        "seq": entry.seq,
        "id": entry.id,
        "occurred_at": entry.occurred_at,
        "recorded_at": entry.recorded_at,
        "actor": entry.actor.name,
        "actor_details": asdict(entry.actor),
        "environment": entry.environment,
        "kind": entry.kind,
        "text": entry.text,
        "incident": entry.incident or None,
        "session": entry.session or None,
        "data": dict(entry.data),
        "hash": entry.hash,
        "prev_hash": entry.prev_hash,
    }


def _compact_document(entry: Entry) -> str:
    import json

    return json.dumps(json.loads(document("log", entries=[_fields(entry)])))


def _line(entry: Entry) -> str:
    """One entry for a person: "2026-11-23 14:02:11Z  12  ana  note  text"; further lines are set in."""
    moment = plain(entry.occurred_at)[:19].replace("T", " ")
    words = (f"{moment}Z", str(entry.seq), entry.actor.name, entry.kind, entry.incident)
    told = plain(entry.text, TEXT_LIMIT, lines=True).rstrip("\n").replace("\n", "\n    ")
    return "  ".join([*(plain(word) for word in words if word), told])


def _session_fields(session: Session) -> dict[str, Json]:
    return {
        "id": session.id,
        "state": session.state.replace(" ", "_"),
        "started_at": session.started_at,
        "ended_at": session.ended_at or None,
        "duration": session.lasted,
        "reason": session.reason or None,
        "actor": session.actor.name,
        "actor_details": asdict(session.actor),
        "version": session.version,
        "terminal": session.terminal or None,
        "config": session.config or None,
    }


def _session_line(session: Session) -> str:
    moment = session.started_at[:19].replace("T", " ") + "Z"
    who = f"{session.actor.name}@{session.actor.host}"
    how = {
        "ended": f"{duration(session.lasted or 0.0)}, {session.reason}",
        "running": f"running, process {session.actor.pid}",
    }.get(session.state, "did not end: its process is gone")
    return "  ".join(plain(word) for word in (moment, session.id, who, how))


def _count(entries: int) -> str:
    return "1 entry" if entries == 1 else f"{entries:,} entries"
