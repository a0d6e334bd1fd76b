"""The sorts of values a configuration holds: how each is read, refused and documented."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from opsconsole.config.problems import TOLD, UNREADABLE, Place, instead, said
from opsconsole.config.values import (
    ValueInWordsError,
    duration_in_words,
    parse_duration,
    parse_ratio,
    parse_size,
    ratio_in_words,
    size_in_words,
)

Reader = Callable[[Any, Place], Any]
"""Takes a value of TOML and its place; returns what the program uses, or tells a problem: UNREADABLE."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of value.

    Attributes:
        words: what it is, for documentation and messages, with its article: "a duration".
        reader: reads it.
        example: how TOML writes one.
        written: how TOML writes a value of the model, for defaults in the documentation.
        keys: the keys of a table.
        many: whether it is a list of tables.
    """

    words: str
    reader: Reader
    example: str = ""
    written: Callable[[Any], str] | None = None
    keys: tuple[Key, ...] = ()
    many: bool = False

    def read(self, value: Any, place: Place) -> Any:
        """The value as the program uses it, or UNREADABLE, and then the problem has been told."""
        return UNREADABLE if value == TOLD else self.reader(value, place)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a table.

    Attributes:
        name: as the file writes it.
        kind: what it holds.
        says: what it means, for documentation and template: a phrase without a full stop.
        required: whether it must be there.
        field: the model's name for it where that differs.
        example: how TOML writes one, where the kind's example would mislead.
    """

    name: str
    kind: Kind
    says: str
    required: bool = False
    field: str = ""
    example: str = ""


def table(
    keys: tuple[Key, ...], build: Callable[..., Any], check: Callable[[dict[str, Any], Place], None]
) -> Kind:
    """A table with known keys, of which `build` makes the model; `check` sees what the keys mean together."""

    def read(value: Any, place: Place) -> Any:
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            place.wrong("this is one table, not a list of them", f"write [{place.key}] once")
            value = value[0]
        if not isinstance(value, dict):
            return place.wrong(f"{said(value)} is not a table", f"write [{place.key}] and its keys below")
        return _read_keys(keys, build, check, value, place)

    return Kind("a table", read, keys=keys)


def tables(
    keys: tuple[Key, ...],
    build: Callable[..., Any],
    check: Callable[[dict[str, Any], Place], None],
    unique: str = "id",
) -> Kind:
    """A list of tables, no two with the same `unique` key."""

    def read(value: Any, place: Place) -> Any:
        if isinstance(value, dict):
            place.wrong("this is a list of tables, not one", f"write [[{place.key}]]")
            built = _read_keys(keys, build, check, value, place)
            return () if built is UNREADABLE else (built,)
        if not isinstance(value, list):
            return place.wrong(
                f"{said(value)} is not a list of tables", f"write [[{place.key}]] and its keys below"
            )
        found = []
        first: dict[Any, Place] = {}
        for index, each in enumerate(value):
            at = place.at(index)
            if not isinstance(each, dict):
                at.wrong(f"{said(each)} is not a table", f"write [[{place.key}]] and its keys below")
                continue
            name = each.get(unique)
            if isinstance(name, str) and name in first and name != TOLD:
                other = first[name].key
                at.at(unique).wrong(
                    f"{said(name)} is already the {unique} of {other}", f"give each its own {unique}"
                )
            elif isinstance(name, str):
                first[name] = at
            built = _read_keys(keys, build, check, each, at)
            if built is not UNREADABLE:
                found.append(built)
        return tuple(found)

    return Kind("a list of tables", read, keys=keys, many=True)


def _read_keys(
    keys: tuple[Key, ...],
    build: Callable[..., Any],
    check: Callable[[dict[str, Any], Place], None],
    value: dict[str, Any],
    place: Place,
) -> Any:
    known = {key.name: key for key in keys}
    complete = True
    read: dict[str, Any] = {}
    for name, each in value.items():
        key = known.get(name)
        if key is None:
            place.at(name).wrong("this key is not known", instead(name, known, "the keys here are"))
            continue
        got = key.kind.read(each, place.at(name))
        if got is UNREADABLE:
            complete = complete and not key.required
        else:
            read[key.field or name] = got
    for key in keys:
        if key.required and key.name not in value:
            complete = False
            advice = f"add a line like {key.name} = {key.example or key.kind.example}"
            place.at(key.name).wrong("this key is missing", advice, line_of=place)
    check(read, place)
    return build(**read) if complete else UNREADABLE


def nothing_more(read: dict[str, Any], place: Place) -> None:
    """The check of a table whose keys do not depend on each other."""


def in_words(
    words: str,
    parse: Callable[[object], float],
    written: Callable[[Any], str],
    example: str,
    *,
    low: float = 0.0,
    high: float = math.inf,
) -> Kind:
    """A number with a unit, between `low` and `high`."""

    def read(value: Any, place: Place) -> Any:
        try:
            number = parse(value)
        except ValueInWordsError as problem:
            return place.wrong(problem.message, problem.advice)
        if number < low:
            return place.wrong(f"{said(value)} is too little", f"the least is {written(low)}")
        if number > high:
            return place.wrong(f"{said(value)} is too much", f"the most is {written(high)}")
        return number

    return Kind(words, read, example, lambda value: f'"{written(value)}"')


