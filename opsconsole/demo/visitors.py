"""Who visits the demo shop: a seeded crowd that sends real requests over loopback, more by day than by night."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Final

from opsconsole.demo.ports import LOOPBACK

_PATIENCE: Final = 20.0
_AT_ONCE: Final = 250
"""Requests under way at most: a slow shop must not make a crowd without end."""

DAY: Final = 240.0
"""Seconds of a "day" of the demo: the rate of visits goes up and down once in it."""
MEAN_RATE: Final = 26.0
_SWING: Final = 0.35


@dataclass(frozen=True, slots=True)
class Visitor:
    """One who visits: an address of those set aside for documentation (RFC 5737), a name or none, an agent."""

    address: str
    user: str
    agent: str


_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
_CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/142.0.0.0 Safari/537.36"
)
_SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/26.1 Safari/605.1.15"
)
_PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/26.1 Mobile/15E148 Safari/604.1"
)
_APP = "DemoShop/4.2 (Android 16)"
_BOT = "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example/about)"
_SCRIPT = "curl/8.17.0"

VISITORS: Final = (
    Visitor("192.0.2.17", "alice", _FIREFOX),
    Visitor("192.0.2.18", "bob", _CHROME),
    Visitor("192.0.2.144", "", _CHROME),
    Visitor("198.51.100.23", "carol", _SAFARI),
    Visitor("198.51.100.61", "dave", _PHONE),
    Visitor("198.51.100.62", "", _PHONE),
    Visitor("198.51.100.204", "erin", _APP),
    Visitor("203.0.113.5", "frank", _APP),
    Visitor("203.0.113.9", "", _CHROME),
    Visitor("203.0.113.80", "", _BOT),
    Visitor("203.0.113.99", "grace", _FIREFOX),
    Visitor("203.0.113.200", "", _SCRIPT),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a visitor may want next.

    Attributes:
        weight: how often, in comparison to the others.
        site: "web" or "api".
        target: the path; "#" in it stands for a number from 1 to 100.
    """

    weight: float
    site: str
    method: str
    target: str
    body: str = ""


WISHES: Final = (
    Wish(12, "web", "GET", "/"),
    Wish(8, "web", "GET", "/products"),
    Wish(12, "web", "GET", "/products/#"),
    Wish(5, "web", "GET", "/static/app.css"),
    Wish(4, "web", "GET", "/static/app.js"),
    Wish(2, "web", "POST", "/login", "user={user}"),
    Wish(16, "api", "GET", "/api/orders"),
    Wish(9, "api", "GET", "/api/orders/123#"),
    Wish(5, "api", "POST", "/api/orders", "product=#"),
    Wish(13, "api", "GET", "/api/cart"),
    Wish(5, "api", "POST", "/api/cart", "product=#"),
    Wish(7, "api", "GET", "/api/search?q=te"),
    Wish(0.7, "web", "GET", "/favicon.ico"),
    Wish(0.4, "web", "GET", "/products/9999#"),
    Wish(0.3, "web", "GET", "/wp-login.php"),
    Wish(0.2, "api", "GET", "/api/orders/#"),
)
_WEIGHTS: Final = tuple(wish.weight for wish in WISHES)


def rate(seconds: float) -> float:
    """Visits a second, `seconds` into the demo."""
    return MEAN_RATE * (1 + _SWING * math.sin(2 * math.pi * seconds / DAY))


class Crowd:
    """Sends the requests."""

    def __init__(
        self, sites: dict[str, int], random: Random, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Args: `sites`: "web" and "api" → port; `random` decides who wants what, and when."""
        self._sites = sites
        self._random = random
        self._now = now
        self._under_way: set[asyncio.Task[None]] = set()

    async def visit(self) -> None:
        """Come and go until cancelled."""
        began = self._now()
        try:
            while True:
                await asyncio.sleep(self._random.expovariate(rate(self._now() - began)))
                # Chosen even when there is no room for it, so that a seed means the same crowd every time.
                request = self.next_request()
                if len(self._under_way) < _AT_ONCE:
                    task = asyncio.create_task(self._send(*request))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
        finally:
            for task in self._under_way:
                task.cancel()

    def next_request(self) -> tuple[int, bytes]:
        """Port and bytes of the next request; a seed gives the same ones every time."""
        visitor = self._random.choice(VISITORS)
        wish = self._random.choices(WISHES, _WEIGHTS)[0]
        number = str(self._random.randint(1, 100))
        port = self._sites[wish.site]
        body = wish.body.replace("#", number).format(user=visitor.user or "guest").encode()
        lines = [
            f"{wish.method} {wish.target.replace('#', number)} HTTP/1.1",
            f"Host: {LOOPBACK}:{port}",
            f"User-Agent: {visitor.agent}",
            f"X-Forwarded-For: {visitor.address}",
            "Connection: close",
        ]
        if visitor.user:
            lines.append(f"Cookie: user={visitor.user}")
        if wish.method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        return port, "\r\n".join([*lines, "", ""]).encode() + body

    async def _send(self, port: int, request: bytes) -> None:
        """One request and all of its answer, whatever that is; visitors do not complain."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                reader, writer = await asyncio.open_connection(LOOPBACK, port)
                try:
                    writer.write(request)
                    while await reader.read(65_536):
                        pass
                finally:
                    writer.close()
