"""What a look at the set-up found: one verdict with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from opsconsole.domain.reading import Status


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what it was, "clock", "probe.web".
        status: what it is worth; unknown where it could not be told.
        summary: what was found, for a person.
        advice: what to do, "" where nothing is to be done.
    """

    name: str
    status: Status
    summary: str
    advice: str = ""
