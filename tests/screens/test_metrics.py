"""The Metrics screen under the operator's hands: moving, filtering, opening, and rows that come and go."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from opsconsole.domain.metrics import Unit
from opsconsole.domain.reading import Measurement
from opsconsole.domain.units import quantity
from screens.metrics import MetricsScreen
from tests.screens.rich import rich_world
from tests.screens.world import World


@asynccontextmanager
async def opened(world: World, size: tuple[int, int] = (100, 30)) -> AsyncIterator[Pilot[int]]:
    """The console over this world, settled."""
    async with world.app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


def metrics(world: World) -> MetricsScreen:
    """The screen in front."""
    assert isinstance(world.app.screen, MetricsScreen)
    return world.app.screen


def three_probes(world: World, *names: str) -> World:
    """A world with these probes and one host."""
    for name in names or ("a", "b", "c"):
        world.source(f"probe.{name}", 10.0, (f"probe.{name}", "probe", name))
        world.read(f"probe.{name}", world.value(f"probe.{name}", "probe", 0.1, name))
    world.source("host", 5.0)
    world.read("host", world.value("host.cpu", "cpu", 0.5), world.value("host.memory", "memory", 0.5))
    return world


async def put_cursor(world: World, series: str) -> None:
    """Move down to this series."""
    for _ in range(100):
        if metrics(world).selection() == series:
            return
        await world.app.perform("move.down")
    raise AssertionError(series)


async def test_the_cursor_walks_over_values_and_never_stands_on_a_heading() -> None:
    world = three_probes(World())
    async with opened(world) as pilot:
        screen = metrics(world)
        seen = [screen.selection()]
        for _ in range(5):
            await pilot.press("j")
            seen.append(screen.selection())
        assert seen == ["probe.a", "probe.b", "probe.c", "host.cpu", "host.memory", "host.memory"]
        back = []
        for _ in range(5):
            await pilot.press("up")
            back.append(screen.selection())
        assert back == ["host.cpu", "probe.c", "probe.b", "probe.a", "probe.a"]


async def test_first_last_and_pages() -> None:
    world = rich_world()
    async with opened(world, (100, 24)) as pilot:
        screen = metrics(world)
        first = screen.selection()
        await pilot.press("G")
        last = screen.selection()
        assert last == "host.cpu"
        await pilot.pause()
        assert "this machine" in world.frame(), "the list scrolls to the last row"
        await pilot.press("g")
        assert screen.selection() == first == "application.availability"
        await pilot.press("pagedown")
        assert screen.selection() not in ("", first)
        await pilot.press("pageup")
        await pilot.pause()
        assert screen.selection() == first
        await pilot.press("k")
        await pilot.pause()
        assert "APPLICATION" in world.frame(), "up from the first value shows its heading"
        for _ in range(10):
            await world.app.perform("move.page_down")
            assert screen.selection()
        assert screen.selection() == last


async def test_every_row_can_be_reached_when_there_are_more_than_fit() -> None:
    world = rich_world()
    async with opened(world, (100, 24)):
        screen = metrics(world)
        seen = {screen.selection()}
        for _ in range(70):
            await world.app.perform("move.down")
            seen.add(screen.selection())
        shown = {
            series for series in world.board.ids() if not re.search(r"web-1.*(iowait|steal|swap|load)", series)
        }
        shown -= {"prometheus.web-1.response_time_p50", "prometheus.web-1.response_time_p99"}
        shown -= {f"prometheus.web-1.{kind}" for kind in ("inodes:/", "network_received", "network_sent")}
        assert seen == shown


async def test_the_line_below_explains_the_row_under_the_cursor() -> None:
    world = rich_world()
    async with opened(world, (140, 40)) as pilot:
        await put_cursor(world, "probe.web-03")
        await pilot.pause()
        assert "\n■ CRITICAL Connect: nothing listens on port 443 of 192.0.2.7" in world.frame()


async def test_a_source_that_failed_keeps_its_last_good_reading_readable() -> None:
    world = rich_world()
    async with opened(world, (80, 24)) as pilot:
        await put_cursor(world, "prometheus.web-2.cpu")
        await pilot.pause()
        assert "\n? UNKNOWN last good reading 34 %, 1 min ago · connection refused by" in world.frame()


async def test_the_cursor_stays_on_its_series_when_rows_come_and_go() -> None:
    world = three_probes(World())
    async with opened(world) as pilot:
        screen = metrics(world)
        await pilot.press("j", "j", "j")
        assert screen.selection() == "host.cpu"
        world.source("application", 10.0)
        world.read("application", world.value("application.availability", "availability", 1.0))
        world.read("probe.a", world.value("probe.a.certificate", "certificate", 90.0, "a"))
        world.paint()
        await pilot.pause()
        assert screen.selection() == "host.cpu"
        assert "● a certificate" in world.frame()


async def test_when_its_series_goes_the_cursor_stands_on_another_value() -> None:
    world = three_probes(World())
    async with opened(world) as pilot:
        await pilot.press("G")
        await pilot.press("slash", *"be.b")
        await pilot.pause()
        assert metrics(world).selection() == "probe.b"


async def test_the_filter_follows_what_is_typed_and_esc_ends_it() -> None:
    world = rich_world()
    async with opened(world, (120, 60)) as pilot:
        await pilot.press("slash", *"cert web")
        await pilot.pause()
        frame = world.frame()
        assert "▲ web-04 certificate" in frame
        assert "● web-00" not in frame
        assert frame.rstrip().splitlines()[-1].startswith("filter > cert web")
        await pilot.press("enter")
        await pilot.pause()
        assert "filter: cert web   Esc ends it" in world.frame()
        await pilot.press("escape")
        await pilot.pause()
        assert "● web-00" in world.frame()
        assert "filter" not in world.frame().rsplit("\n", 1)[0]


async def test_a_filter_that_matches_nothing_says_how_to_end_it() -> None:
    world = three_probes(World())
    async with opened(world) as pilot:
        await pilot.press("slash", *"zzz", "enter")
        await pilot.pause()
        assert "nothing matches the filter; Esc ends it" in world.frame()
        assert metrics(world).selection() == ""
        for command in ("down", "up", "top", "bottom", "page_down", "page_up"):
            await world.app.perform(f"move.{command}")
        await pilot.press("enter")
        await pilot.pause()
        assert "Open the row under the cursor: there is no row to open" in world.frame()


async def test_cancelling_a_filter_shows_everything_again() -> None:
    world = three_probes(World())
    async with opened(world) as pilot:
        await pilot.press("slash", "b", "escape")
        await pilot.pause()
        assert "● a " in world.frame()
        assert "filter >" not in world.frame()


async def test_secondary_metrics_are_left_out_where_there_is_no_room_and_d_shows_them() -> None:
    world = World()
    world.source("host", 5.0)
    names = [f"/disk-{number:02}" for number in range(14)]
    disks = [world.value(f"host.disk:{name}", "disk", 0.5, name) for name in names]
    inodes = [world.value(f"host.inodes:{name}", "inodes", 0.5, name) for name in names]
    world.read("host", *disks, *inodes)
    async with opened(world, (100, 24)) as pilot:
        assert "Inodes" not in world.frame()
        await pilot.press("d")
        await pilot.press("G")
        await pilot.pause()
        assert "Inodes free /disk-13" in world.frame()
        await pilot.press("d")
        await pilot.pause()
        assert "Inodes" not in world.frame()
        world.read("host", *disks, *inodes[1:], world.value("host.inodes:/disk-00", "inodes", 0.07, "/disk-00"))
        world.paint()
        await pilot.pause()
        await pilot.press("G")
        await pilot.pause()
        assert re.search(r"^▲ Inodes free /disk-00 +7 %", world.frame(), re.MULTILINE), "what is wrong is shown"
        assert "Inodes free /disk-01" not in world.frame()


async def test_secondary_metrics_are_shown_where_there_is_room() -> None:
    world = World()
    world.source("host", 5.0)
    world.read("host", world.value("host.cpu", "cpu", 0.5), world.value("host.swap", "swap", 0.0))
    async with opened(world, (100, 24)):
        assert "● Swap" in world.frame()


async def test_what_is_wrong_is_pinned_worst_first_and_goes_when_it_is_mended() -> None:
    world = three_probes(World())
    async with opened(world) as pilot:
        assert "ATTENTION" not in world.frame()
        world.read("host", world.value("host.cpu", "cpu", 0.95), world.value("host.memory", "memory", 0.5))
        world.fail("probe.b", "the resolver does not answer")
        world.paint()
        await pilot.pause()
        pinned = world.frame().split("ATTENTION (2)\n")[1].splitlines()
        assert pinned[0].startswith("? UNKNOWN  b ")
        assert pinned[1].startswith("▲ WARNING  CPU")
        assert "? UNKNOWN 1 of 5" in world.frame().splitlines()[0]
        world.read("host", world.value("host.cpu", "cpu", 0.2), world.value("host.memory", "memory", 0.5))
        world.read("probe.b", world.value("probe.b", "probe", 0.1, "b"))
        world.paint()
        await pilot.pause()
        assert "ATTENTION" not in world.frame()
        assert "● OK 5 readings" in world.frame().splitlines()[0]


async def test_one_source_that_cannot_be_read_is_one_thing_to_look_at() -> None:
    world = World()
    world.source("prometheus.web-1", 5.0)
    values: list[Measurement] = [
        world.value(f"prometheus.web-1.{kind}", kind, 0.1) for kind in ("cpu", "memory", "swap", "load")
    ]
    world.read("prometheus.web-1", *values)
    world.fail("prometheus.web-1", "connection refused")
    async with opened(world):
        pinned = world.frame().split("ATTENTION (1)\n")[1].splitlines()
        assert re.match(r"\? UNKNOWN  web-1 +4 values: connection refused", pinned[0])


async def test_r_polls_every_source_at_once() -> None:
    world = three_probes(World())
    polls: list[str] = []
    world.context.poll_now = lambda: polls.append("now")
    async with opened(world) as pilot:
        await pilot.press("r")
        await pilot.pause()
        assert polls == ["now"]
        assert "polling every source now" in world.frame()


async def test_a_resize_fits_everything_anew() -> None:
    world = rich_world()
    async with opened(world, (80, 24)) as pilot:
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        await pilot.pause()
        frame = world.frame()
    again = rich_world()
    async with opened(again, (120, 40)):
        assert frame == again.frame()


async def test_a_value_stands_beside_its_own_name_after_any_change_of_size() -> None:
    world = World()
    for number in range(30):
        world.source(f"probe.p{number:02}")
        world.read(
            f"probe.p{number:02}", world.value(f"probe.p{number:02}", "probe", number + 0.5, f"p{number:02}")
        )
    async with world.app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("G")
        for size in ((60, 20), (120, 40), (80, 24), (44, 11), (200, 60), (60, 12)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            await pilot.press("k", "k", "pageup")
            await pilot.pause()
            for line in world.frame().splitlines():
                found = re.match(r"^. p(\d\d) +(\S+ \S+) ", line)
                assert found is None or found[2] == quantity(int(found[1]) + 0.5, Unit.SECONDS), line
