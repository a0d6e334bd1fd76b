"""The one registry of what an operator can do.

Keys, the palette, the help page and the key table of the documentation are made from it, so that they cannot
disagree. A command that cannot run now says why; it is never silently dead.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Final, NamedTuple


class Risk(StrEnum):
    """What a command may do to the world: look at it, change it, or destroy something in it."""

    READ = "read"
    CHANGE = "change"
    DESTROY = "destroy"


class Situation(NamedTuple):
    """What a command needs to know to say whether it can run now.

    Attributes:
        screen: the screen in front, "metrics", "log", "chart", …
        selection: the id of the row under the cursor, "" for none.
        read_only: nothing may be changed.
        journal_problem: why nothing can be recorded, "" when it can.
    """

    screen: str = ""
    selection: str = ""
    read_only: bool = False
    journal_problem: str = ""


Reason = Callable[[Situation], str]


def _always(situation: Situation) -> str:
    return ""


def _needs_journal(situation: Situation) -> str:
    return f"nothing can be recorded: {situation.journal_problem}" if situation.journal_problem else ""


def _needs_row(situation: Situation) -> str:
    return "" if situation.selection else "there is no row to open"


class Command(NamedTuple):
    """One thing an operator can do.

    Attributes:
        id: stable, dotted; what a keymap in the configuration names.
        title: what it does, as the palette and the footer say it.
        keys: the default keys, in the terminal's names for them.
        screen: the screen it belongs to, "" for everywhere.
        risk: what it may do to the world.
        hint: one word for the footer, "" to leave it out there.
        why_not: the reason it cannot run now, "" when it can.
    """

    id: str
    title: str
    keys: tuple[str, ...]
    screen: str = ""
    risk: Risk = Risk.READ
    hint: str = ""
    why_not: Reason = _always


def _registry(*commands: Command) -> dict[str, Command]:
    return {command.id: command for command in commands}


REGISTRY: Final[Mapping[str, Command]] = _registry(
    Command("help", "Show the keys of this screen", ("question_mark", "f1"), hint="help"),
    Command("palette", "Find a command", ("colon", "ctrl+p"), hint="command"),
    Command("filter", "Filter the list in front of you", ("slash",), hint="filter"),
    Command("note", "Write a note into the session log", ("n",), hint="note", why_not=_needs_journal),
    Command("screen.metrics", "Go to Metrics", ("1",)),
    Command("screen.log", "Go to Log", ("8",)),
    Command("move.down", "Move down", ("down", "j")),
    Command("move.up", "Move up", ("up", "k")),
    Command("move.top", "Go to the first row", ("home", "g")),
    Command("move.bottom", "Go to the last row", ("end", "G")),
    Command("move.page_down", "Move a page down", ("pagedown", "ctrl+f")),
    Command("move.page_up", "Move a page up", ("pageup", "ctrl+b")),
    Command("open", "Open the row under the cursor", ("enter",), why_not=_needs_row),
    Command("back", "Go back one step", ("escape",)),
    Command("refresh", "Poll every source now", ("r",), screen="metrics"),
    Command("detail", "Show or hide the secondary metrics", ("d",), screen="metrics"),
    Command("range.shorter", "Show a shorter time", ("left_square_bracket",), screen="chart", hint="shorter"),
    Command("range.longer", "Show a longer time", ("right_square_bracket",), screen="chart", hint="longer"),
    Command("log.follow", "Follow the newest entry", ("F",), screen="log"),
    Command("theme", "Use the next theme", (), risk=Risk.READ),
    Command("screenshot", "Save a picture of the screen in the data folder", ()),
    Command("quit", "Quit", ("q", "ctrl+q", "ctrl+c"), hint="quit"),
)
"""Every command, in the order in which help and palette list them."""

_SHORT_NAMES: Final = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}


def _sign_name(character: str) -> str:
    """The terminal library's name of the key of a sign: its Unicode name in snake case, with six exceptions."""
    name = unicodedata.name(character).lower().replace(" ", "_").replace("-", "_")
    return _SHORT_NAMES.get(name, name)


