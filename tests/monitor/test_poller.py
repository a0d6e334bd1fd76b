"""The poller: each source at its own pace, and none that misbehaves costs another anything."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from opsconsole.config.model import Network
from opsconsole.domain.reading import Measurement, Reading, Status, Verdict
from opsconsole.monitor import poller as rules
from opsconsole.monitor.board import Board, Freshness
from opsconsole.monitor.control import ControlProbe
from opsconsole.monitor.poller import Poller, poll_once
from opsconsole.sources.base import SourceError
from tests.monitor.sources import CLOCKS, FakeSource, cpu, hang, raising, returning, stubborn, until
from tests.sources.servers import full_backlog


@pytest.fixture(autouse=True)
def no_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that does not end by itself is ended right at its timeout, so that the tests are quick."""
    monkeypatch.setattr(rules, "MARGIN", 0.0)


class Heard:
    """A board, its poller at work, and the moments at which each source was heard of."""

    def __init__(self, *sources: FakeSource, control: ControlProbe | None = None) -> None:
        self.board = Board(time.monotonic)
        self.readings: dict[str, list[Reading]] = {source.id: [] for source in sources}
        for source in sources:
            self.board.register(source)
        self.board.subscribe(lambda reading: self.readings[reading.source].append(reading))
        self.poller = Poller(self.board, sources, CLOCKS, Random(1), control)

    def problem(self, source: str) -> str:
        return self.board.source(source).problem


@asynccontextmanager
async def polling(*sources: FakeSource, control: ControlProbe | None = None) -> AsyncIterator[Heard]:
    heard = Heard(*sources, control=control)
    heard.poller.start()
    try:
        yield heard
    finally:
        await heard.poller.stop()


