"""The application as its public probes see it: up now, available over the window, as fast as it answers now."""

from __future__ import annotations

import pytest

from opsconsole.domain.reading import Measurement, Reading, Status, Verdict
from opsconsole.monitor.application import ANSWERS, WINDOW, Application
from opsconsole.monitor.board import Board, Freshness, Observation
from tests.monitor.sources import FakeSource

DOWN = Verdict(Status.CRITICAL, "Connect: refused")
OFFLINE = Verdict(Status.UNKNOWN, "this machine has no network")


class World:
    """A board, the application over some public probes, and a clock."""

    def __init__(self, *probes: str) -> None:
        self.now = 1_700_000_000.0
        self.board = Board(lambda: self.now)
        sources = [FakeSource(f"probe.{probe}", interval=30.0) for probe in probes]
        for source in sources:
            self.board.register(source)
        self.application = Application(self.board, list(sources))

    def probed(self, probe: str, value: float | None, verdict: Verdict | None = None) -> None:
        source = f"probe.{probe}"
        found = Measurement(source, "probe", value, self.now, verdict=verdict)
        certificate = Measurement(f"{source}.certificate", "certificate", 80.0, self.now)
        self.board.publish(Reading(source, self.now, 0.1, (found, certificate)))

    def failed(self, probe: str) -> None:
        self.board.publish(Reading(f"probe.{probe}", self.now, 0.1, problem="its secret is missing"))

    @property
    def availability(self) -> Observation:
        return self.board.observe("application.availability")

    @property
    def response_time(self) -> float | None:
        measured = self.board.observe("application.response_time").measurement
        return measured.value if measured else None

    def share(self) -> float | None:
        measured = self.availability.measurement
        return measured.value if measured else None


def test_before_any_probe_was_read_nothing_is_known() -> None:
    world = World("web")
    assert world.availability.freshness is Freshness.WAITING
    assert world.availability.verdict.status is Status.UNKNOWN


def test_it_is_up_only_when_every_public_probe_was_read_and_answers() -> None:
    world = World("web", "api")
    world.probed("web", 0.1)
    assert world.availability.verdict.status is Status.UNKNOWN
    assert "not known now: api" in world.availability.verdict.reason
    world.probed("api", 0.2)
    assert world.availability.verdict == Verdict(Status.OK, "up, 100 % over 1 s")
    assert world.availability.freshness is Freshness.FRESH


def test_down_now_is_critical_although_the_hour_was_good() -> None:
    world = World("web", "api")
    for _ in range(100):
        world.now += 30
        world.probed("web", 0.1)
        world.probed("api", 0.1)
    world.probed("api", None, DOWN)
    assert world.share() == pytest.approx(200 / 201)
    assert world.availability.verdict.status is Status.CRITICAL
    assert world.availability.verdict.reason == "down now: api; 99.50 % over 50 min"
    world.now += 30
    world.probed("api", 0.1)
    assert world.availability.verdict.status is Status.OK


def test_the_share_is_counted_over_the_last_hour_only() -> None:
    world = World("web")
    for _ in range(10):
        world.now += 30
        world.probed("web", None, DOWN)
    assert world.share() == 0.0
    for _ in range(10):
        world.now += 30
        world.probed("web", 0.1)
    assert world.share() == 0.5
    world.now += WINDOW - 450
    world.probed("web", 0.1)
    assert world.share() == pytest.approx(11 / 17)
    world.now += WINDOW + 1
    world.probed("web", 0.1)
    assert world.share() == 1.0


def test_without_a_network_here_it_is_unknown_and_counts_neither_way() -> None:
    world = World("web")
    world.probed("web", 0.1)
    world.now += 30
    world.probed("web", None, OFFLINE)
    assert world.share() == 1.0
    seen = world.availability
    assert (seen.verdict.status, seen.measurement and seen.measurement.facts["polls"]) == (Status.UNKNOWN, 1)
    world.now += WINDOW + 1
    world.probed("web", None, OFFLINE)
    assert world.share() is None
    assert world.availability.verdict.reason == "not known now: web"


def test_a_probe_that_cannot_be_run_is_unknown_and_not_down() -> None:
    world = World("web")
    world.probed("web", 0.1)
    world.failed("web")
    assert world.availability.verdict.status is Status.UNKNOWN
    assert world.share() == 1.0


@pytest.mark.parametrize("end", ["down", "offline", "failed"])
def test_an_old_answer_never_stands_for_a_new_one(end: str) -> None:
    world = World("web")
    for value in (0.1, 0.2, 0.3):
        world.probed("web", value)
    assert world.response_time == 0.2
    if end == "failed":
        world.failed("web")
    else:
        world.probed("web", None, DOWN if end == "down" else OFFLINE)
    assert world.response_time is None
    assert world.board.observe("application.response_time").verdict.status is Status.UNKNOWN
    world.probed("web", 0.9)
    assert world.response_time == 0.9


def test_the_response_time_is_the_slowest_probes_median_of_its_last_answers() -> None:
    world = World("web", "api")
    for value in (9.0, *[0.1] * ANSWERS):
        world.probed("web", value)
    assert world.response_time == 0.1
    for value in (2.5, 2.6, 2.4):
        world.probed("api", value)
    assert world.response_time == 2.5
    assert world.board.observe("application.response_time").verdict.status is Status.WARNING


def test_a_clock_that_is_set_back_or_forward_leaves_no_outcome_behind() -> None:
    world = World("web")
    for jump in (-86_400.0, 2 * 86_400.0):
        for _ in range(3):
            world.now += 30
            world.probed("web", None, DOWN)
        world.now += jump
        world.probed("web", 0.1)
        assert world.share() == 1.0


def test_it_is_stale_when_no_probe_is_read_any_more() -> None:
    world = World("web")
    world.probed("web", 0.1)
    world.now += 62
    assert world.availability.freshness is Freshness.STALE
    assert world.availability.verdict.status is Status.UNKNOWN