def duration(low: float = 0.0, high: float = math.inf, example: str = '"30s"') -> Kind:
    """A duration, in seconds."""
    return in_words("a duration", parse_duration, duration_in_words, example, low=low, high=high)


def size(low: int = 0, high: float = math.inf, example: str = '"512MiB"') -> Kind:
    """A size, in bytes."""
    return in_words("a size", parse_size, size_in_words, example, low=low, high=high)


RATIO: Final = in_words("a ratio", parse_ratio, ratio_in_words, '"5%"')


def text(example: str, *, empty: bool = False, pattern: str = "", advice: str = "", longest: int = 2_000) -> Kind:
    """One line of text; `advice` says what `pattern` (a regular expression for the whole of it) wants."""
    form = re.compile(pattern, re.DOTALL)

    def read(value: Any, place: Place) -> Any:
        if not isinstance(value, str):
            return place.wrong(f"{said(value)} is not a text", f"write it in quotes, like {example}")
        if not value.strip() and not empty:
            return place.wrong("this text is empty", f"write one, like {example}, or leave the key out")
        if len(value) > longest:
            return place.wrong(f"this text has {len(value)} characters", f"the most are {longest}")
        if any(not character.isprintable() for character in value):
            return place.wrong("this text has control characters in it", "take them out")
        if pattern and not form.fullmatch(value):
            return place.wrong(f"{said(value)} cannot be used here", advice)
        return value

    return Kind("a text", read, example, _quoted)


def anything(example: str) -> Kind:
    """Text of any form and length, several lines too."""

    def read(value: Any, place: Place) -> Any:
        if not isinstance(value, str):
            return place.wrong(f"{said(value)} is not a text", f"write it in quotes, like {example}")
        return value

    return Kind("a text", read, example, _quoted)


def _read_boolean(value: Any, place: Place) -> Any:
    if isinstance(value, bool):
        return value
    return place.wrong(f"{said(value)} is neither true nor false", "write true or false, without quotes")


BOOLEAN: Final = Kind("true or false", _read_boolean, "true", said)


def integer(low: int, high: int, example: str) -> Kind:
    """A whole number between `low` and `high`."""

    def read(value: Any, place: Place) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            return place.wrong(f"{said(value)} is not a whole number", f"write one, like {example}")
        if not low <= value <= high:
            return place.wrong(f"{said(value)} is out of range", f"it must be between {low} and {high}")
        return value

    return Kind("a whole number", read, example, str)


def choice(choices: Mapping[Any, Any], example: str) -> Kind:
    """One of a few values; what the program uses stands beside what the file writes."""
    written = ", ".join(_toml(each) for each in choices)

    def read(value: Any, place: Place) -> Any:
        if isinstance(value, str | int) and not isinstance(value, bool):
            form = value.upper() if isinstance(value, str) else value
            if form in choices:
                return choices[form]
        return place.wrong(f"{said(value)} is not known here", f"it must be one of {written}")

    return Kind(f"one of {written}", read, example, _toml)


def list_of(kind: Kind, example: str) -> Kind:
    """A list of values of one kind; one value alone is a list of one."""

    def read(value: Any, place: Place) -> Any:
        if not isinstance(value, list):
            one = kind.read(value, place)
            return one if one is UNREADABLE else (one,)
        found = [kind.read(each, place.at(index)) for index, each in enumerate(value)]
        return tuple(each for each in found if each is not UNREADABLE)

    written = kind.written or _toml
    return Kind(
        f"a list, each {kind.words}",
        read,
        example,
        lambda values: f"[{', '.join(written(each) for each in values)}]",
    )


def mapping(name: Kind, value_kind: Kind, example: str, *, nested: bool = False) -> Kind:
    """A table with names of the writer's choice.

    With `nested`, tables within it are read as dotted names, so that `db.status = "up"` and `"db.status" = "up"`
    say the same.
    """

    def read(value: Any, place: Place) -> Any:
        if not isinstance(value, dict):
            return place.wrong(f"{said(value)} is not a table", f"write it like {example}")
        found: dict[str, Any] = {}
        for key, each, at in _flat(value, place, "") if nested else _level(value, place):
            if name.read(key, at) is not UNREADABLE:
                got = value_kind.read(each, at)
                if got is not UNREADABLE:
                    found[key] = got
        return found

    return Kind(f"a table, each value {value_kind.words}", read, example, _toml)


def _level(value: dict[str, Any], place: Place) -> list[tuple[str, Any, Place]]:
    return [(key, each, place.at(key)) for key, each in value.items()]


def _flat(value: dict[str, Any], place: Place, before: str) -> list[tuple[str, Any, Place]]:
    found: list[tuple[str, Any, Place]] = []
    for key, each in value.items():
        if isinstance(each, dict) and each:
            found += _flat(each, place.at(key), f"{before}{key}.")
        else:
            found.append((f"{before}{key}", each, place.at(key)))
    return found


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(each) for each in value)}]"
    if isinstance(value, Mapping):
        return "{}" if not value else f"{{ {', '.join(f'{_quoted(k)} = {_toml(v)}' for k, v in value.items())} }}"
    return said(value)
