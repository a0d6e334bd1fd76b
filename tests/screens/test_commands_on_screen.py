"""Help, palette, notes and keys: what is typed reaches the command it is meant for, and nothing is lost."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from opsconsole.commands import REGISTRY, for_screen, shown_key
from opsconsole.config.model import Ui
from screens.log import LogScreen
from screens.metrics import MetricsScreen
from tests.screens.golden import assert_frame
from tests.screens.rich import rich_world
from tests.screens.world import World


@asynccontextmanager
async def opened(world: World, size: tuple[int, int] = (100, 40)) -> AsyncIterator[Pilot[int]]:
    """The console over this world, settled."""
    async with world.app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


def type_ahead(world: World, *keys: str) -> None:
    """Type all of this at once, as a paste or a slow line delivers it: nobody waits between two keys."""
    for key in keys:
        character = key if len(key) == 1 else None
        event = events.Key({"/": "slash", ":": "colon", " ": "space"}.get(key, key), character)
        event.set_sender(world.app)
        world.app.post_message(event)


async def until_settled(world: World, pilot: Pilot[int]) -> None:
    """Wait until every key has been taken and every worker is done."""
    for _ in range(3):
        await pilot.pause()
        await world.app.workers.wait_for_complete()


# -- help


@pytest.mark.parametrize(("key", "screen"), [("1", "metrics"), ("8", "log")])
async def test_help_lists_every_command_of_the_screen_with_its_keys(key: str, screen: str) -> None:
    world = rich_world()
    async with opened(world) as pilot:
        await pilot.press(key, "question_mark")
        await pilot.pause()
        frame = world.frame()
        assert f"KEYS on {screen}" in frame
        for command in for_screen(screen):
            keys = "  ".join(shown_key(key) for key in command.keys) or ":"
            assert re.search(rf"^  {re.escape(keys)} +{re.escape(command.title)}", frame, re.MULTILINE), command.id
        for state in ("● ok", "▲ warning", "■ critical", "? no data"):
            assert state in frame
        await pilot.press("question_mark")
        await pilot.pause()
        assert "KEYS on" not in world.frame()


async def test_help_says_why_a_command_cannot_run_now() -> None:
    world = rich_world()
    world.history.problem = "the disk is full"
    async with opened(world) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert re.search(
            r"^  n +Write a note .*\n +nothing can be recorded: the disk is full$", world.frame(), re.MULTILINE
        )


async def test_help_shows_the_keys_as_the_operator_has_set_them() -> None:
    world = World(Ui(keys={"note": ("N",), "theme": ("n",)}))
    async with opened(world) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert re.search(r"^  N +Write a note", world.frame(), re.MULTILINE)
        assert re.search(r"^  n +Use the next theme", world.frame(), re.MULTILINE)


async def test_help_can_be_scrolled_on_a_small_terminal() -> None:
    world = World()
    async with opened(world, (80, 12)) as pilot:
        await pilot.press("question_mark", *["j"] * 30)
        await pilot.pause()
        assert "SHAPES" in world.frame()
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(world.app.screen, MetricsScreen)


# -- palette


async def test_the_palette_lists_commands_with_keys_and_reasons() -> None:
    world = World()
    world.history.problem = "the disk is full"
    async with opened(world) as pilot:
        await pilot.press("colon")
        await pilot.pause()
        frame = world.frame()
        assert_frame("palette-100x40", frame)
        assert re.search(r"^  Write a note .* n +nothing can be recorded: the disk…$", frame, re.MULTILINE)
        assert re.search(r"^  Open the row .* Enter +there is no row to open$", frame, re.MULTILINE)
        await pilot.press(*"note")
        await pilot.pause()
        assert "\n▲ nothing can be recorded: the disk is full\n" in world.frame(), "whole, for the chosen one"


@pytest.mark.parametrize("typed", ["go log", "gl", "screen.log", "GO LOG"])
async def test_the_palette_finds_a_command_by_a_few_letters_and_runs_it(typed: str) -> None:
    world = rich_world()
    async with opened(world) as pilot:
        await pilot.press("ctrl+p", *typed)
        await pilot.pause()
        assert "Go to Log" in world.frame().splitlines()[3]
        await pilot.press("enter")
        await until_settled(world, pilot)
        assert isinstance(world.app.screen, LogScreen)


async def test_the_arrows_choose_in_the_palette() -> None:
    world = rich_world()
    async with opened(world) as pilot:
        await pilot.press("colon", *"go to")
        await pilot.pause()
        found = [line[2:].split("  ")[0] for line in world.frame().splitlines()[3:] if line.startswith("  ")]
        assert {"Go to Metrics", "Go to Log"} <= set(found)
        await pilot.press("down", "up", *["down"] * found.index("Go to Log"), "enter")
        await until_settled(world, pilot)
        assert isinstance(world.app.screen, LogScreen)


async def test_a_command_of_the_palette_that_cannot_run_says_why() -> None:
    world = World()
    world.history.problem = "the disk is full"
    async with opened(world) as pilot:
        await pilot.press("colon", *"note", "enter")
        await until_settled(world, pilot)
        assert "▲ Write a note into the session log: nothing can be recorded: the disk is full" in world.frame()
        assert not world.app.screen.query(Input)


async def test_esc_leaves_the_palette_and_nothing_runs() -> None:
    world = rich_world()
    async with opened(world) as pilot:
        await pilot.press("colon", *"log", "escape")
        await until_settled(world, pilot)
        assert isinstance(world.app.screen, MetricsScreen)


async def test_a_palette_that_finds_nothing_runs_nothing() -> None:
    world = rich_world()
    async with opened(world) as pilot:
        await pilot.press("colon", *"qqqqzzzz", "enter")
        await until_settled(world, pilot)
        assert isinstance(world.app.screen, MetricsScreen)


async def test_a_command_typed_in_one_go_loses_no_key() -> None:
    world = rich_world()
    async with opened(world) as pilot:
        type_ahead(world, ":", *"go to log", "enter")
        await until_settled(world, pilot)
        assert isinstance(world.app.screen, LogScreen)
        assert world.app.is_running, "none of the letters ran a command of its own"


# -- notes


@pytest.mark.parametrize("where", ["1", "8", "enter", "question_mark"])
async def test_a_note_can_be_written_from_anywhere_without_leaving(where: str) -> None:
    world = rich_world()
    async with opened(world) as pilot:
        await pilot.press(where)
        await until_settled(world, pilot)
        before = type(world.app.screen)
        type_ahead(world, "n", *"rolled back, quietly; q", "enter")
        await until_settled(world, pilot)
        assert type(world.app.screen) is before
        assert [(entry.kind, entry.text) for entry in world.history.entries] == [
            ("note", "rolled back, quietly; q")
        ]
        assert "noted as #1" in world.frame()


async def test_a_note_that_cannot_be_written_gives_its_text_back() -> None:
    world = rich_world()
    world.history.broken = "database is locked"
    async with opened(world) as pilot:
        type_ahead(world, "n", *"the cause was DNS", "enter")
        await until_settled(world, pilot)
        assert world.app.screen.query_one(Input).value == "the cause was DNS"
        assert "the note was NOT recorded: database is locked" in world.frame()
        await pilot.press("enter")
        await until_settled(world, pilot)
        assert world.app.screen.query_one(Input).value == "the cause was DNS", "and again"
        world.history.broken = ""
        await pilot.press("!", "enter")
        await until_settled(world, pilot)
        assert [entry.text for entry in world.history.entries] == ["the cause was DNS!"]


async def test_a_journal_that_becomes_unusable_while_a_note_is_written_gives_the_text_back() -> None:
    world = rich_world()
    async with opened(world) as pilot:
        type_ahead(world, "n", *"important")
        await until_settled(world, pilot)
        world.context.history, world.context.history_problem = None, "the journal was closed"
        await pilot.press("enter")
        await until_settled(world, pilot)
        assert "the journal was closed" in world.frame()
        assert world.app.screen.query_one(Input).value == "important"


async def test_an_empty_note_is_none_and_esc_takes_it_back() -> None:
    world = rich_world()
    async with opened(world) as pilot:
        await pilot.press("n", "space", "enter")
        await pilot.press("n", *"never mind", "escape")
        await until_settled(world, pilot)
        assert world.history.entries == []
        assert not world.app.screen.query(Input)


async def test_pasted_text_goes_into_the_note_and_runs_nothing() -> None:
    world = rich_world()
    async with opened(world) as pilot:
        await pilot.press("n")
        await pilot.pause()
        world.app.post_message(events.Paste("quit now: grüße, 東京"))
        await until_settled(world, pilot)
        await pilot.press("enter")
        await until_settled(world, pilot)
        assert [entry.text for entry in world.history.entries] == ["quit now: grüße, 東京"]


# -- keys


async def test_keys_typed_in_one_go_are_taken_in_order() -> None:
    world = rich_world()
    async with opened(world) as pilot:
        type_ahead(world, "j", "j", "/", *"web-03", "enter")
        await until_settled(world, pilot)
        assert "filter: web-03   Esc ends it" in world.frame()
        assert isinstance(world.app.screen, MetricsScreen)


async def test_a_key_of_the_operators_own_runs_its_command_and_the_old_one_no_longer() -> None:
    world = rich_world(World(Ui(keys={"screen.log": ("L", ".")})))
    async with opened(world) as pilot:
        await pilot.press("8")
        await pilot.pause()
        assert isinstance(world.app.screen, MetricsScreen)
        await pilot.press("full_stop")
        await pilot.pause()
        assert isinstance(world.app.screen, LogScreen)
        assert "L Log" in world.frame()


async def test_read_only_is_said_in_the_header_and_notes_can_still_be_written() -> None:
    world = rich_world(World(read_only=True))
    async with opened(world) as pilot:
        assert "READ-ONLY" in world.frame().splitlines()[0]
        type_ahead(world, "n", *"seen", "enter")
        await until_settled(world, pilot)
        assert len(world.history.entries) == 1


async def test_quit_ends_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    # The last resort ends the process itself, which here is that of the tests.
    monkeypatch.setattr("opsconsole.ending.LAST_RESORT", 3_600.0)
    world = rich_world()
    async with opened(world) as pilot:
        await pilot.press("q")
        async with asyncio.timeout(5):
            while world.app.is_running:
                await asyncio.sleep(0.01)
        assert world.app.return_code == 0
        assert world.app.ended_by == "quit"


@pytest.mark.parametrize("key", ["1", "8", "enter"])
async def test_every_command_can_be_run_on_every_screen_without_a_crash(key: str) -> None:
    world = rich_world()
    async with opened(world) as pilot:
        for command in REGISTRY:
            if command in ("quit", "screenshot", "screen.metrics", "screen.log") or command.startswith("move."):
                continue
            await world.app.perform("screen.metrics")
            await pilot.press(key)
            await world.app.perform(command)
            await pilot.press("escape", "escape")
        assert world.app.is_running
