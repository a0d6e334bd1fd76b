"""What changed is told once each, and nothing is told of what was well from the beginning."""

from __future__ import annotations

from opsconsole.domain.entries import NewEntry
from opsconsole.domain.reading import Measurement, Reading, Status, Verdict
from opsconsole.monitor.board import Board
from opsconsole.monitor.changes import Changes
from tests.monitor.sources import FakeSource

DOWN = Verdict(Status.CRITICAL, "TLS: the certificate has expired")
OFFLINE = Verdict(Status.UNKNOWN, "this machine has no network")


class World:
    """A board that is listened to, and what was told."""

    def __init__(self) -> None:
        self.board = Board(lambda: 0.0)
        self.told: list[NewEntry] = []
        for name in ("probe.web", "probe.api", "host"):
            self.board.register(FakeSource(name))
        self.changes = Changes(self.board, self.told.append)
        self.at = 100.0

    def probed(self, value: float | None = 0.1, verdict: Verdict | None = None, source: str = "probe.web") -> None:
        self.at += 1
        facts = {"layer": "tls"} if verdict is DOWN else {}
        found = Measurement(source, "probe", value, self.at, verdict=verdict, facts=dict(facts))
        self.board.publish(Reading(source, self.at, 0.1, (found,)))

    def failed(self, source: str = "host") -> None:
        self.at += 1
        self.board.publish(Reading(source, self.at, 0.1, problem="permission denied"))

    def texts(self) -> list[str]:
        return [entry.text for entry in self.told]


def test_what_is_well_from_the_beginning_is_not_worth_a_word() -> None:
    world = World()
    for _ in range(3):
        world.probed()
        world.board.publish(Reading("host", 1.0, 0.1, (Measurement("host.cpu", "cpu", 0.99, 1.0),)))
    assert world.told == []


def test_a_probe_that_goes_down_and_comes_back_is_told_once_each() -> None:
    world = World()
    world.probed()
    for _ in range(3):
        world.probed(None, DOWN)
    for _ in range(3):
        world.probed()
    assert world.texts() == [
        "probe.web is critical (was ok): TLS: the certificate has expired",
        "probe.web is ok (was critical): Probe 100 ms",
    ]
    down = world.told[0]
    assert (down.kind, down.occurred_at) == ("probe.changed", 102.0)
    assert down.data == {
        "source": "probe.web",
        "series": "probe.web",
        "status": "critical",
        "before": "ok",
        "layer": "tls",
        "value": None,
    }


def test_a_probe_that_is_down_from_the_beginning_is_told() -> None:
    world = World()
    world.probed(None, DOWN)
    world.probed(None, DOWN)
    assert world.texts() == ["probe.web is critical: TLS: the certificate has expired"]
    assert world.told[0].data["before"] is None


def test_slow_is_a_change_too_and_so_is_a_network_that_is_away() -> None:
    world = World()
    for value, verdict in ((0.1, None), (2.5, None), (2.6, None), (None, OFFLINE), (None, OFFLINE), (0.1, None)):
        world.probed(value, verdict)
    assert [(entry.data["before"], entry.data["status"]) for entry in world.told] == [
        ("ok", "warning"),
        ("warning", "unknown"),
        ("unknown", "ok"),
    ]


def test_each_probe_is_told_for_itself() -> None:
    world = World()
    for source in ("probe.web", "probe.api"):
        world.probed(None, DOWN, source)
    assert [entry.data["series"] for entry in world.told] == ["probe.web", "probe.api"]


def test_a_source_that_cannot_be_read_and_then_can_is_told_once_each() -> None:
    world = World()
    for _ in range(3):
        world.failed()
    for _ in range(2):
        world.board.publish(Reading("host", world.at, 0.1, (Measurement("host.cpu", "cpu", 0.1, 1.0),)))
    assert [(entry.kind, entry.text) for entry in world.told] == [
        ("source.failed", "host cannot be read: permission denied"),
        ("source.back", "host can be read again"),
    ]


def test_a_probe_that_could_not_be_run_meanwhile_is_compared_with_what_it_was() -> None:
    world = World()
    world.probed()
    world.failed("probe.web")
    world.probed()
    world.failed("probe.web")
    world.probed(None, DOWN)
    kinds = [entry.kind for entry in world.told]
    assert kinds == ["source.failed", "source.back", "source.failed", "source.back", "probe.changed"]


def test_after_its_end_nothing_is_told() -> None:
    world = World()
    world.changes.stop()
    world.probed(None, DOWN)
    assert world.told == []
