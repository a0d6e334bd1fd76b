"""The demo stack at work: its services, its visitors and the clock of its scenario, on one event loop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from random import Random
from typing import Final

from opsconsole.demo.access_log import AccessLog
from opsconsole.demo.database import DatabaseClient, DatabaseService
from opsconsole.demo.folder import RunFolder
from opsconsole.demo.metrics import metrics_page
from opsconsole.demo.node import Node
from opsconsole.demo.plan import Plan
from opsconsole.demo.ports import Port
from opsconsole.demo.scenarios import SCENARIOS
from opsconsole.demo.server import HttpService, Request, Response, Service
from opsconsole.demo.shop import Shop
from opsconsole.demo.visitors import Crowd

_TICK: Final = 0.1


def run_stack(plan: Plan, folder: RunFolder, ports: Mapping[str, Port]) -> None:
    """Run the stack until standard input ends or SIGTERM comes."""
    log = AccessLog(folder.access_log)
    try:
        asyncio.run(_Stack(plan, ports, log).run())
    finally:
        log.close()
        for port in ports.values():
            port.give_back()


class _Stack:
    def __init__(self, plan: Plan, ports: Mapping[str, Port], log: AccessLog) -> None:
        self._scenario = SCENARIOS[plan.scenario]
        self._speed = plan.speed
        # One source of chance for each part: what one of them draws must not change what the others do.
        self._shop = Shop(DatabaseClient(ports["database"].number), log, Random(f"shop {plan.seed}"))
        self._node = Node(Random(f"node {plan.seed}"))
        sites = {name: ports[name].number for name in ("web", "api")}
        self._crowd = Crowd(sites, Random(f"crowd {plan.seed}"))
        self._web = HttpService(ports["web"], self._shop.web)
        self._database = DatabaseService(ports["database"])
        self._always: Final = (
            HttpService(ports["api"], self._shop.api),
            HttpService(ports["metrics"], self._own_metrics),
            HttpService(ports["node"], self._node.answer),
        )
        self._services: Final[tuple[Service, ...]] = (*self._always, self._web, self._database)

    async def run(self) -> None:
        """Work until the end is asked for, or until a part of it breaks."""
        end = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, end.set)
        loop.add_reader(sys.stdin.fileno(), _ended, end)
        for service in self._always:
            await service.open()
        tasks = [asyncio.create_task(part) for part in (end.wait(), self._play(), self._crowd.visit())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            for each in self._services:
                each.close()

    async def _play(self) -> None:
        """Let the scenario's clock run, and bring the stack into the state it asks for."""
        began = before = time.monotonic()
        while True:
            now = time.monotonic()
            conditions = self._scenario.conditions((now - began) * self._speed)
            self._shop.conditions = conditions
            await self._database.turn(conditions.database)
            await self._web.turn(conditions.web)
            self._node.advance(now - before, conditions, self._shop.take_sent())
            before = now
            await asyncio.sleep(_TICK)

    async def _own_metrics(self, request: Request) -> Response:
        """The application's metrics on a port of their own, which answers when the site itself does not."""
        if request.path != "/metrics" or request.method not in ("GET", "HEAD"):
            return Response(404, b"The metrics are at /metrics.\n")
        return metrics_page(self._shop.metrics.registry, request)


def _ended(end: asyncio.Event) -> None:
    """Standard input can be read: nothing is ever written to it, so this is its end."""
    with suppress(OSError):
        if os.read(sys.stdin.fileno(), 1_024):
            return
    end.set()
