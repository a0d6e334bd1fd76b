"""The board: what is true now, how old it is, and never an old value as a present one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsconsole.domain.reading import Measurement, Reading, Status
from opsconsole.monitor.board import GRACE, Board, Freshness
from tests.monitor.sources import FakeSource

INTERVAL = 5.0
LIMIT = 2 * INTERVAL + GRACE


class World:
    """A board with one source, "host", on a clock of its own; the wall clock may be set to anything."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.wall = 1_700_000_000.0
        self.board = Board(lambda: self.now)
        self.board.register(FakeSource("host", interval=INTERVAL))

    def read(self, *measurements: Measurement, problem: str = "") -> None:
        self.board.publish(Reading("host", self.wall, 0.01, measurements, problem))

    def cpu(self, value: float | None = 0.1, problem: str = "") -> Measurement:
        return Measurement("host.cpu", "cpu", value, self.wall, problem=problem)

    def disk(self, path: str) -> Measurement:
        return Measurement(f"host.disk:{path}", "disk", 0.5, self.wall, label=path)

    def status(self, series: str = "host.cpu") -> tuple[Freshness, Status]:
        seen = self.board.observe(series)
        return seen.freshness, seen.verdict.status


@pytest.fixture
def world() -> World:
    return World()


def test_what_was_never_read_is_waited_for_and_unknown(world: World) -> None:
    seen = world.board.observe("host.cpu")
    assert (seen.freshness, seen.verdict.status, seen.verdict.reason) == ("waiting", "unknown", "not read yet")
    assert seen.age is None
    assert seen.measurement is None
    assert world.board.ids() == ["host.cpu"]


def test_a_value_just_read_is_fresh_and_judged(world: World) -> None:
    world.read(world.cpu(0.5))
    assert world.status() == (Freshness.FRESH, Status.OK)
    world.read(world.cpu(0.95))
    assert world.status() == (Freshness.FRESH, Status.WARNING)
    assert world.board.observe("host.cpu").verdict.threshold == "> 80 %"


def test_a_value_is_stale_after_two_intervals_and_then_never_ok(world: World) -> None:
    world.read(world.cpu())
    world.now += LIMIT
    assert world.status() == (Freshness.FRESH, Status.OK)
    world.now += 0.001
    assert world.status() == (Freshness.STALE, Status.UNKNOWN)
    seen = world.board.observe("host.cpu")
    assert "expected every 5.00 s" in seen.verdict.reason
    assert seen.age == pytest.approx(LIMIT + 0.001)
    assert seen.measurement is not None
    world.now += 1e6
    assert world.status() == (Freshness.STALE, Status.UNKNOWN)


def test_a_source_that_failed_keeps_its_last_value_but_not_its_verdict(world: World) -> None:
    world.read(world.cpu(0.2))
    world.now += INTERVAL
    world.read(problem="the connection was refused")
    seen = world.board.observe("host.cpu")
    assert (seen.freshness, seen.verdict.status) == (Freshness.FAILED, Status.UNKNOWN)
    assert seen.verdict.reason == "the connection was refused"
    assert seen.measurement is not None
    assert (seen.measurement.value, seen.age) == (0.2, INTERVAL)
    state = world.board.source("host")
    assert (state.failures, state.problem) == (1, "the connection was refused")
    assert (state.last_poll, state.last_good) == (world.now, world.now - INTERVAL)
    world.read(world.cpu(0.3))
    assert world.status() == (Freshness.FRESH, Status.OK)
    assert world.board.source("host").failures == 0


def test_a_source_that_failed_before_it_was_ever_read_says_why(world: World) -> None:
    world.read(problem="permission denied")
    assert world.status() == (Freshness.FAILED, Status.UNKNOWN)
    assert world.board.observe("host.cpu").verdict.reason == "permission denied"


def test_a_series_that_its_source_never_gives_is_not_waited_for_for_ever(world: World) -> None:
    world.read(world.disk("/"))
    seen = world.board.observe("host.cpu")
    assert (seen.freshness, seen.verdict.reason) == (Freshness.FAILED, "host does not give it")


def test_a_disk_that_was_unmounted_does_not_stay_green_while_the_others_are_read(world: World) -> None:
    world.read(world.disk("/"), world.disk("/backup"))
    for _ in range(3):
        world.now += INTERVAL
        world.read(world.disk("/"))
    assert world.status("host.disk:/") == (Freshness.FRESH, Status.OK)
    assert world.status("host.disk:/backup") == (Freshness.STALE, Status.UNKNOWN)
    assert (
        world.board.observe("host.disk:/backup").verdict.reason == "host no longer gives it; it last did 15 s ago"
    )
    world.read(world.disk("/"), world.disk("/backup"))
    assert world.status("host.disk:/backup") == (Freshness.FRESH, Status.OK)


def test_a_reading_without_a_value_is_unknown_and_not_zero(world: World) -> None:
    world.read(world.cpu(None, problem="the kernel does not say"))
    assert world.status() == (Freshness.FRESH, Status.UNKNOWN)
    assert world.board.observe("host.cpu").verdict.reason == "the kernel does not say"
    assert len(world.board.series("host.cpu")) == 0


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_ages_do_not_follow_a_wall_clock_that_jumps(world: World, jump: float) -> None:
    world.read(world.cpu())
    world.wall += jump
    world.now += 3.0
    assert world.board.observe("host.cpu").age == 3.0
    assert world.status() == (Freshness.FRESH, Status.OK)
    world.now += LIMIT
    assert world.status() == (Freshness.STALE, Status.UNKNOWN)
    world.read(world.cpu(0.4))
    assert world.status() == (Freshness.FRESH, Status.OK)
    assert world.board.observe("host.cpu").age == 0.0


def test_a_listener_that_raises_keeps_nobody_from_hearing(world: World) -> None:
    heard: list[str] = []

    def broken(reading: Reading) -> None:
        heard.append("broken")
        raise RuntimeError("a screen is gone")

    world.board.subscribe(broken)
    end = world.board.subscribe(lambda reading: heard.append(reading.source))
    with pytest.raises(RuntimeError, match="a screen is gone"):
        world.read(world.cpu(0.4))
    assert heard == ["broken", "host"]
    assert world.status() == (Freshness.FRESH, Status.OK)
    end()
    end()
    with pytest.raises(RuntimeError):
        world.read(world.cpu())
    assert heard == ["broken", "host", "broken"]


def test_series_are_listed_in_the_order_of_the_configuration_then_of_appearance(world: World) -> None:
    world.board.register(FakeSource("prometheus.web-1"))
    world.read(world.disk("/"), world.cpu(), world.disk("/var"))
    assert world.board.ids() == ["host.cpu", "host.disk:/", "host.disk:/var", "prometheus.web-1.cpu"]
    assert [seen.id for seen in world.board.observations()] == world.board.ids()
    assert [state.source for state in world.board.sources()] == ["host", "prometheus.web-1"]


def test_the_past_holds_what_was_read_and_nothing_for_what_was_not(world: World) -> None:
    for value in (0.1, None, 0.3):
        world.wall += INTERVAL
        world.read(replace(world.cpu(), value=value))
    world.read(problem="gone")
    assert [sample.value for sample in world.board.series("host.cpu")] == [0.1, 0.3]
