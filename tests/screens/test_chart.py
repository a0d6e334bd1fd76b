"""The chart of one series: its past with units, limit and rule, from what is stored and what memory holds."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from opsconsole.config.model import Ui
from opsconsole.domain.series import Sample
from screens.chart import RANGES, ChartScreen
from tests.screens.golden import assert_frame
from tests.screens.rich import rich_world
from tests.screens.world import START, World

P95 = "prometheus.web-1.response_time_p95"


@asynccontextmanager
async def charted(world: World, series: str, size: tuple[int, int] = (100, 30)) -> AsyncIterator[Pilot[int]]:
    """The console with the chart of a series in front."""
    async with world.app.run_test(size=size) as pilot:
        await pilot.pause()
        world.app.push_screen(ChartScreen(world.context, series))
        await settled(world, pilot)
        yield pilot


async def settled(world: World, pilot: Pilot[int]) -> None:
    """Wait for what is being fetched, and draw."""
    await pilot.pause()
    await world.app.workers.wait_for_complete()
    await pilot.pause()


def plotted(frame: str) -> list[str]:
    """The inside of the chart."""
    return [line.partition("│")[2] for line in frame.splitlines() if "│" in line]


def one_value(world: World, kind: str = "throughput", value: float | None = 5.0, **more: Any) -> World:
    """A world with one series."""
    world.source("prometheus.p", 15.0)
    world.read("prometheus.p", world.value("prometheus.p.x", kind, value, **more))
    return world


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_chart_has_units_limit_figures_and_the_rule_in_words(size: tuple[int, int]) -> None:
    world = rich_world()
    async with charted(world, P95, size):
        frame = world.frame()
    assert_frame(f"chart-{size[0]}x{size[1]}", frame)
    assert max(cell_len(line) for line in frame.splitlines()) <= size[0]
    assert "prometheus.web-1 · Response time p95   2.40 s   5 s old   last 60 min" in frame
    assert re.search(r"^ +2\.00 s │.*─{10}", frame, re.MULTILINE), "the limit is a line"
    assert re.search(r"^ +0 s │", frame, re.MULTILINE)
    assert "min 433 ms   avg 1.43 s   p95 2.31 s   max 2.40 s   54 readings" in frame
    assert "rule: warning when > 2 s" in frame
    assert "▲ WARNING Response time p95 2.40 s is above 2 s" in frame


async def test_a_gap_stays_a_gap() -> None:
    world = rich_world()
    async with charted(world, P95):
        lines = plotted(world.frame())
    width = 100 - 12
    drawn = {x for line in lines for x, character in enumerate(line.ljust(width)) if "⠀" < character <= "⣿"}
    middle = set(range(width * 24 // 60 + 2, width * 29 // 60))
    assert not drawn & middle, "six minutes without a reading"
    assert drawn & set(range(width * 24 // 60 - 3))
    assert drawn & set(range(width // 2 + 2, width))


async def test_the_time_goes_from_15_minutes_to_90_days_and_no_further() -> None:
    world = rich_world()
    async with charted(world, P95) as pilot:
        seen = []
        for key in ("left_square_bracket", *["right_square_bracket"] * 9):
            await pilot.press(key)
            await settled(world, pilot)
            found = re.search(r"last (.+)$", world.frame().splitlines()[2])
            assert found
            seen.append(found[1])
    assert seen == ["15 min", "60 min", "3 h", "6 h", "24 h", "7 d", "30 d", "90 d", "90 d", "90 d"]
    spans = [end - start for start, end, _ in world.history.asked[1:]]
    assert spans == [pytest.approx(span) for span in RANGES], "each time is asked for once"


async def test_the_15_minutes_are_the_shortest() -> None:
    world = rich_world()
    async with charted(world, P95) as pilot:
        for _ in range(3):
            await world.app.perform("range.shorter")
        await pilot.pause()
        assert "last 15 min" in world.frame()


async def test_the_axis_names_times_of_day_and_for_longer_times_days() -> None:
    world = rich_world()
    async with charted(world, P95) as pilot:
        assert re.search(r"^ +10:07 UTC +10:37 UTC +11:07 UTC$", world.frame(), re.MULTILINE)
        for _ in range(6):
            await world.app.perform("range.longer")
        await settled(world, pilot)
        assert re.search(r"^ +\d{4}-\d\d-\d\d +\d{4}-\d\d-\d\d +\d{4}-\d\d-\d\d$", world.frame(), re.MULTILINE)


async def test_the_stored_past_and_the_newest_readings_are_one_line() -> None:
    world = one_value(World())
    world.history.stored = [Sample(START - 1_800 - step * 60, 2.0) for step in range(25)]
    async with charted(world, "prometheus.p.x") as pilot:
        assert "min 2 /s   avg 2.12 /s   p95 of means" in world.frame()
        assert "max 5 /s   26 readings" in world.frame()
        world.time.now = START + 15
        world.read("prometheus.p", world.value("prometheus.p.x", "throughput", 9.0))
        world.paint()
        await settled(world, pilot)
        assert "max 9 /s   27 readings" in world.frame()


async def test_a_past_that_cannot_be_read_is_told_and_memory_is_still_drawn() -> None:
    world = rich_world()
    world.history.broken = "disk I/O error"
    async with charted(world, P95):
        frame = world.frame()
    assert "■ the stored past could not be read: disk I/O error" in frame
    assert "54 readings" in frame


async def test_a_console_whose_journal_is_not_open_draws_what_memory_holds() -> None:
    world = rich_world()
    world.context.history = None
    async with charted(world, P95):
        assert "54 readings" in world.frame()


async def test_without_readings_the_chart_says_so() -> None:
    world = rich_world()
    async with charted(world, "probe.web-19"):
        frame = world.frame()
    assert "no readings in this time" in frame
    assert "probe.web-19 · web-19   ?   last 60 min" in frame
    assert "? UNKNOWN not read yet" in frame


async def test_a_value_that_is_not_current_is_not_shown_as_if_it_were() -> None:
    world = rich_world()
    async with charted(world, "prometheus.web-2.cpu"):
        frame = world.frame()
    assert "prometheus.web-2 · CPU   ?   1 min old" in frame
    assert "last good reading 34 %, 1 min ago" in frame


async def test_a_kind_without_a_limit_says_that_nobody_judges_it() -> None:
    world = one_value(World())
    async with charted(world, "prometheus.p.x"):
        assert "no limit: this is recorded, and judged by nobody" in world.frame()


async def test_a_rule_with_two_limits_names_both() -> None:
    world = one_value(World(), "disk", 0.4)
    async with charted(world, "prometheus.p.x"):
        assert "rule: warning when < 10 %, critical when < 5 %" in world.frame()


async def test_large_units_keep_the_axis_straight() -> None:
    world = one_value(World(), "network_received", 120_000_000.0)
    async with charted(world, "prometheus.p.x"):
        frame = world.frame()
    assert {line.index("│") for line in frame.splitlines() if "│" in line} == {11}
    assert "143 MiB/s │" in frame


async def test_what_the_source_found_besides_is_told_as_plain_text() -> None:
    facts = {"layer": "connect", "phases": {"dns": 0.002, "connect": 0.011}, "server": "\x1b[31mnginx\x1b]0;x\x07"}
    world = one_value(World(), "probe", None, facts=facts, problem="\x1b[2Jgone")
    async with charted(world, "prometheus.p.x"):
        frame = world.frame()
    assert "layer: connect · phases: dns 2 ms, connect 11 ms · server: nginx" in frame
    assert "\x1b" not in frame


@pytest.mark.parametrize("size", [(60, 20), (30, 8), (20, 5), (200, 60)])
async def test_nothing_breaks_on_a_terminal_of_another_size(size: tuple[int, int]) -> None:
    world = rich_world()
    async with charted(world, P95, size):
        frame = world.frame()
    assert max(cell_len(line) for line in frame.splitlines()) <= size[0]


async def test_ascii_terminals_get_an_ascii_chart() -> None:
    world = rich_world(World(Ui(ascii=True)))
    async with charted(world, P95):
        frame = world.frame()
    assert frame.isascii()
    assert_frame("chart-ascii-100x30", frame)


@pytest.mark.parametrize("key", ["escape", "enter"])
async def test_enter_opens_the_chart_of_a_row_and_leaves_it_again(key: str) -> None:
    world = rich_world()
    async with world.app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("j", "enter")
        await pilot.pause()
        assert "prometheus.web-1 · Response time p95" in world.frame()
        await pilot.press(key)
        await pilot.pause()
        assert "APPLICATION" in world.frame()
