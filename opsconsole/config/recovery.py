"""Reading TOML past its mistakes, so that one forgotten quote does not hide the other nine problems.

The standard library's parser stops at the first mistake. Each one is told, the statement it is in is taken out of
the text (without moving any line), and the rest is read again. Nothing is guessed: a file with a mistake is never
used; reading on only serves to tell everything at once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from opsconsole.config.locate import Lines, Statement
from opsconsole.config.problems import TOLD, KeyPath
from opsconsole.domain.text import plain

MOST: Final = 40
"""Mistakes of TOML that are told of one file; who has more has named the wrong file."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One place that is not TOML.

    Attributes:
        line: counted from 1, None where the parser does not say.
        path: the key it is at, () where there is none.
        message: what is wrong, without the values (one may be a secret).
        advice: what to do.
    """

    line: int | None
    path: KeyPath
    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """What could be read.

    Attributes:
        values: as the parser gives them; a key whose value could not be read holds `TOLD`.
        text: the text they were read from, line by line as long as the original.
        mistakes: in the order of the file, none for a sound one.
    """

    values: dict[str, Any]
    text: str
    mistakes: tuple[Mistake, ...]


def read_toml(text: str) -> Recovered:
    """Everything that can be read of a TOML text, and every mistake in it. Never raises."""
    text = text.replace("\r\n", "\n")
    mistakes: list[Mistake] = []
    while True:
        try:
            return Recovered(tomllib.loads(text), text, tuple(mistakes))
        except RecursionError:
            found = Mistake(None, (), "lists or tables are nested too deeply in this file", "make them flatter")
            mended = text
        except ValueError as error:
            found, mended = _mend(text, str(error))
        mistakes.append(found)
        if mended == text or len(mistakes) >= MOST:
            return Recovered({}, text, tuple(mistakes))
        text = mended


_POSITION: Final = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_OVERLONG: Final = re.compile(r"[0-9_]{4000,}")


def _mend(text: str, error: str) -> tuple[Mistake, str]:
    """The mistake in words, and the text without the statement that has it."""
    position = _POSITION.search(error)
    said = error[: position.start()] if position else error
    if position is None:  # a number with more digits than Python reads: the parser hands on that error as it is
        overlong = _OVERLONG.search(text)
        place = overlong.start() if overlong else len(text)
    elif position["line"] is None:
        place = len(text)
    else:
        place = _place(text, int(position["line"]), int(position["column"]))
    lines = Lines(text)
    statement = _culprit(lines, place)
    if statement is None:
        return Mistake(lines.at(place), (), f"this is not TOML: {plain(said, 200)}", "mend this line"), text
    message, advice = _in_words(said, text, statement, lines)
    mistake = Mistake(lines.at(statement.start), statement.path, message, advice)
    return mistake, _without(text, statement, lines, _is_duplicate(said))


def _place(text: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return min(start + column - 1, len(text))


def _culprit(lines: Lines, place: int) -> Statement | None:
    """The statement that has the mistake: the first that could not be walked over, else the one at the place."""
    before = [statement for statement in lines.statements if statement.start <= place]
    lost = [statement for statement in before if not statement.whole]
    return lost[0] if lost else before[-1] if before else None


_BEGINS_ANEW: Final = re.compile(r"\s*(?:\[\[?\s*[A-Za-z_][\w.\s-]*\]\]?\s*(?:#.*)?$|[\w.\"'-]+\s*=)")
_BRACKETS: Final = re.compile(r"\[+\s*(?P<name>[\w.-]+)\s*\]*\s*(?:#.*)?")


def _without(text: str, statement: Statement, lines: Lines, duplicate: bool) -> str:
    """The text with the statement blanked out; its key stays, if it has one, with a value that says "told"."""
    end = _end(text, statement)
    kept = ""
    if statement.header:
        bracketed = _BRACKETS.fullmatch(text[statement.start : end])
        if bracketed and not duplicate:
            kept = f"[[{bracketed['name']}]]"  # a lost bracket: what stands below is read all the same
        else:
            later = [each.start for each in lines.statements if each.header and each.start >= end]
            end = later[0] if later else len(text)
    elif statement.value is not None and not duplicate:
        kept = text[statement.start : statement.value] + f'"{TOLD}"'
    mended = text[: statement.start] + kept + "\n" * text.count("\n", statement.start, end) + text[end:]
    # Where this changes nothing (the key itself cannot be read) the whole statement goes.
    if mended == text or (kept and TOLD in text[statement.start : end]):
        mended = text[: statement.start] + "\n" * text.count("\n", statement.start, end) + text[end:]
    return mended


def _end(text: str, statement: Statement) -> int:
    """Where the statement ends: with a line's end, or before the line that clearly begins another."""
    line_end = text.find("\n", statement.start)
    reached = text.find("\n", statement.end)
    reached = len(text) if reached < 0 else reached
    if line_end < 0:
        return len(text)
    while line_end < reached:
        following = text.find("\n", line_end + 1)
        following = len(text) if following < 0 else following
        if not statement.whole and _BEGINS_ANEW.match(text[line_end + 1 : following]):
            return line_end
        line_end = following
    return line_end


