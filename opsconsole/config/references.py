"""Secrets as the file names them: where they are kept, never what they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from opsconsole.config.kinds import Kind, mapping
from opsconsole.config.problems import UNREADABLE, Place, instead, said
from opsconsole.config.secrets import Secret, SecretRef

_WAYS: Final = ("env", "file", "command", "keyring")
_EXAMPLE: Final = '{ env = "NAME" }'
_ADVICE: Final = (
    '{ env = "NAME" }, { file = "/run/secrets/x" }, { command = ["pass", "show", "x"] } '
    'or { keyring = "service/user" }'
)


def _read_secret(value: Any, place: Place) -> Any:
    if isinstance(value, str):
        return _literal_secret(value, place)
    if not isinstance(value, dict):
        return place.wrong("this is not a secret", f"write where it is kept: {_ADVICE}")
    for way in value:
        if way not in _WAYS:
            place.at(way).wrong("a secret is not kept this way", instead(way, _WAYS, "the ways are"))
    ways = [way for way in _WAYS if way in value]
    if len(ways) != len(value):
        return UNREADABLE
    if len(ways) != 1:
        what = f"it names {len(ways)} places" if ways else "it names no place"
        return place.wrong(f"a secret is kept in one place, and {what}", f"write one of {_ADVICE}")
    kept = _PLACES[ways[0]](value[ways[0]], place.at(ways[0]))
    return kept if kept is UNREADABLE else SecretRef(place.key, ways[0], kept)


def _literal_secret(value: str, place: Place) -> Any:
    """A secret as text; the value itself is never repeated."""
    if not value:
        return place.wrong("this secret is empty", f"write where it is kept: {_ADVICE}")
    if not place.findings.private:
        return place.wrong(
            "a secret stands here as text, and others may read this file",
            f"write where it is kept, {_EXAMPLE}, or make the file yours alone with chmod 600",
        )
    place.note("a secret stands here as text", f"write where it is kept instead: {_EXAMPLE}")
    return SecretRef(place.key, "literal", Secret(value))


def _env_place(value: Any, place: Place) -> Any:
    if isinstance(value, str) and re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", value):
        return value
    return place.wrong("this is not the name of a variable", 'write the name alone, like { env = "SENTRY_TOKEN" }')


def _file_place(value: Any, place: Place) -> Any:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        return place.wrong("this is not the path of a file", 'write it like { file = "/run/secrets/x" }')
    return value if value.startswith("~") else str(place.findings.folder / Path(value))


def _command_place(value: Any, place: Place) -> Any:
    words = value if isinstance(value, list) else []
    if words and words[0] and all(isinstance(each, str) and "\0" not in each for each in words):
        return tuple(words)
    return place.wrong(
        "this is not a command with its arguments",
        'write it like { command = ["pass", "show", "x"] }, without a shell',
    )


def _keyring_place(value: Any, place: Place) -> Any:
    if isinstance(value, str) and all(value.partition("/")):
        return value
    return place.wrong("this is not an entry of a keyring", 'write it like { keyring = "service/user" }')


_PLACES: Final = {
    "env": _env_place,
    "file": _file_place,
    "command": _command_place,
    "keyring": _keyring_place,
}

SECRET: Final = Kind("a secret", _read_secret, _EXAMPLE, lambda value: _EXAMPLE)

_CONFIDENTIAL: Final = re.compile(r"authori[sz]ation|cookie|token|secret|password|api-?key", re.IGNORECASE)


def _read_header_name(value: Any, place: Place) -> Any:
    if re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", value):  # a token of RFC 9110, section 5.6.2
        return value
    return place.wrong("this is not the name of an HTTP header", "a header's name has letters, digits and hyphens")


def _read_header(value: Any, place: Place) -> Any:
    name = str(place.path[-1])
    if isinstance(value, dict) or (_CONFIDENTIAL.search(name) and isinstance(value, str)):
        return SECRET.read(value, place)
    if not isinstance(value, str):
        return place.wrong(f"{said(value)} is not a text", "write it in quotes")
    if any(character < " " or character == "\x7f" for character in value):
        return place.wrong("this header has control characters in it", "take them out")
    return value


HEADERS: Final = mapping(
    Kind("a header's name", _read_header_name),
    Kind("a text or a secret", _read_header),
    '{ Accept = "application/json", Authorization = { env = "API_AUTHORIZATION" } }',
)
