"""What is wrong with a configuration: every problem with its file, line, key and advice, told all at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from opsconsole.domain.text import plain

KeyPath = tuple[str | int, ...]
"""The way to a value: keys, and places in lists counted from 0."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or (as a warning) worth knowing.

    Attributes:
        path: the file, None where there is none.
        line: counted from 1, None where no line can be named.
        key: the full dotted key, lists counted from 1: "probe[2].interval"; "" for the file as a whole.
        message: what is wrong.
        advice: what to do; "" where the message says all.
    """

    path: Path | None
    line: int | None
    key: str
    message: str
    advice: str = ""

    def __str__(self) -> str:
        place = plain(str(self.path)) if self.path is not None else ""
        if self.line is not None:
            place += f":{self.line}"
        what = f"{self.message}; {self.advice}" if self.advice else self.message
        return ": ".join(part for part in (place, self.key, what) if part)


class ConfigError(Exception):
    """The configuration cannot be used; its text is all problems, one a line.

    Attributes:
        problems: everything that is wrong, by line.
        warnings: what was worth knowing besides.
    """

    def __init__(self, problems: Iterable[Problem], warnings: Iterable[Problem] = ()) -> None:
        self.problems: list[Problem] = list(problems)
        self.warnings: list[Problem] = list(warnings)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class _Unreadable:
    """Stands for a value that was found wrong and told."""

    def __repr__(self) -> str:
        return "UNREADABLE"


UNREADABLE: Final = _Unreadable()
TOLD: Final = "\ue000told\ue000"
"""Stands in the text for a value that TOML could not read: its mistake was told, nothing more is said of it."""


@dataclass(slots=True)
class Findings:
    """Collects what reading a file finds; lines are looked up only when there is something to tell.

    Attributes:
        folder: relative paths in the file start here.
        private: whether nobody but the owner can read the file, so that it may hold a secret as text.
        wrong: where the value stands, the place whose line is told, what is wrong, what to do.
        noted: the same of warnings.
    """

    folder: Path = field(default_factory=Path)
    private: bool = False
    wrong: list[tuple[KeyPath, KeyPath, str, str]] = field(default_factory=list)
    noted: list[tuple[KeyPath, KeyPath, str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file a value stands, and the way to tell something about it."""

    findings: Findings
    path: KeyPath = ()

    def at(self, step: str | int) -> Place:
        """The place one step further in."""
        return Place(self.findings, (*self.path, step))

    def wrong(self, message: str, advice: str = "", *, line_of: Place | None = None) -> Any:
        """Tell a problem; returns `UNREADABLE`, which stands for the value from here on."""
        self.findings.wrong.append((self.path, (line_of or self).path, message, advice))
        return UNREADABLE

    def note(self, message: str, advice: str = "") -> None:
        """Tell a warning."""
        self.findings.noted.append((self.path, self.path, message, advice))

    @property
    def key(self) -> str:
        """The full dotted key."""
        return dotted(self.path)


def dotted(path: Sequence[str | int]) -> str:
    """A key path as messages write it: "probe[2].headers.Accept", lists counted from 1, odd keys in quotes."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:
            text += ("." if text else "") + _written_key(step)
    return text


def _written_key(key: str) -> str:
    bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if bare else '"' + plain(key, 80).replace('"', '\\"') + '"'


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant, or None when none is near."""
    from difflib import get_close_matches

    by_form = {each.lower().replace("-", "_"): each for each in known}
    form = word.lower().replace("-", "_")
    near = get_close_matches(form, by_form, n=1, cutoff=0.6)
    if near:
        return by_form[near[0]]
    longer = [each for each in by_form if len(form) > 2 and (each.startswith(form) or form.startswith(each))]
    return by_form[longer[0]] if longer else None


def instead(word: str, known: Iterable[str], what: str) -> str:
    """The advice about an unknown word: the nearest known one, else all of them when they are few."""
    known = sorted(known)
    near = nearest(word, known)
    if near is not None:
        return f"did you mean {near}?"
    if len(known) <= 12:
        return f"{what}: {', '.join(known)}"
    return "docs/configuration.md lists them"


def said(value: object) -> str:
    """A value as the file says it, short enough for a message."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{plain(value, 60)}"'
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return plain(str(value), 60)
