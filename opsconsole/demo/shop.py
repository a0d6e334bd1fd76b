"""The demo's web application: a small shop with a site, an API, a health page, metrics and an access log."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from opsconsole.demo import pages
from opsconsole.demo.access_log import AccessLog, field
from opsconsole.demo.database import DatabaseClient
from opsconsole.demo.metrics import RequestMetrics, metrics_page
from opsconsole.demo.scenarios import CALM, Conditions
from opsconsole.demo.server import Answer, Request, Response

SPREAD: Final = 0.45
"""Sigma of the log-normal times: 90 % of them lie between half the median and twice it."""

_QUICK: Final = 0.1
"""The effort of saying no."""

_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Route:
    """One page of the shop.

    Attributes:
        template: its path; a part in braces stands for any one part. It is the `path` label in the metrics.
        make: makes the page.
        effort: how long it takes, as a share of the median latency.
        stored: whether it needs the database; only such pages fail.
    """

    template: str
    make: Callable[[Request], Response]
    effort: float = 1.0
    stored: bool = True


class Shop:
    """The application: routes and what they cost, under the conditions of the moment."""

    def __init__(self, database: DatabaseClient, log: AccessLog, random: Random) -> None:
        self.metrics: Final = RequestMetrics()
        self.conditions: Conditions = CALM
        self._sent = 0
        self._database = database
        self._log = log
        self._random = random
        self._started = time.time()
        health = Route("/healthz", pages.nothing, effort=0.05, stored=False)
        self.web: Final = self._site(
            {
                "GET": (
                    Route("/", pages.front, effort=0.8, stored=False),
                    Route("/products", pages.products),
                    Route("/products/{id}", pages.product),
                    Route("/static/{file}", pages.static, effort=0.04, stored=False),
                    health,
                ),
                "POST": (Route("/login", pages.login, effort=1.2),),
            }
        )
        self.api: Final = self._site(
            {
                "GET": (
                    Route("/api/orders", pages.orders),
                    Route("/api/orders/{id}", pages.order),
                    Route("/api/cart", pages.cart, effort=0.7),
                    Route("/api/search", pages.search, effort=1.2),
                    health,
                ),
                "POST": (Route("/api/orders", pages.new_order, effort=1.4), Route("/api/cart", pages.cart)),
            }
        )

    def take_sent(self) -> int:
        """Bytes of the bodies that were sent since this was last asked."""
        sent, self._sent = self._sent, 0
        return sent

    def _site(self, routes: Mapping[str, tuple[Route, ...]]) -> Answer:
        async def answer(request: Request) -> Response:
            if request.path == "/metrics" and request.method == "GET":
                return metrics_page(self.metrics.registry, request)
            began = time.perf_counter()
            method = "GET" if request.method == "HEAD" else request.method
            route = _find(routes.get(method, ()), request.path)
            with self.metrics.in_progress.track_inprogress():
                if route is not None:
                    response = await self._page(route, request)
                else:
                    known = any(_find(others, request.path) for others in routes.values())
                    response = await self._missing(known=known)
            self._account(request, route, response, time.perf_counter() - began)
            return response

        return answer

    async def _page(self, route: Route, request: Request) -> Response:
        if route.stored and not await self._database.is_up():
            await self._work(_QUICK)
            return pages.failure(503, "the database does not answer")
        await self._work(route.effort)
        if route.template == "/healthz":
            return await self._health()
        if route.stored and self._random.random() < self.conditions.errors:
            return pages.failure(500, "something went wrong")
        return route.make(request)

    async def _missing(self, *, known: bool) -> Response:
        await self._work(_QUICK)
        return pages.failure(405, "not that way") if known else pages.failure(404, "there is no such page")

    async def _work(self, effort: float) -> None:
        """Take the time that a page takes."""
        await asyncio.sleep(self._random.lognormvariate(math.log(self.conditions.latency * effort), SPREAD))

    async def _health(self) -> Response:
        """The health page: it really asks the database."""
        took = await self._database.ping()
        report = {
            "status": "error" if took is None else "ok",
            "db": {"status": "down" if took is None else "up", "latency_ms": took and round(took * 1000, 2)},
            "version": "2026.11.3",
            "uptime_seconds": round(time.time() - self._started, 1),
        }
        return Response(503 if took is None else 200, json.dumps(report).encode(), "application/json")

    def _account(self, request: Request, route: Route | None, response: Response, took: float) -> None:
        method = request.method if request.method in _METHODS else "OTHER"
        self.metrics.count(method, route.template if route else "unmatched", response.status, took)
        size = 0 if request.method == "HEAD" else len(response.body)
        self._sent += size
        forwarded = request.headers.get("x-forwarded-for", "").partition(",")[0]
        self._log.write(
            client=field(forwarded.strip() or request.client),
            user=field(pages.user_of(request)),
            request=f"{request.method} {request.target} {request.version}",
            status=response.status,
            size=size,
            referrer=request.headers.get("referer", ""),
            agent=request.headers.get("user-agent", ""),
            took=took,
        )


def _find(routes: tuple[Route, ...], path: str) -> Route | None:
    return next((route for route in routes if _matches(route.template, path)), None)


def _matches(template: str, path: str) -> bool:
    wanted, found = template.split("/"), path.split("/")
    return len(wanted) == len(found) and all(
        part == other or (part.startswith("{") and other != "") for part, other in zip(wanted, found, strict=True)
    )
