"""What happens in the scenarios, as it shows from outside."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from opsconsole.demo.scenarios import CALM, DEFAULT, SCENARIOS, Event, Scenario
from tests.demo.headless import OPSCONSOLE, Demo, demo, until


@dataclass(frozen=True)
class Stacks:
    """Every scenario with trouble, all at once: their clocks run while the others are looked at."""

    by_name: dict[str, Demo]
    downtime: Future[list[str]]
    """What was seen of `downtime`, from its beginning until the web site was back."""

    def __getitem__(self, name: str) -> Demo:
        return self.by_name[name]


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stacks]:
    base = tmp_path_factory.mktemp("scenarios")
    with ExitStack() as stack, ThreadPoolExecutor(1) as watcher:
        running: dict[str, Demo] = {}
        for name, speed in {"flapping": 20, "errors": 20, "slow": 20, "disk": 60, "downtime": 30}.items():
            running[name] = stack.enter_context(demo(base, "--scenario", name, "--speed", str(speed)))
        yield Stacks(running, watcher.submit(_watch_downtime, running["downtime"]))


def _watch_downtime(stack: Demo) -> list[str]:
    """Each state in which the site is seen, until it was away and is back."""
    seen: list[str] = []

    def is_over() -> bool:
        status, report = stack.health()
        state = f"{status}, db {report['db']['status']}" if report else "refused"
        if seen[-1:] != [state]:
            seen.append(state)
        return "refused" in seen and status == 200

    until(is_over, within=30, what="the recovery")
    return seen


def test_flapping_goes_down_and_up_and_down_again(stacks: Stacks) -> None:
    stack = stacks["flapping"]
    for wanted in (503, 200, 503):
        until(lambda wanted=wanted: stack.health()[0] == wanted, what=f"a {wanted}")  # type: ignore[misc]


def test_errors_brings_failed_requests_far_above_five_percent_of_what_is_stored(stacks: Stacks) -> None:
    stack = stacks["errors"]
    until(lambda: stack.total("metrics", "http_requests_total", status="500") > 5, within=15)
    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda _: stack.get("api", "/api/orders")[0], range(300)))
    assert set(statuses) == {200, 500}
    assert 0.04 < statuses.count(500) / 300 < 0.2
    assert stack.health()[0] == 200


def test_disk_fills_to_less_than_a_tenth_and_on(stacks: Stacks) -> None:
    def free() -> float:
        stack = stacks["disk"]
        sizes = {
            name: stack.total("node", f"node_filesystem_{name}_bytes", mountpoint="/var/lib/shop")
            for name in ("avail", "size")
        }
        return sizes["avail"] / sizes["size"]

    until(lambda: free() < 0.10)
    until(lambda: free() < 0.05, within=15)


def test_slow_brings_the_95th_percentile_above_two_seconds(stacks: Stacks) -> None:
    stack = stacks["slow"]

    def share_above_two_seconds() -> float:
        before, slow_before = _answers(stack)
        until(lambda: _answers(stack)[0] > before + 40, within=20)
        after, slow_after = _answers(stack)
        return (slow_after - slow_before) / (after - before)

    until(lambda: share_above_two_seconds() > 0.05, within=15)


def _answers(stack: Demo) -> tuple[float, float]:
    """Requests answered so far, and those of them that took more than two seconds."""
    whole = stack.total("metrics", "http_request_duration_seconds_count")
    return whole, whole - stack.total("metrics", "http_request_duration_seconds_bucket", le="2.0")


def test_downtime_takes_the_database_then_the_health_page_then_the_port_and_recovers(stacks: Stacks) -> None:
    assert stacks.downtime.result(30) == ["200, db up", "503, db down", "refused", "200, db up"]
    stack = stacks["downtime"]
    assert stack.connects("database")
    assert stack.get("api", "/healthz")[0] == 200
    assert stack.get("metrics")[0] == 200


def test_the_incident_that_make_demo_shows_begins_within_half_a_minute() -> None:
    incident = SCENARIOS[DEFAULT]
    assert incident.conditions(10) == CALM
    assert incident.conditions(29).latency > 4 * CALM.latency
    assert incident.conditions(35).errors > 0.08
    assert not incident.conditions(45).database
    assert not incident.conditions(61).web
    assert incident.conditions(300) == CALM


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "calm"])
def test_every_scenario_begins_within_half_a_minute_and_is_in_order(name: str) -> None:
    scenario = SCENARIOS[name]
    times = [event.at for event in scenario.events]
    assert times == sorted(times)
    assert any(scenario.conditions(second) != CALM for second in range(31))


def test_nothing_happens_on_a_calm_day() -> None:
    assert all(SCENARIOS["calm"].conditions(second) == CALM for second in range(0, 1_000, 10))


def test_a_number_moves_in_a_straight_line_from_where_it_was() -> None:
    scenario = Scenario(
        "x",
        "x",
        (Event(10, "up", {"latency": 1.17}, over=10), Event(15, "down", {"latency": CALM.latency}, over=10)),
    )
    assert math.isclose(scenario.conditions(12).latency, CALM.latency + 0.2)
    assert math.isclose(scenario.conditions(15).latency, CALM.latency + 0.5)
    assert math.isclose(scenario.conditions(20).latency, CALM.latency + 0.25)
    assert math.isclose(scenario.conditions(99).latency, CALM.latency)


def test_an_event_that_changes_what_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="latencies, which is no condition"):
        Event(1, "a slip", {"latencies": 1.0})


def _list(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*OPSCONSOLE, "demo", "--list", *arguments], capture_output=True, text=True, check=True)


def test_the_list_is_one_document() -> None:
    listed = json.loads(_list("--json").stdout)
    assert listed["schema"] == "opsconsole/demo/1"
    assert [each["name"] for each in listed["scenarios"]] == list(SCENARIOS)
    assert all(
        each["title"] and all(set(event) == {"at", "title"} for event in each["events"])
        for each in listed["scenarios"]
    )
    assert [each["name"] for each in listed["scenarios"] if each["default"]] == [DEFAULT]


def test_the_list_can_be_read_by_people() -> None:
    listed = _list().stdout
    assert all(name in listed for name in SCENARIOS)
    assert "0:42  The database refuses connections" in listed