KEY_NAMES: Final[Mapping[str, str]] = {
    **{_sign_name(sign): sign for sign in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"},
    "enter": "Enter",
    "escape": "Esc",
    "space": "Space",
    "tab": "Tab",
    "backspace": "Backspace",
    "delete": "Del",
    "insert": "Ins",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "home": "Home",
    "end": "End",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    **{f"f{number}": f"F{number}" for number in range(1, 25)},
}
"""The terminal library's names of keys → what is printed on them."""

_BY_PRINT: Final = {printed.lower(): name for name, printed in KEY_NAMES.items()} | {"return": "enter"}
_MODIFIERS: Final = ("ctrl", "alt", "shift", "super", "meta")


class KeymapError(ValueError):
    """A keymap names something that is not there. The text says what, and what is near."""


def shown_key(key: str) -> str:
    """A key as a person reads it: "question_mark" → "?", "ctrl+p" → "Ctrl+P"."""
    *modifiers, last = key.split("+")
    if not modifiers:
        return KEY_NAMES.get(key, key)
    return "+".join([*(part.capitalize() for part in modifiers), KEY_NAMES.get(last, last.upper())])


def key_name(written: str) -> str:
    """The terminal library's name of a key that a person wrote: "?" → "question_mark", "Ctrl+P" → "ctrl+p".

    Raises:
        KeymapError: there is no such key.
    """
    if len(written) == 1:
        return _BY_PRINT.get(written, written)
    *modifiers, last = written.split("+")
    last = last if len(last) == 1 and not modifiers else last.lower()
    name = _BY_PRINT.get(last, last)
    known = len(name) == 1 or name in KEY_NAMES
    modifiers = [modifier.lower() for modifier in modifiers]
    if not known or not set(modifiers) <= set(_MODIFIERS):
        near = get_close_matches(last, [*KEY_NAMES, *_BY_PRINT], n=1)
        nearest = shown_key(_BY_PRINT.get(near[0], near[0])) if near else ""
        advice = f"did you mean {nearest!r}?" if near else 'write it like "x", "F5" or "ctrl+x"'
        raise KeymapError(f"there is no key {written!r}; {advice}")
    if modifiers == ["shift"] and len(name) == 1 and name.isalpha():
        return name.upper()  # as terminals send it
    return "+".join([*modifiers, name])


def keymap(overrides: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """The keys of every command, with what the configuration replaces.

    A key that the configuration gives to a command is taken from whichever had it by default: the person's own
    choice wins.

    Raises:
        KeymapError: a command or a key that is not there, or one key given to two commands.
    """
    for unknown in overrides:
        if unknown not in REGISTRY:
            near = get_close_matches(unknown, REGISTRY, n=1)
            advice = f"did you mean {near[0]}?" if near else "`opsconsole` and ? list them"
            raise KeymapError(f"there is no command {unknown!r}; {advice}")
    chosen = {command: tuple(key_name(key) for key in keys) for command, keys in overrides.items()}
    owner: dict[tuple[str, str], str] = {}
    for command, keys in chosen.items():
        for key in keys:
            place = (REGISTRY[command].screen, key)
            if place in owner:
                raise KeymapError(f"the key {shown_key(key)!r} is given to both {owner[place]} and {command}")
            owner[place] = command
    taken = {key for keys in chosen.values() for key in keys}
    return {
        command.id: chosen.get(command.id, tuple(key for key in command.keys if key not in taken))
        for command in REGISTRY.values()
    }


def for_screen(screen: str) -> list[Command]:
    """The commands that work on a screen: its own first, then those that work everywhere."""
    own = [command for command in REGISTRY.values() if command.screen == screen]
    return own + [command for command in REGISTRY.values() if not command.screen]


_INTRODUCTION: Final = """\
<!-- Made from opsconsole/commands.py by `python -m opsconsole.commands`; do not edit. -->

# Keys

Every command of the console, with its default keys. `:` finds each of them by a few letters, `?` lists those of
the screen in front of you and says why one cannot run now.

`[ui.keys]` in the configuration gives a command other keys. They replace its default ones, and a default key that
is given away is lost to the command that had it:

```toml
[ui.keys]
note = ["N", "ctrl+n"]
"screen.log" = ["l"]
```
"""


def key_table() -> str:
    """The keys of every command, as Markdown: `docs/keys.md` is made from it."""
    parts = [_INTRODUCTION]
    screens = dict.fromkeys(command.screen for command in REGISTRY.values())
    for screen in screens:
        parts.append(f"## On the {screen} screen\n" if screen else "## Everywhere\n")
        rows = ["| keys | what it does | command | risk |", "|---|---|---|---|"]
        for command in REGISTRY.values():
            if command.screen == screen:
                keys = " ".join(f"`{shown_key(key)}`" for key in command.keys) or "–"
                rows.append(f"| {keys} | {command.title} | `{command.id}` | {command.risk.value} |")
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(key_table())
