"""What commands print: one JSON document, or lines for people that can be read without colour."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from opsconsole.domain.reading import Status
from opsconsole.domain.units import utc

MARKS: Final[Mapping[Status, tuple[str, str, str]]] = {
    Status.OK: ("●", "+", "green"),
    Status.WARNING: ("▲", "!", "yellow"),
    Status.CRITICAL: ("■", "#", "red"),
    Status.UNKNOWN: ("?", "?", "magenta"),
}
"""Status → its shape, its shape where only ASCII can be printed, and its colour (which never stands alone)."""


def document(name: str, **fields: Any) -> str:
    """One JSON document: `schema` "opsconsole/NAME/1", `generated_at`, then the fields in their order.

    Paths and tuples may be given as they are; numbers that JSON has no word for (NaN, infinities) become null. The
    text is pure ASCII, so that it survives whatever encoding standard output has.
    """
    whole = {"schema": f"opsconsole/{name}/1", "generated_at": utc(time.time()), **fields}
    return json.dumps(_sayable(whole), indent=2, allow_nan=False)


def emit(text: str, *, err: bool = False) -> None:
    """Print text and a line break, flushed.

    What the stream's encoding lacks is printed as "?"; colours are taken out where no terminal reads them.
    """
    stream = sys.stderr if err else sys.stdout
    encoding = stream.encoding or "utf-8"
    click.echo(text.encode(encoding, errors="replace").decode(encoding), file=stream)


def mark(status: Status, *, color: bool = False) -> str:
    """The shape and the word of a status, "▲ warning", padded to one width so that columns line up."""
    shape, letter, paint = MARKS[status]
    said = f"{shape if speaks_unicode() else letter} {status.value:<8}"
    return click.style(said, fg=paint) if color else said


def speaks_unicode() -> bool:
    """Whether standard output can carry the shapes."""
    try:
        "●▲■…–".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _sayable(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _sayable(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_sayable(each) for each in value]
    return value
