"""Entries on their way into the database and out of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from opsconsole.domain.entries import Actor, Entry, NewEntry, entry_hash
from opsconsole.domain.reading import Json
from opsconsole.domain.text import plain
from opsconsole.domain.units import utc

COLUMNS: Final = (
    "seq", "id", "occurred_at", "recorded_at", "actor", "environment", "kind", "text", "data", "incident",
    "session", "prev_hash", "hash",
)  # fmt: skip
"""The columns of an entry, in the order of its table."""

TEXT_LIMIT: Final = 20_000
"""The most characters of an entry's text, and of each text in its data; what is longer ends in "…"."""

_WORD_LIMIT: Final = 200
_DEPTH_LIMIT: Final = 20
_ACTOR_FIELDS: Final = frozenset(field.name for field in fields(Actor))


@dataclass(frozen=True, slots=True)
class Prepared:
    """An entry with everything but its place in the chain."""

    id: str
    occurred_at: float | None
    actor: str
    environment: str
    kind: str
    text: str
    data: str
    incident: str
    session: str
    own_id: bool

    def chained(self, seq: int, prev_hash: str, recorded_at: float) -> tuple[int | str, ...]:
        """The row, in the order of `COLUMNS`, at this place of the chain."""
        recorded = utc(recorded_at, milliseconds=True)
        occurred = recorded if self.occurred_at is None else utc(self.occurred_at, milliseconds=True)
        digest = entry_hash(
            prev_hash=prev_hash, seq=seq, id=self.id, occurred_at=occurred, recorded_at=recorded, actor=self.actor,
            environment=self.environment, kind=self.kind, text=self.text, data=self.data, incident=self.incident,
            session=self.session,
        )  # fmt: skip
        return (
            seq, self.id, occurred, recorded, self.actor, self.environment, self.kind, self.text, self.data,
            self.incident, self.session, prev_hash, digest,
        )  # fmt: skip


def prepare(entry: NewEntry, actor: Actor, environment: str, new_id: str) -> Prepared:
    """Clean an entry of everything a terminal would act on, and bring it into the form that is stored.

    Raises:
        ValueError: it has no kind, or happened at no moment that can be written down.
    """
    kind = plain(entry.kind, _WORD_LIMIT)
    if not kind:
        raise ValueError("an entry of the journal needs a kind")
    if entry.occurred_at is not None:
        try:
            utc(entry.occurred_at)
        except (ValueError, OverflowError, OSError):
            raise ValueError(f"{entry.occurred_at} is not a moment between the years 1 and 9999") from None
    return Prepared(
        id=plain(entry.id, _WORD_LIMIT) or new_id,
        occurred_at=entry.occurred_at,
        actor=_json(asdict(actor)),
        environment=plain(environment, _WORD_LIMIT),
        kind=kind,
        text=plain(entry.text, TEXT_LIMIT, lines=True),
        data=_json(entry.data),
        incident=plain(entry.incident, _WORD_LIMIT),
        session=plain(entry.session, _WORD_LIMIT),
        own_id=not entry.id,
    )


def entry(row: Sequence[Any]) -> Entry:
    """The entry a row holds. What somebody made unreadable is given as it stands: `verify` tells that it was."""
    seq, id_, occurred, recorded, actor, environment, kind, text, data, incident, session, prev_hash, digest = row
    return Entry(
        seq=seq, id=id_, occurred_at=occurred, recorded_at=recorded, actor=_actor(actor), environment=environment,
        kind=kind, text=text, data=_data(data), incident=incident, session=session, prev_hash=prev_hash,
    hash=digest, )  # fmt: skip


def _json(value: Mapping[str, Json]) -> str:
    return json.dumps(_clean(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _clean(value: Any, depth: int = 0) -> Json:
    if isinstance(value, str):
        return plain(value, TEXT_LIMIT, lines=True)
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON knows neither infinity nor NaN
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth >= _DEPTH_LIMIT:
        return "…"
    if isinstance(value, Mapping):
        return {plain(str(key), _WORD_LIMIT): _clean(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(part, depth + 1) for part in value]
    return plain(str(value), TEXT_LIMIT, lines=True)


def _actor(text: str) -> Actor:
    try:
        found = json.loads(text)
        return Actor(**{name: value for name, value in found.items() if name in _ACTOR_FIELDS})
    except (TypeError, ValueError, AttributeError):
        return Actor(login=str(text))


def _data(text: str) -> Mapping[str, Json]:
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return {"unreadable": str(text)}
    return found if isinstance(found, dict) else {"unreadable": str(text)}
