"""The one registry of what an operator can do.

Keys, the palette, the help page and the key table of the documentation are made from it, so that they cannot
disagree. A command that cannot run now says why; it is never silently dead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import Final


class Risk(StrEnum):
    """What a command may do to the world: look at it, change it, or destroy something in it."""

    READ = "read"
    CHANGE = "change"
    DESTROY = "destroy"


@dataclass(frozen=True, slots=True)
class Situation:
    """What a command needs to know to say whether it can run now.

    Attributes:
        screen: the screen in front, "metrics", "log", "chart", …
        selection: the id of the row under the cursor, "" for none.
        read_only: nothing may be changed.
        journal_problem: why nothing can be recorded, "" when it can.
        marked: whether a filter is set.
    """

    screen: str = ""
    selection: str = ""
    read_only: bool = False
    journal_problem: str = ""
    filtered: bool = False


Reason = Callable[[Situation], str]


def _always(situation: Situation) -> str:
    return ""


def _needs_journal(situation: Situation) -> str:
    return f"nothing can be recorded: {situation.journal_problem}" if situation.journal_problem else ""


def _needs_row(situation: Situation) -> str:
    return "" if situation.selection else "there is no row to open"


@dataclass(frozen=True, slots=True)
class Command:
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

KEY_NAMES: Final[Mapping[str, str]] = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "exclamation_mark": "!",
    "enter": "Enter",
    "escape": "Esc",
    "space": "Space",
    "down": "↓",
    "up": "↑",
    "home": "Home",
    "end": "End",
    "pagedown": "PgDn",
    "pageup": "PgUp",
}
"""The terminal library's names of keys → what is printed on them."""

_BY_PRINT: Final = {shown: name for name, shown in KEY_NAMES.items() if len(shown) == 1 and shown.isascii()}


class KeymapError(ValueError):
    """A keymap names something that is not there. The text says what, and what is near."""


def shown_key(key: str) -> str:
    """A key as a person reads it: "question_mark" → "?", "ctrl+p" → "Ctrl+P"."""
    if key in KEY_NAMES:
        return KEY_NAMES[key]
    if "+" in key:
        return "+".join(part.capitalize() for part in key.split("+"))
    return key.upper() if key.startswith("f") and key[1:].isdigit() else key


def keymap(overrides: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """The keys of every command, with what the configuration replaces.

    A key that the configuration gives to a command is taken from whichever had it by default: the person's own
    choice wins.

    Raises:
        KeymapError: a command that is not there, or one key given to two commands.
    """
    for unknown in overrides:
        if unknown not in REGISTRY:
            near = get_close_matches(unknown, REGISTRY, n=1)
            advice = f"did you mean {near[0]}?" if near else "`opsconsole` and ? list them"
            raise KeymapError(f"there is no command {unknown!r}; {advice}")
    chosen = {command: tuple(_BY_PRINT.get(key, key) for key in keys) for command, keys in overrides.items()}
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
