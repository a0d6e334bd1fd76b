"""The control probe: "this machine has no network" told from "they are down"."""

from __future__ import annotations

import asyncio

import pytest

from opsconsole.config.model import Network
from opsconsole.domain.reading import Measurement
from opsconsole.monitor.control import KEPT, ControlProbe, explains
from tests.sources.servers import closed_port, full_backlog, serve, silence


async def test_one_control_target_that_answers_is_a_network() -> None:
    async with serve(silence) as server:
        with full_backlog() as dead:
            control = ControlProbe(
                Network((f"tcp://127.0.0.1:{dead}", f"tcp://127.0.0.1:{server.port}"), timeout=3.0)
            )
            assert await control.has_network() == (True, "")


async def test_a_control_target_that_refuses_has_answered() -> None:
    assert await ControlProbe(Network((f"tcp://127.0.0.1:{closed_port()}",))).has_network() == (True, "")


async def test_control_targets_that_all_keep_silent_are_no_network() -> None:
    with full_backlog() as dead:
        control = ControlProbe(Network((f"tcp://127.0.0.1:{dead}",), timeout=0.2))
        has_network, words = await control.has_network()
    assert not has_network
    assert f"tcp://127.0.0.1:{dead}" in words


async def test_many_who_ask_at_once_cause_one_connection_and_the_answer_is_kept_for_a_while() -> None:
    now = 100.0
    async with serve(silence) as server:
        control = ControlProbe(Network((server.url("", scheme="tcp"),)), clock=lambda: now)
        answers = await asyncio.gather(*(control.has_network() for _ in range(50)))
        assert answers == [(True, "")] * 50
        assert server.connections <= 1
        now += KEPT + 0.1
        await control.has_network()
        async with asyncio.timeout(3):
            while server.connections < 2:
                await asyncio.sleep(0)
        assert server.connections == 2


async def test_without_control_targets_a_route_to_the_address_in_question_is_a_network() -> None:
    assert await ControlProbe(Network()).has_network("127.0.0.1") == (True, "")


@pytest.mark.parametrize(
    ("facts", "host", "explained"),
    [
        ({"layer": "connect", "maybe_offline": True}, "shop.example", True),
        ({"layer": "connect"}, "shop.example", False),
        ({"layer": "http"}, "shop.example", False),
        ({"layer": "connect", "maybe_offline": True}, "127.0.0.1", False),
        ({"layer": "dns", "maybe_offline": True}, "localhost", False),
    ],
)
def test_only_some_failures_are_explained_by_a_missing_network(
    facts: dict[str, str | bool], host: str, explained: bool
) -> None:
    assert explains(Measurement("probe.x", "probe", None, 0.0, facts=facts), host) is explained
