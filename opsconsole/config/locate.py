"""At which line of a TOML file each value stands.

The standard library's parser, which is the truth about what a file says, tells no lines. This scanner walks over
text that the parser has accepted and notes where each key, table and list element begins. It only tells lines, so
where it should ever lose its way, a message names a line further up, and nothing else goes wrong.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from opsconsole.config.problems import KeyPath

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_BLANK: Final = re.compile(r"[ \t]*")
_BETWEEN: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BASIC: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL: Final = re.compile(r"'[^'\n]*'")
_LONG_BASIC: Final = re.compile(r'"""(?:[^\\]|\\.)*?"""(?:""|")?(?!")', re.DOTALL)
_LONG_LITERAL: Final = re.compile(r"'''.*?'''(?:''|')?(?!')", re.DOTALL)
_SCALAR: Final = re.compile(r"[^,\]}#\n]*")
_STRINGS: Final = (('"""', _LONG_BASIC), ("'''", _LONG_LITERAL), ('"', _BASIC), ("'", _LITERAL))


@dataclass(frozen=True, slots=True)
class Statement:
    """One header, or one key with its value.

    Attributes:
        path: the table or key it defines; () where that could not be made out.
        start: the place of its first character.
        end: the place after its last one; where it could not be read to its end, the place where that failed.
        value: the place of its value's first character, None where it has none or that was not reached.
        header: whether it is a `[table]` or `[[list]]` header.
        whole: whether it could be read to its end.
    """

    path: KeyPath
    start: int
    end: int
    value: int | None
    header: bool
    whole: bool


class _LostError(Exception):
    """The text is not TOML here."""


class Lines:
    """Line numbers of one file, by key path.

    Attributes:
        statements: the headers and keys, in order.
    """

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        scanner = _Scanner(text)
        scanner.run()
        self._places: Mapping[KeyPath, int] = scanner.places
        self.statements: tuple[Statement, ...] = tuple(scanner.statements)

    def first(self, path: KeyPath) -> int | None:
        """The line at which exactly this key or table was first written."""
        place = self._places.get(path)
        return None if place is None else self.at(place)

    def of(self, path: KeyPath) -> int | None:
        """The line at which a value, or the nearest table around it, is written; None for the file as a whole."""
        for length in range(len(path), 0, -1):
            place = self._places.get(path[:length])
            if place is not None:
                return self.at(place)
        return None

    def at(self, place: int) -> int:
        """The line of a place in the text, counted from 1."""
        return bisect_right(self._starts, place)


class _Scanner:
    """One walk over the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._table: KeyPath = ()
        self._counts: dict[KeyPath, int] = {}
        self._headers: set[KeyPath] = set()
        self._value_at: int | None = None
        self.places: dict[KeyPath, int] = {}
        self.statements: list[Statement] = []

    def run(self) -> None:
        while True:
            self._skip(_BETWEEN)
            if self._at >= len(self._text):
                return
            self._statement()

    def _statement(self) -> None:
        start = self._at
        header = self._peek() == "["
        path: KeyPath = ()
        self._value_at = None
        whole = True
        try:
            if header:
                path = self._header()
            else:
                path = (*self._table, *self._key())
                self._note_key(self._table, path, start)
                self._equals_and_value(path)
            self._skip(_BLANK)
            if self._peek() not in ("", "\n", "\r", "#"):
                raise _LostError
        except (_LostError, RecursionError):
            whole = False
        self.statements.append(Statement(path, start, self._at, self._value_at, header, whole))
        if not whole:
            self._to_line_end(start)

    def _header(self) -> KeyPath:
        start = self._at
        many = self._text.startswith("[[", start)
        self._at += 2 if many else 1
        parts = self._key()
        if not self._text.startswith("]]" if many else "]", self._at):
            raise _LostError
        self._at += 2 if many else 1
        path: KeyPath = ()
        for index, part in enumerate(parts):
            path = (*path, part)
            if many and index == len(parts) - 1:
                count = self._counts.get(path, 0)
                self._counts[path] = count + 1
                self.places.setdefault(path, start)
                path = (*path, count)
            elif path in self._counts:
                path = (*path, self._counts[path] - 1)
            self.places.setdefault(path, start)
        # A table may have been defined by the header of one of its own tables before: its own header says more.
        if path not in self._headers:
            self._headers.add(path)
            self.places[path] = start
        self._table = path
        return path

    def _note_key(self, table: KeyPath, path: KeyPath, place: int) -> None:
        for length in range(len(table) + 1, len(path) + 1):
            self.places.setdefault(path[:length], place)

    def _key(self) -> KeyPath:
        parts: list[str] = []
        while True:
            self._skip(_BLANK)
            parts.append(self._key_part())
            self._skip(_BLANK)
            if self._peek() != ".":
                return tuple(parts)
            self._at += 1

    def _key_part(self) -> str:
        for pattern in (_BARE_KEY, _LITERAL, _BASIC):
            found = pattern.match(self._text, self._at)
            if found is not None:
                self._at = found.end()
                return _unquoted(found.group())
        raise _LostError

    def _equals_and_value(self, path: KeyPath) -> None:
        if self._peek() != "=":
            raise _LostError
        self._at += 1
        self._skip(_BLANK)
        if self._value_at is None:
            self._value_at = self._at
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        first = self._peek()
        if first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        elif first in ('"', "'"):
            self._string()
        elif not self._skip(_SCALAR).strip():
            raise _LostError

    def _string(self) -> None:
        for opening, pattern in _STRINGS:
            if self._text.startswith(opening, self._at):
                found = pattern.match(self._text, self._at)
                if found is None:
                    # Nobody can tell where a text of several lines was meant to end: it takes the rest.
                    self._at = len(self._text) if len(opening) > 1 else self._at
                    raise _LostError
                self._at = found.end()
                return

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while True:
            self._skip(_BETWEEN)
            if self._peek() == "]":
                self._at += 1
                return
            self.places.setdefault((*path, index), self._at)
            self._value((*path, index))
            index += 1
            self._separator("]")

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while True:
            self._skip(_BETWEEN)
            if self._peek() == "}":
                self._at += 1
                return
            start = self._at
            inner = (*path, *self._key())
            self._note_key(path, inner, start)
            self._equals_and_value(inner)
            self._separator("}")

    def _separator(self, closing: str) -> None:
        self._skip(_BETWEEN)
        if self._peek() == ",":
            self._at += 1
        elif self._peek() != closing:
            raise _LostError

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found.group()

    def _to_line_end(self, start: int) -> None:
        """Go on after the line where the statement began; what follows is another, as far as anybody can tell."""
        end = self._text.find("\n", start)
        self._at = len(self._text) if end < 0 else end + 1


def _unquoted(key: str) -> str:
    if key[0] not in "\"'":
        return key
    if key[0] == "'" or "\\" not in key:
        return key[1:-1]
    try:
        return str(tomllib.loads(f"key = {key}")["key"])
    except tomllib.TOMLDecodeError:
        raise _LostError from None