RUBBISH: dict[str, tuple[Any, str]] = {
    "nothing": (None, "a NoneType instead of a reading"),
    "a word": ("rubbish", "a str instead of a reading"),
    "somebody else's reading": (Reading("good", 0.0, 0.0), "a reading of good"),
    "no tuple": (replace(Reading("bad", 0.0, 0.0), measurements=None), "instead of a tuple"),  # type: ignore[arg-type]
    "no measurement": (Reading("bad", 0.0, 0.0, (42,)), "a int instead of a measurement"),  # type: ignore[arg-type]
    "an unknown kind": (
        Reading("bad", 0.0, 0.0, (Measurement("bad.x", "charm", 1.0, 0.0),)),
        "unknown kind 'charm'",
    ),
    "another's series": (Reading("bad", 0.0, 0.0, (cpu("good"),)), "no series of this source"),
    "no number": (Reading("bad", 0.0, 0.0, (cpu("bad", "7"),)), "not a number"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("sort", RUBBISH)
async def test_a_source_that_returns_rubbish_has_failed_and_is_asked_again(sort: str) -> None:
    found, told = RUBBISH[sort]
    good, bad = FakeSource("good"), FakeSource("bad", returning(found))
    async with polling(good, bad) as heard:
        await until(lambda: bad.polls >= 3)
        assert told in heard.problem("bad")
        seen = heard.board.observe("bad.cpu")
        assert (seen.freshness, seen.verdict.status) == (Freshness.FAILED, Status.UNKNOWN)
        assert heard.board.observe("good.cpu").verdict.status is Status.OK
        bad.answer = None
        await until(lambda: heard.board.observe("bad.cpu").verdict.status is Status.OK)


def raise_at_once() -> Any:
    """Raise before there is anything to wait for."""
    raise ValueError("not even a coroutine")


async def test_sources_that_hang_raise_or_refuse_to_end_delay_nobody_and_say_why_within_two_intervals() -> None:
    release = asyncio.Event()
    good = [FakeSource(f"good-{number}", interval=0.02) for number in range(5)]
    bad = {
        "hangs": (hang, "no answer within 20 ms"),
        "stubborn": (stubborn(release), "no answer within 20 ms"),
        "refused": (raising(SourceError("the connection was refused")), "the connection was refused"),
        "silent": (raising(SourceError("")), "did not say why"),
        "broken": (raising(ZeroDivisionError()), "the source failed by itself (ZeroDivisionError)"),
        "at once": (raise_at_once, "the source failed by itself (ValueError)"),
        "cancelled": (raising(asyncio.CancelledError()), "the poll was ended from outside"),
    }
    failing = [FakeSource(name, answer, interval=0.05) for name, (answer, _) in bad.items()]
    async with polling(*good, *failing) as heard:
        try:
            await until(lambda: all(heard.readings[source.id] for source in failing))
            for source in failing:
                first = heard.readings[source.id][0]
                assert bad[source.id][1] in first.problem
                assert first.took < 2 * source.interval
                assert heard.board.observe(f"{source.id}.cpu").verdict.status is Status.UNKNOWN
            await until(lambda: all(source.polls >= 20 for source in good))
            # Twenty polls, 20 ms apart: had they waited for the others, it would be several times as long.
            assert all(source.starts[19] - source.starts[0] < 1.0 for source in good)
            await until(lambda: "earlier poll still hangs" in heard.problem("stubborn"))
            assert all(source.most_at_once == 1 for source in (*good, *failing))
            stubborn_one = failing[1]
            stubborn_one.answer = None
            assert stubborn_one.polls == 1
        finally:
            release.set()
        heard.poller.poll_now()
        await until(lambda: heard.board.observe("stubborn.cpu").verdict.status is Status.OK)


async def test_polls_that_were_given_up_are_not_complained_about_later(caplog: pytest.LogCaptureFixture) -> None:
    async def late() -> None:
        try:
            await hang()
        except asyncio.CancelledError:
            raise ValueError("too late to matter") from None

    reading = await poll_once(FakeSource("late", late), CLOCKS)
    assert "no answer within" in reading.problem
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not [record for record in caplog.records if record.name == "asyncio"]


async def test_the_details_of_a_fault_in_a_source_go_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    await poll_once(FakeSource("bad", raising(ZeroDivisionError())), CLOCKS)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("opsconsole.monitor.poller", logging.ERROR)
    assert record.exc_info is not None


async def test_a_listener_that_raises_does_not_end_the_polling() -> None:
    source = FakeSource("good", interval=0.01)
    async with polling(source) as heard:
        heard.board.subscribe(lambda reading: 1 / 0)  # type: ignore[arg-type]
        await until(lambda: source.polls >= 4)


async def test_the_rhythm_is_kept_although_each_poll_takes_its_time() -> None:
    async def slowly() -> Reading:
        await asyncio.sleep(0.02)
        return Reading("slow", time.time(), 0.02, (cpu("slow"),))

    source = FakeSource("slow", slowly, interval=0.04, timeout=1.0)
    async with polling(source):
        await until(lambda: source.polls >= 21)
    spent = source.starts[20] - source.starts[0]
    assert 0.04 * 20 * (1 - rules.JITTER) - 0.01 < spent < 1.15  # 1.2 s if the polls' time were added


class Scripted:
    """Clocks that go forward only by what is slept, so that hours pass in no time."""

    def __init__(self) -> None:
        self.now = 0.0


async def starts_of(source: FakeSource, monkeypatch: pytest.MonkeyPatch, count: int) -> list[float]:
    """The moments of the first polls of a source, on a clock that goes forward only by what the poller sleeps."""
    clock = Scripted()
    board = Board(lambda: clock.now)
    board.register(source)
    poller = Poller(board, [source], replace_clocks(clock), Random(7))
    moments: list[float] = []
    answer = source.answer

    async def noting() -> Any:
        moments.append(clock.now)
        return await answer() if answer else Reading(source.id, 0.0, 0.0, (cpu(source.id),))

    async def slept(_: str, seconds: float) -> bool:
        clock.now += max(seconds, 0.0)
        await asyncio.sleep(0)
        return False

    source.answer = noting
    monkeypatch.setattr(poller, "_woken", slept)
    poller.start()
    try:
        await until(lambda: len(moments) >= count)
    finally:
        await poller.stop()
    return moments[:count]


def replace_clocks(clock: Scripted) -> Any:
    return CLOCKS._replace(monotonic=lambda: clock.now)


@pytest.mark.parametrize("interval", [1.0, 5.0, 15.0, 300.0])
async def test_a_failing_source_is_left_alone_longer_but_never_so_long_that_its_recovery_is_missed(
    monkeypatch: pytest.MonkeyPatch, interval: float
) -> None:
    source = FakeSource("bad", raising(SourceError("refused")), interval=interval, timeout=1.0)
    moments = await starts_of(source, monkeypatch, 14)
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    longest = max(interval, rules.SLOWEST_RETRY)
    assert gaps[0] == pytest.approx(interval, rel=rules.JITTER)  # once may be chance
    assert all(gap <= longest * (1 + rules.JITTER) for gap in gaps)
    assert gaps[-1] == pytest.approx(longest, rel=rules.JITTER)
    assert rules.SLOWEST_RETRY <= 30


async def test_a_probe_whose_target_is_down_is_not_a_failing_source_and_keeps_its_rhythm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    down = Measurement("probe.web", "probe", None, 0.0, verdict=Verdict(Status.CRITICAL, "Connect: refused"))
    source = FakeSource("probe.web", returning(Reading("probe.web", 0.0, 0.0, (down,))), interval=5.0)
    moments = await starts_of(source, monkeypatch, 10)
    assert moments[9] - moments[0] == pytest.approx(45.0, rel=rules.JITTER)


async def test_polls_come_a_little_early_or_late_but_keep_the_interval_on_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments = await starts_of(FakeSource("good", interval=10.0), monkeypatch, 200)
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert len({round(gap, 6) for gap in gaps}) > 100
    assert all(gap + 1e-9 >= 10 * (1 - rules.JITTER) and gap <= 10 * (1 + rules.JITTER) + 1e-9 for gap in gaps)
    assert sum(gaps) / len(gaps) == pytest.approx(10.0, rel=0.02)


async def test_poll_now_asks_at_once_and_begins_the_rhythm_anew() -> None:
    slow, other = FakeSource("slow", interval=30.0), FakeSource("other", interval=30.0)
    async with polling(slow, other) as heard:
        await until(lambda: bool(heard.readings["slow"] and heard.readings["other"]))
        heard.poller.poll_now(["slow", "nobody"])
        await until(lambda: slow.polls == 2)
        heard.poller.poll_now()
        await until(lambda: slow.polls == 3 and other.polls == 2)


async def test_a_source_polled_by_hand_after_long_failing_is_soon_polled_again() -> None:
    source = FakeSource("bad", raising(SourceError("refused")), interval=0.05)
    async with polling(source) as heard:
        await until(lambda: heard.board.source("bad").failures >= 4)  # the next poll is 0.4 s away
        source.answer = None
        polls = source.polls
        heard.poller.poll_now()
        await until(lambda: source.polls >= polls + 3, 0.35)
        assert heard.problem("bad") == ""


async def test_stopping_takes_a_moment_even_when_every_source_hangs_and_none_can_be_ended() -> None:
    release = asyncio.Event()
    sources = [FakeSource(f"s{number}", stubborn(release), timeout=60.0) for number in range(20)]
    sources += [FakeSource(f"h{number}", hang, timeout=60.0) for number in range(20)]
    for source in sources[:5]:
        source.close = hang  # type: ignore[method-assign]
    heard = Heard(*sources)
    heard.poller.start()
    await until(lambda: all(source.polls == 1 for source in sources))
    began = time.monotonic()
    await heard.poller.stop()
    assert time.monotonic() - began < 1.0
    assert all(source.closed for source in sources[5:])
    release.set()
    await until(lambda: not any(source.running for source in sources))


def failing_probe(**facts: Any) -> Reading:
    at = time.time()
    verdict = Verdict(Status.CRITICAL, "Connect: timed out", "> 2 s")
    probe = Measurement("probe.web", "probe", None, at, verdict=verdict, facts={"layer": "connect", **facts})
    return Reading("probe.web", at, 0.1, (probe,))


@asynccontextmanager
async def no_network() -> AsyncIterator[ControlProbe]:
    with full_backlog() as port:
        yield ControlProbe(Network((f"tcp://127.0.0.1:{port}",), timeout=0.05))


async def test_failures_that_a_missing_network_here_explains_are_unknown_with_the_reason() -> None:
    async with no_network() as control:
        source = FakeSource("probe.web", returning(failing_probe(maybe_offline=True)), remote=True, timeout=1.0)
        reading = await poll_once(source, CLOCKS, control)
        (found,) = reading.measurements
        assert found.verdict is not None
        assert found.verdict.status is Status.UNKNOWN
        assert found.verdict.reason.startswith("this machine has no network: none of the control targets")
        assert (found.value, reading.offline) == (None, True)
        unread = FakeSource("prometheus.web", raising(SourceError("it timed out")), remote=True, timeout=1.0)
        reading = await poll_once(unread, CLOCKS, control)
        assert reading.problem.startswith("this machine has no network")
        assert "it timed out" in reading.problem


@pytest.mark.parametrize(("remote", "facts"), [(True, {}), (False, {"maybe_offline": True})])
async def test_failures_that_a_missing_network_does_not_explain_stay_critical(
    remote: bool, facts: dict[str, Any]
) -> None:
    async with no_network() as control:
        source = FakeSource("probe.web", returning(failing_probe(**facts)), remote=remote, timeout=1.0)
        (found,) = (await poll_once(source, CLOCKS, control)).measurements
    assert found.verdict is not None
    assert found.verdict.status is Status.CRITICAL


async def test_a_route_to_the_very_target_is_a_network_although_no_way_leads_into_the_world(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    control = ControlProbe(Network())
    ask: Callable[[str], Any] = control.has_network

    async def noting(address: str = "") -> tuple[bool, str]:
        asked.append(address)
        found: tuple[bool, str] = await ask(address)
        return found

    monkeypatch.setattr(control, "has_network", noting)
    found = failing_probe(maybe_offline=True, address="127.0.0.1")
    reading = await poll_once(FakeSource("probe.web", returning(found), remote=True), CLOCKS, control)
    assert asked == ["127.0.0.1"]
    assert not reading.offline


async def test_a_control_probe_that_fails_by_itself_leaves_the_finding_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    control = ControlProbe(Network())
    monkeypatch.setattr(control, "has_network", raising(OSError("no sockets left")))
    found = failing_probe(maybe_offline=True)
    assert await poll_once(FakeSource("probe.web", returning(found), remote=True), CLOCKS, control) == found
