"""The session log on the screen: the newest entries, found by their text, whole when opened."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from opsconsole.config.model import Ui
from opsconsole.domain.entries import NewEntry
from opsconsole.domain.reading import Json
from screens.log import LogScreen
from tests.screens.golden import assert_frame
from tests.screens.world import World


async def written(count: int = 40, world: World | None = None) -> World:
    """A world whose journal holds so many entries."""
    world = world or World()
    for number in range(1, count + 1):
        kind, text = ("note", f"note {number}") if number % 3 else ("probe.changed", f"web is critical {number}")
        await world.history.append(NewEntry(kind, text, {"number": number}))
    return world


@asynccontextmanager
async def logged(world: World, size: tuple[int, int] = (100, 24)) -> AsyncIterator[Pilot[int]]:
    """The console with the log in front."""
    async with world.app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("8")
        await settled(world, pilot)
        yield pilot


async def settled(world: World, pilot: Pilot[int]) -> None:
    """Wait for what is being read, and draw."""
    await pilot.pause()
    await world.app.workers.wait_for_complete()
    await pilot.pause()


def log(world: World) -> LogScreen:
    """The screen in front."""
    assert isinstance(world.app.screen, LogScreen)
    return world.app.screen


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_newest_entries_stand_at_the_bottom_with_time_actor_and_kind(size: tuple[int, int]) -> None:
    world = await written(60)
    async with logged(world, size):
        frame = world.frame()
        assert log(world).selection() == "id-60"
    assert_frame(f"log-{size[0]}x{size[1]}", frame)
    assert max(cell_len(line) for line in frame.splitlines()) <= size[0]
    assert re.search(r"11:06:40  alice       note +note 59$", frame, re.MULTILINE)
    assert "#60 2026-11-18T11:06:40.000Z by alice@bastion" in frame


async def test_new_entries_are_followed_until_one_moves_away_and_again_with_f() -> None:
    world = await written()
    async with logged(world) as pilot:
        await world.history.append(NewEntry("note", "the newest"))
        world.paint()
        await settled(world, pilot)
        assert log(world).selection() == "id-41"
        await pilot.press("k", "k")
        await world.history.append(NewEntry("note", "one more"))
        world.paint()
        await settled(world, pilot)
        assert log(world).selection() == "id-39", "who reads is not moved"
        await pilot.press("F")
        await settled(world, pilot)
        assert log(world).selection() == "id-42"
        assert "one more" in world.frame()


async def test_first_last_and_pages() -> None:
    world = await written()
    async with logged(world) as pilot:
        await pilot.press("g")
        assert log(world).selection() == "id-1"
        await pilot.press("pagedown", "pageup")
        assert log(world).selection() == "id-1"
        await pilot.press("G")
        assert log(world).selection() == "id-40"


async def test_the_filter_finds_entries_by_their_text_and_esc_ends_it() -> None:
    world = await written()
    async with logged(world) as pilot:
        await pilot.press("slash", *"critical", "enter")
        await settled(world, pilot)
        frame = world.frame()
        assert "web is critical 39" in frame
        assert "note 40" not in frame
        assert "filter: critical   Esc ends it" in frame
        await pilot.press("escape")
        await settled(world, pilot)
        assert "note 40" in world.frame()
        assert "filter:" not in world.frame()


async def test_a_filter_that_finds_nothing_says_so() -> None:
    world = await written()
    async with logged(world) as pilot:
        await pilot.press("slash", *"zzz", "enter")
        await settled(world, pilot)
        assert "no entry contains this; Esc ends the filter" in world.frame()


@pytest.mark.parametrize("leave", ["escape", "enter"])
async def test_an_entry_opens_whole_and_closes_again(leave: str) -> None:
    world = World()
    data: dict[str, Json] = {"layer": "tls", "days": [1, 2]}
    await world.history.append(NewEntry("probe.changed", "first line\nsecond line " + "word " * 40, data))
    async with logged(world, (80, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert_frame("entry-80x40", world.frame())
        for told in ("ENTRY #1", "alice on bastion", "first line", "second line", '"layer": "tls"', "0" * 64):
            assert told in world.frame()
        await pilot.press(leave)
        await pilot.pause()
        log(world)


async def test_a_long_entry_can_be_scrolled() -> None:
    world = World()
    await world.history.append(NewEntry("note", "\n".join(f"line {number}" for number in range(100))))
    async with logged(world) as pilot:
        await pilot.press("enter", "pagedown", "j")
        await pilot.pause()
        assert "ENTRY #1" not in world.frame()
        await pilot.press("k", "pageup")
        await pilot.pause()
        assert "ENTRY #1" in world.frame()


@pytest.mark.parametrize("ascii_only", [False, True])
async def test_the_text_of_others_is_plain(ascii_only: bool) -> None:
    world = World(Ui(ascii=ascii_only))
    await world.history.append(
        NewEntry("note", "東京 \x1b[2J\x1b]0;owned\x07 \u202egpj\u2066 [bold]x[/bold]\nnext", {"a": "\x1b[31mred"})
    )
    async with logged(world) as pilot:
        listed = world.frame()
        await pilot.press("enter")
        await pilot.pause()
        whole = world.frame()
    for frame in (listed, whole):
        assert all(character.isprintable() or character == "\n" for character in frame)
        assert "owned" not in frame
        assert "[bold]x[/bold]" in frame
        assert frame.isascii() or not ascii_only
    assert "red" in whole


async def test_an_empty_log_says_how_to_write_into_it() -> None:
    world = World()
    async with logged(world) as pilot:
        assert "nothing has been recorded yet; n writes a note" in world.frame()
        await pilot.press("enter", "j", "k", "G", "g")
        await pilot.pause()
        assert "Open the row under the cursor: there is no row to open" in world.frame()


async def test_a_journal_that_is_not_open_yet_is_no_empty_journal() -> None:
    world = World()
    world.context.history = None
    async with logged(world):
        assert "the journal is still being opened" in world.frame()


async def test_a_journal_that_could_not_be_opened_says_why() -> None:
    world = World()
    world.context.history = None
    world.context.history_problem = "/data is on a network file system"
    async with logged(world):
        assert "/data is on a network file system" in world.frame()


async def test_a_log_that_cannot_be_read_says_why_and_comes_back() -> None:
    world = await written()
    world.history.broken = "disk I/O error"
    async with logged(world) as pilot:
        world.paint()
        await settled(world, pilot)
        assert "the session log could not be read: disk I/O error" in world.frame()
        world.history.broken = ""
        world.paint()
        await settled(world, pilot)
        assert "note 40" in world.frame()
        assert "could not be read" not in world.frame()


async def test_a_log_that_can_no_longer_be_read_keeps_what_was_read_and_says_so() -> None:
    world = await written()
    async with logged(world) as pilot:
        world.history.broken = "disk I/O error"
        world.paint()
        await settled(world, pilot)
        assert "note 40" in world.frame()
        assert "the session log could not be read: disk I/O error" in world.frame()


async def test_the_screen_stays_as_it_was_left() -> None:
    world = await written()
    async with logged(world) as pilot:
        await pilot.press("g", "1")
        await pilot.pause()
        assert "APPLICATION" in world.frame()
        await pilot.press("8")
        await settled(world, pilot)
        assert log(world).selection() == "id-1"


@pytest.mark.parametrize("size", [(60, 20), (30, 8), (200, 60)])
async def test_nothing_breaks_on_a_terminal_of_another_size(size: tuple[int, int]) -> None:
    world = await written()
    async with logged(world, size):
        assert max(cell_len(line) for line in world.frame().splitlines()) <= size[0]