def _is_duplicate(said: str) -> bool:
    return said.startswith(("Cannot declare", "Cannot overwrite", "Cannot redefine", "Cannot mutate", "Duplicate"))


_IN_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "Unterminated string": ("the closing quote is missing", "put it at the end of the text"),
    "Illegal character '\\n'": ("the closing quote is missing", "put it at the end of the text"),
    'Expected "\'"': ("the closing quote is missing", "put it at the end of the text"),
    "Unescaped '\\' in a string": (
        "a backslash in double quotes begins an escape",
        "write it twice, or put the text in single quotes",
    ),
    "Invalid hex value": ("\\u is followed by four hexadecimal digits, \\U by eight", "mend the escape"),
    "Expected '='": ("after the key, = and a value are missing", "write KEY = VALUE"),
    "Invalid value": ("a value in here cannot be read", "put texts in quotes, and close every list and table"),
    "Unclosed array": ("the closing bracket of the list is missing, or a comma in it", "mend the list"),
    "Unclosed inline table": ("the closing brace of the table is missing, or a comma in it", "mend the table"),
    "Invalid initial character for a key part": (
        "a key is missing or cannot be read",
        "write keys with letters, digits, hyphens and underscores, and a table in braces on one line",
    ),
    "Invalid statement": ("this line is neither KEY = VALUE nor [TABLE]", "mend it, or make it a comment with #"),
    "Expected ']": ("the closing bracket is missing", "write [TABLE], or [[TABLE]] for one of a list"),
}


def _in_words(said: str, text: str, statement: Statement, lines: Lines) -> tuple[str, str]:
    if _is_duplicate(said):
        return _duplicate(statement, lines)
    value = ""
    if statement.value is not None:
        value = text[statement.value : _end(text, statement)].partition("\n")[0].strip()
    bare = bool(value) and value[0] not in "\"'[{"
    if bare and said.startswith(("Invalid value", "Expected newline", "Exceeds", "Expected '='")):
        return next(words for fits, words in _BARE if fits(value))
    if value.startswith(('"""', "'''")) and statement.end >= len(text):
        return "the closing quotes of this text are missing", f"put {value[:3]} at its end"
    if statement.value is not None and not value:
        return "the value is missing", "write one after =, or make the line a comment with #"
    for beginning, words in _IN_WORDS.items():
        if said.startswith(beginning):
            return words
    return f"this is not TOML: {plain(said, 200)}", "mend this line"


_BARE: Final[tuple[tuple[Callable[[str], bool], tuple[str, str]], ...]] = (
    (
        lambda value: (
            value.partition("#")[0].strip().lower() in ("true", "false", "yes", "no", "on", "off", "null")
        ),
        ("this is no value of TOML", "write true or false, in small letters"),
    ),
    (
        lambda value: _OVERLONG.match(value) is not None,
        ("this number has too many digits", "write a smaller one"),
    ),
    (
        lambda value: re.fullmatch(r"[0-9.]+ *[A-Za-z%]+[0-9A-Za-z% ]*(#.*)?", value) is not None,
        ("a value with a unit must stand in quotes", 'put it in quotes, like "30s"'),
    ),
    (
        lambda value: value[0] in "+-.0123456789",
        ("this is no number", "put quotes around it if it is a text"),
    ),
    (lambda value: True, ("a text must stand in quotes", "put quotes around it")),
)


def _duplicate(statement: Statement, lines: Lines) -> tuple[str, str]:
    first = lines.first(statement.path)
    here = lines.at(statement.start)
    where = f" in line {first}" if first is not None and first < here else " further up"
    if statement.header:
        return f"this table is already defined{where}", "put its keys there; only [[…]] may stand more than once"
    return f"this key is already set{where}", "keep one of them"
