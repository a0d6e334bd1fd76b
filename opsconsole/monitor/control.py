"""The control probe: tells "this machine has no network" from "they are down"."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from opsconsole.config.model import Network
from opsconsole.domain.reading import Layer, Measurement
from opsconsole.sources.base import SourceError
from opsconsole.sources.http_request import host_and_port
from opsconsole.sources.network import connect, is_loopback, resolve
from opsconsole.sources.probe_attempt import Failure

KEPT: Final = 5.0
"""Seconds an answer is good for: an outage that hits many targets is asked about once."""

_FAR: Final = ((socket.AF_INET, "198.51.100.1"), (socket.AF_INET6, "2001:db8::1"))
"""One address far away in each version of IP. Both are set aside for documentation (RFC 5737, RFC 3849): whatever
has a way into the world has one to them, and nobody is there."""

_NO_WAY: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL})


class ControlProbe:
    """Knows whether this machine has a network; asks at most every few seconds, once for all who want to know.

    Args:
        network: the control targets; without any, only the routing table is asked, which sends nothing.
        clock: a clock that never jumps, seconds.
    """

    def __init__(self, network: Network, clock: Callable[[], float] = time.monotonic) -> None:
        self._network = network
        self._clock = clock
        self._known: tuple[bool, str] | None = None
        self._known_at = 0.0
        self._asking: asyncio.Lock | None = None

    async def has_network(self, address: str = "") -> tuple[bool, str]:
        """Whether there is a network, and if not, by what that was seen, in words.

        Args:
            address: an address that did not answer. Where only the routing table is asked, a route to it counts as
                a network: in a network without a way into the world, neighbours are still worth an alarm.
        """
        if not self._network.control:
            return _routed(address)
        if self._asking is None:
            self._asking = asyncio.Lock()
        async with self._asking:
            if self._known is None or self._clock() - self._known_at > KEPT:
                self._known = await self._ask()
                self._known_at = self._clock()
            return self._known

    async def _ask(self) -> tuple[bool, str]:
        """Whether any control target can be reached; refusing a connection is an answer, too."""
        asked = [asyncio.ensure_future(self._reaches(target)) for target in self._network.control]
        try:
            async with asyncio.timeout(self._network.timeout):
                for answer in asyncio.as_completed(asked):
                    if await answer:
                        return True, ""
        except TimeoutError:
            pass
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        return False, f"none of the control targets can be reached ({', '.join(self._network.control)})"

    @staticmethod
    async def _reaches(target: str) -> bool:
        try:
            host, port = host_and_port(urlsplit(target))
            connection, _ = await connect(await resolve(host, port))
        except Failure as failure:
            return failure.layer is Layer.CONNECT and not failure.offline
        except (SourceError, ValueError):
            return False
        connection.close()
        return True


def _routed(address: str) -> tuple[bool, str]:
    """Whether the routing table leads anywhere: connecting a UDP socket looks the route up and sends no packet."""
    near = ((socket.AF_INET6 if ":" in address else socket.AF_INET, address),) if address else ()
    for family, goal in (*near, *_FAR):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((goal, 9))
        except OSError as error:
            if error.errno not in _NO_WAY and error.errno != errno.EAFNOSUPPORT:
                return True, ""  # not permitted to ask: nothing is known against the network
        else:
            return True, ""
    return False, "no route leads out of it"


def explains(measurement: Measurement, host: str) -> bool:
    """Whether a missing network here would explain a probe's failure.

    It would when no name server answered, or a connection timed out or found no route; it would not when
    somebody refused, spoke TLS or answered. Targets on this machine itself need no network.

    Args:
        measurement: a probe's failure.
        host: the host it was about.
    """
    return bool(measurement.facts.get("maybe_offline")) and not is_loopback(host)
