"""The registry of commands: keys, what a keymap may change, and the documentation made from it."""

from __future__ import annotations

import string
from collections import Counter
from pathlib import Path

import pytest
from textual.keys import _character_to_key

from opsconsole.app import OpsConsole
from opsconsole.commands import (
    KEY_NAMES,
    REGISTRY,
    KeymapError,
    Risk,
    Situation,
    for_screen,
    key_name,
    key_table,
    keymap,
    shown_key,
)

DOCUMENT = Path(__file__).parents[1] / "docs" / "keys.md"
SCREENS = ("metrics", "log", "chart", "entry", "help")


def test_the_documented_keys_are_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == key_table(), (
        "make them anew: python -m opsconsole.commands > docs/keys.md"
    )


def test_the_documentation_has_every_command_with_its_keys() -> None:
    text = key_table()
    for command in REGISTRY.values():
        keys = " ".join(f"`{shown_key(key)}`" for key in command.keys) or "–"
        assert f"| {keys} | {command.title} | `{command.id}` | {command.risk.value} |" in text


@pytest.mark.parametrize("screen", SCREENS)
def test_no_key_means_two_things_on_one_screen(screen: str) -> None:
    uses = Counter((command.screen, key) for command in for_screen(screen) for key in command.keys)
    assert [use for use, times in uses.items() if times > 1] == []


def test_every_command_of_no_screen_can_be_run_by_the_application_or_its_screens() -> None:
    from screens.chart import ChartScreen
    from screens.log import LogScreen
    from screens.metrics import MetricsScreen

    places = {"": (OpsConsole, MetricsScreen, LogScreen, ChartScreen), "metrics": (MetricsScreen,)}
    places |= {"log": (LogScreen,), "chart": (ChartScreen,)}
    for command in REGISTRY.values():
        name = f"do_{command.id.replace('.', '_')}"
        assert any(hasattr(place, name) for place in places[command.screen]), command.id


def test_the_default_keymap_is_that_of_the_registry() -> None:
    assert keymap({}) == {command.id: command.keys for command in REGISTRY.values()}


def test_a_persons_own_key_wins_over_the_default_that_had_it() -> None:
    keys = keymap({"theme": ("q",)})
    assert keys["theme"] == ("q",)
    assert keys["quit"] == ("ctrl+q", "ctrl+c")
    assert keys["note"] == ("n",)


def test_a_persons_own_keys_replace_the_defaults_and_none_takes_them_all() -> None:
    assert keymap({"note": ("N", "ctrl+n")})["note"] == ("N", "ctrl+n")
    assert keymap({"note": ()})["note"] == ()


def test_keys_are_written_as_they_are_printed() -> None:
    keys = keymap({"note": ("?", "/", ".", "Esc", "PgDn", "Ctrl+N", "shift+a", "F5", "ö", "ctrl+/")})
    assert keys["note"] == (
        "question_mark", "slash", "full_stop", "escape", "pagedown", "ctrl+n", "A", "f5", "ö", "ctrl+slash",
    )  # fmt: skip
    assert keys["help"] == ("f1",)


def test_every_sign_on_the_keyboard_is_the_key_that_the_terminal_library_names() -> None:
    for sign in string.punctuation:
        assert key_name(sign) == _character_to_key(sign)
        assert shown_key(key_name(sign)) == sign


def test_every_key_reads_as_it_is_written() -> None:
    for name in KEY_NAMES:
        assert key_name(shown_key(name)) == key_name(name) == name
    assert shown_key("ctrl+p") == "Ctrl+P"
    assert shown_key("ctrl+slash") == "Ctrl+/"


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"notes": ("x",)}, "there is no command 'notes'; did you mean note?"),
        ({"zzz": ("x",)}, "there is no command 'zzz'; `opsconsole` and ? list them"),
        ({"note": ("x",), "theme": ("x",)}, "the key 'x' is given to both note and theme"),
        ({"note": ("?",), "theme": ("question_mark",)}, "the key '?' is given to both note and theme"),
        ({"note": ("escpe",)}, "there is no key 'escpe'; did you mean 'Esc'?"),
        ({"note": ("cntrl+x",)}, "there is no key 'cntrl+x'"),
        ({"note": ("",)}, "there is no key ''"),
    ],
)
def test_a_keymap_that_cannot_be_is_told_with_the_nearest(
    overrides: dict[str, tuple[str, ...]], told: str
) -> None:
    with pytest.raises(KeymapError) as raised:
        keymap(overrides)
    assert told in str(raised.value)


def test_one_key_may_mean_different_things_on_different_screens() -> None:
    keys = keymap({"range.longer": ("x",), "refresh": ("x",)})
    assert keys["range.longer"] == keys["refresh"] == ("x",)


def test_what_cannot_run_says_why() -> None:
    full = Situation("metrics", selection="")
    assert REGISTRY["open"].why_not(full) == "there is no row to open"
    assert REGISTRY["open"].why_not(Situation("metrics", selection="x")) == ""
    closed = Situation("metrics", journal_problem="the disk is full")
    assert REGISTRY["note"].why_not(closed) == "nothing can be recorded: the disk is full"


def test_a_screens_own_commands_come_before_those_of_everywhere() -> None:
    found = [command.screen for command in for_screen("chart")]
    assert found == ["chart", "chart", *[""] * (len(found) - 2)]
    assert all(command.risk is Risk.READ for command in for_screen("chart"))
