"""The journal's entry: one kind of record for everything that matters, and the hash that chains it to the last."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from opsconsole.domain.reading import Json

GENESIS: Final = "0" * 64
"""The hash before the first entry."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted, as far as the machine can tell.

    Attributes:
        login: the account the program runs under.
        sudo_user: who became that account, from SUDO_USER; "" where nobody did.
        ssh_client: the address the person came from, from SSH_CONNECTION; "" at the machine itself.
        host: the name of the machine.
        tty: the terminal, "" without one.
        pid: the process.
    """

    login: str
    sudo_user: str = ""
    ssh_client: str = ""
    host: str = ""
    tty: str = ""
    pid: int = 0

    @property
    def name(self) -> str:
        """The person: whoever became another account is named by their own."""
        return self.sudo_user or self.login


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What is to be recorded; the journal adds the rest.

    Attributes:
        kind: the sort of event, dotted: "note", "session.started", "probe.changed".
        text: one or more sentences for a person, already free of control characters.
        data: what a machine needs to know of it.
        occurred_at: when it happened, seconds since the epoch; None is now.
        incident: the id of the incident it belongs to, "" for none.
        session: the id of the session that recorded it, "" for none.
        id: made by the client, so that an entry carried elsewhere and back is the same entry; "" makes one.
    """

    kind: str
    text: str
    data: Mapping[str, Json] = field(default_factory=dict)
    occurred_at: float | None = None
    incident: str = ""
    session: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded entry, as it stands in the journal for good.

    Attributes:
        seq: its place in the chain, from 1, without gaps.
        id: unique everywhere; sorts by time of making.
        occurred_at: when it happened, RFC 3339 UTC with milliseconds.
        recorded_at: when it was written, likewise.
        actor: who acted.
        environment: project and environment of the configuration, "acme-web/production".
        kind: as in `NewEntry`; so are `text`, `data`, `incident` and `session`.
        prev_hash: the hash of the entry before, `GENESIS` for the first.
        hash: SHA-256 over `prev_hash` and everything above, lower-case hexadecimal.
    """

    seq: int
    id: str
    occurred_at: str
    recorded_at: str
    actor: Actor
    environment: str
    kind: str
    text: str
    data: Mapping[str, Json]
    incident: str
    session: str
    prev_hash: str
    hash: str


def entry_hash(
    *,
    prev_hash: str,
    seq: int,
    id: str,  # noqa: A002 - the field's name
    occurred_at: str,
    recorded_at: str,
    actor: str,
    environment: str,
    kind: str,
    text: str,
    data: str,
    incident: str,
    session: str,
) -> str:
    """The hash of one entry over exactly what is stored of it (`actor` and `data` as their stored JSON text)."""
    fields = [
        prev_hash, seq, id, occurred_at, recorded_at, actor, environment, kind, text, data, incident, session,
    ]  # fmt: skip
    payload = json.dumps(fields, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(payload.encode("ascii")).hexdigest()
