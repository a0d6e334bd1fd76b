"""What the operator sees, to the character, at the sizes that terminals have."""

from __future__ import annotations

import re
from typing import Final

import pytest
from rich.cells import cell_len

from opsconsole.config.model import Ui
from tests.screens.golden import assert_frame
from tests.screens.rich import rich_world
from tests.screens.world import START, World

SIZES: Final = ((80, 24), (120, 40), (200, 60))
VALUE_LINE: Final = re.compile(r"[●▲■?] .*?(?P<age>\d+ (?:s|min|h|d)|–)$")


async def metrics_frame(size: tuple[int, int], world: World | None = None) -> str:
    """The Metrics screen over the rich board."""
    world = rich_world(world)
    async with world.app.run_test(size=size) as pilot:
        await pilot.pause()
        return world.frame()


def value_lines(frame: str) -> list[str]:
    """The lines of values: between the tabs and ATTENTION, without headings."""
    body = frame.split("\nATTENTION", maxsplit=1)[0].splitlines()[2:]
    return [line for line in body if line[:2] in ("● ", "▲ ", "■ ", "? ")]


@pytest.mark.parametrize("size", SIZES)
async def test_metrics_shows_every_state_at_every_size(size: tuple[int, int]) -> None:
    frame = await metrics_frame(size)
    assert_frame(f"metrics-{size[0]}x{size[1]}", frame)
    assert max(cell_len(line) for line in frame.splitlines()) <= size[0]
    lines = value_lines(frame)
    assert len(lines) >= size[1] // 2
    assert [line for line in lines if not VALUE_LINE.match(line)] == [], "every value has an age"


@pytest.mark.parametrize("size", [(60, 20), (45, 12), (30, 8), (12, 4), (500, 10)])
async def test_nothing_breaks_on_a_terminal_of_another_size(size: tuple[int, int]) -> None:
    frame = await metrics_frame(size)
    assert max(cell_len(line) for line in frame.splitlines()) <= size[0]
    assert len(frame.splitlines()) <= size[1]


async def test_a_terminal_that_is_too_small_is_told_so_in_a_sentence() -> None:
    frame = await metrics_frame((30, 8))
    assert "too small" in frame


async def test_a_value_that_is_not_current_is_never_shown() -> None:
    frame = await metrics_frame((200, 80))
    failed = frame.split("INFRASTRUCTURE  web-2")[1].split("INFRASTRUCTURE  db-1")[0]
    stale = frame.split("INFRASTRUCTURE  db-1")[1].split("INFRASTRUCTURE")[0].split("ATTENTION")[0]
    for part, reason in ((failed, "connection refused by 192.0.2.12:9100"), (stale, "no reading for 2 min")):
        lines = part.splitlines()[1:]
        assert len(lines) >= 11
        assert all(line.startswith("? ") and reason in line and "1 min" in line for line in lines)
        assert "34 %" not in part
        assert "61 %" not in part


async def test_every_state_has_a_shape_and_a_word() -> None:
    frame = await metrics_frame((200, 60))
    for told in ("■ CRITICAL web-03", "▲ WARNING  web-05", "? UNKNOWN  web-2", "● OK Availability 99.98 %"):
        assert told in frame
    assert re.search(r"^\? web-19 +\? +not read yet +–$", frame, re.MULTILINE), "waiting is neither good nor bad"
    assert "web-19" not in frame.split("ATTENTION")[1]


async def test_a_probe_that_is_down_says_the_layer_where_it_failed() -> None:
    frame = await metrics_frame((120, 40))
    assert re.search(r"^■ web-03 +down  Connect: nothing listens on port 443", frame, re.MULTILINE)


@pytest.mark.parametrize("size", SIZES)
async def test_ascii_mode_writes_nothing_but_ascii(size: tuple[int, int]) -> None:
    frame = await metrics_frame(size, World(Ui(ascii=True)))
    assert frame.isascii()
    assert_frame(f"metrics-ascii-{size[0]}x{size[1]}", frame)


@pytest.mark.parametrize("ascii_only", [False, True])
async def test_wide_and_hostile_labels_keep_the_columns_and_reach_no_terminal(ascii_only: bool) -> None:
    hostile = {
        "cjk": "東京のウェブサーバー",
        "emoji": "👩‍💻 shop ❤️ 🇩🇪",
        "escape": "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
        "bidi": "invoice\u202egpj.exe\u2066",
        "long": "very-" * 2_000,
        "lines": "one\ntwo\r\nthree\tfour",
        "marks": "e" + "\u0301" * 50,
        "surrogate": "a\udc80b",
    }
    world = World(Ui(ascii=ascii_only))
    world.source("prometheus.web-1", 15.0)
    measurements = [
        world.value(f"prometheus.web-1.disk:{name}", "disk", 0.5, label) for name, label in hostile.items()
    ]
    world.read("prometheus.web-1", *measurements)
    world.source("probe.x", 10.0, ("probe.x", "probe", hostile["bidi"]))
    world.fail("probe.x", hostile["escape"] + hostile["lines"] + hostile["cjk"])
    async with world.app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        frame = world.frame()
        await pilot.press("j")
        await pilot.pause()
        detail = world.frame()
    assert all(character.isprintable() or character == "\n" for character in frame + detail)
    disks = [line for line in frame.splitlines() if "Disk free" in line]
    assert len(disks) == len(hostile)
    assert {cell_len(line) for line in disks} == {100}, "each line reaches to the age, in the last column"
    places = {cell_len(line[: line.index("50 %")]) for line in disks}
    assert len(places) == 1, "the values stand one below the other"
    if not ascii_only:
        assert "東京" in frame


async def test_the_age_grows_while_nothing_comes_in() -> None:
    world = rich_world()
    async with world.app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        world.time.now = START + 3
        world.paint()
        await pilot.pause()
        assert re.search(r"^● web-00 .* 5 s$", world.frame(), re.MULTILINE)
        world.time.now = START + 60
        world.paint()
        await pilot.pause()
        assert re.search(
            r"^\? web-00 +\? +no reading for 64 s, expected every 10 s +1 min$", world.frame(), re.MULTILINE
        )


async def test_without_sources_the_screen_says_how_to_get_some() -> None:
    world = World()
    async with world.app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert_frame("metrics-empty-120x40", world.frame())
