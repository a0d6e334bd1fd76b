"""The two lowest layers of every probe: from a name to addresses, and from addresses to a connection.

Neither touches asyncio's executor: names are looked up in daemon threads of our own, one a name at a time, and
connections are made on plain sockets, so that nothing is left behind when a poll is given up.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from opsconsole.domain.reading import Layer
from opsconsole.sources.base import SourceError
from opsconsole.sources.probe_attempt import Failure
from opsconsole.sources.threads import in_shared_thread

STAGGER: Final = 0.25
"""Seconds after which the next address is tried beside one that has not answered (RFC 8305, section 8)."""

MOST_ADDRESSES: Final = 8
"""So many addresses of one name are tried; a name with hundreds must not open hundreds of sockets."""

FAMILIES: Final = {0: socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}
_VERSION: Final[Mapping[int, int]] = {socket.AF_INET: 4, socket.AF_INET6: 6}

_OWN_SHORTAGES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""The failures of making a socket that say something about this machine and nothing about the target."""

_CONNECT_WORDS: Final[Mapping[int, tuple[str, bool]]] = {
    errno.ECONNREFUSED: ("refused by {}", False),
    errno.ECONNRESET: ("{} reset the connection", False),
    errno.ETIMEDOUT: ("the connection to {} timed out", True),
    errno.ENETUNREACH: ("{} is unreachable: there is no route to its network", True),
    errno.ENETDOWN: ("{} is unreachable: the network is down", True),
    errno.EHOSTUNREACH: ("{} is unreachable: there is no route to the host", True),
    errno.EHOSTDOWN: ("{} is unreachable: the host is down", True),
    errno.EADDRNOTAVAIL: ("{} is unreachable: this machine has no address to reach it from", True),
    errno.EAFNOSUPPORT: ("{} is unreachable: this machine does not speak that version of IP", False),
    errno.EACCES: ("this machine does not permit connections to {}", False),
    errno.EPERM: ("this machine does not permit connections to {}", False),
}
"""errno of connect(2) → what it means, and whether a machine without a network sees it."""


@dataclass(frozen=True, slots=True)
class Address:
    """One place to connect to.

    Attributes:
        family: `socket.AF_INET` or `socket.AF_INET6`.
        sockaddr: what `connect` takes.
    """

    family: int
    sockaddr: tuple[Any, ...]

    @property
    def ip(self) -> str:
        """The address alone."""
        return str(self.sockaddr[0])

    @property
    def version(self) -> int:
        """4 or 6."""
        return _VERSION[self.family]

    def __str__(self) -> str:
        host = f"[{self.ip}]" if self.version == 6 else self.ip
        return f"{host}:{self.sockaddr[1]}"


def is_loopback(host: str) -> bool:
    """Whether a host, by name or by address, is this machine itself (RFC 6761, section 6.3, for the names)."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        name = host.rstrip(".").lower()
        return name == "localhost" or name.endswith(".localhost")


async def resolve(host: str, port: int, family: int = 0) -> list[Address]:
    """The addresses of a host, in the order in which the system would try them, the two versions of IP in turn.

    Args:
        host: a name, or an address, which asks no name server.
        port: the port the addresses are wanted with.
        family: 4 or 6 to have addresses of that version only, 0 for both.

    Raises:
        Failure: there is none; its layer is DNS.
    """
    found = _literal(host)
    if found is not None:
        found = [entry for entry in found if family in (0, _VERSION.get(entry[0]))]
        if not found:
            raise Failure(Layer.DNS, f"{host} is no IPv{family} address")
    else:
        found = await _looked_up(host, family)
    addresses = [
        Address(kind, (sockaddr[0], port, *sockaddr[2:])) for kind, *_, sockaddr in found if kind in _VERSION
    ]
    if not addresses:
        raise Failure(Layer.DNS, f"{host} has no address")
    return _interleaved(addresses)[:MOST_ADDRESSES]


_Info = tuple[int, Any, int, str, tuple[Any, ...]]


def _literal(host: str) -> Sequence[_Info] | None:
    """What an address that is written out stands for, None for a name. Touches no network."""
    if not host or not (host[0].isdigit() or ":" in host):
        return None
    try:
        return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return None


async def _looked_up(host: str, family: int) -> Sequence[_Info]:
    try:
        return await _getaddrinfo(host, family)
    except UnicodeError:
        raise Failure(Layer.DNS, f"{host} is no valid host name") from None
    except socket.gaierror as error:
        if family and error.errno in _NOT_FOUND and await _exists(host):
            raise Failure(Layer.DNS, f"{host} has no IPv{family} address") from None
        words, offline = _LOOKUP_WORDS.get(error.errno or 0, ("the name {} could not be looked up", False))
        raise Failure(Layer.DNS, words.format(host), offline=offline) from None
    except OSError as error:
        raise SourceError(f"the name {host} could not be looked up here: {error.strerror}") from None


async def _getaddrinfo(host: str, family: int) -> Sequence[_Info]:
    def call() -> Sequence[_Info]:
        return socket.getaddrinfo(host, None, family=FAMILIES[family], type=socket.SOCK_STREAM)

    return await in_shared_thread(("getaddrinfo", host, family), call, name=f"lookup {host}")


async def _exists(host: str) -> bool:
    """Whether a name has addresses at all, when it has none of the version asked for."""
    try:
        return bool(await _getaddrinfo(host, 0))
    except (OSError, UnicodeError):
        return False


_NOT_FOUND: Final = frozenset(
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)
)
_LOOKUP_WORDS: Final[Mapping[int, tuple[str, bool]]] = {
    getattr(socket, name): said
    for name, said in {
        "EAI_NONAME": ("the name {} was not found", False),
        "EAI_NODATA": ("the name {} has no address", False),
        "EAI_ADDRFAMILY": ("the name {} has no address of that version of IP", False),
        "EAI_AGAIN": ("the name server did not answer for {}", True),
        "EAI_FAIL": ("the name server could not answer for {}", True),
    }.items()
    if hasattr(socket, name)
}
"""Error of getaddrinfo(3) → what it means, and whether a machine without a network sees it."""


def _interleaved(addresses: Sequence[Address]) -> list[Address]:
    """The versions of IP in turn, beginning with the one the system prefers (RFC 8305, section 4)."""
    first = [address for address in addresses if address.family == addresses[0].family]
    second = [address for address in addresses if address.family != addresses[0].family]
    merged: list[Address] = []
    for place in range(max(len(first), len(second))):
        merged += first[place : place + 1] + second[place : place + 1]
    return merged


async def connect(addresses: Sequence[Address]) -> tuple[socket.socket, Address]:
    """A connection to the first address that takes one; later ones are tried beside a slow one.

    Returns:
        The connected, non-blocking socket, which the caller closes, and the address it leads to.

    Raises:
        Failure: none took it; its layer is CONNECT.
        SourceError: this machine has no socket left.
    """
    if len(addresses) == 1:
        try:
            return await _dial(addresses[0]), addresses[0]
        except OSError as error:
            raise _failure([(addresses[0], error)]) from None
    return await _first_of(addresses)


async def _dial(address: Address) -> socket.socket:
    loop = asyncio.get_running_loop()
    try:
        connection = socket.socket(address.family, socket.SOCK_STREAM)
    except OSError as error:
        if error.errno in _OWN_SHORTAGES:
            raise SourceError(f"this machine has no socket left to probe with: {error.strerror}") from None
        raise
    try:
        connection.setblocking(False)
        await loop.sock_connect(connection, address.sockaddr)
    except BaseException:
        loop.remove_writer(connection.fileno())
        connection.close()
        raise
    return connection


async def _first_of(addresses: Sequence[Address]) -> tuple[socket.socket, Address]:
    waiting = list(reversed(addresses))
    dials: dict[asyncio.Task[socket.socket], Address] = {}
    errors: list[tuple[Address, OSError]] = []
    try:
        while waiting or dials:
            if waiting:
                address = waiting.pop()
                dials[asyncio.ensure_future(_dial(address))] = address
            done, _ = await asyncio.wait(
                dials, timeout=STAGGER if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for dial in done:
                address = dials[dial]
                error = dial.exception()
                if error is None:
                    del dials[dial]
                    return dial.result(), address
                del dials[dial]
                if not isinstance(error, OSError):
                    raise error
                errors.append((address, error))
    finally:
        await _drop(list(dials))
    raise _failure(errors)


async def _drop(dials: Sequence[asyncio.Task[socket.socket]]) -> None:
    """End the attempts that are no longer wanted, and close what they have opened."""
    for dial in dials:
        dial.cancel()
    for outcome in await asyncio.gather(*dials, return_exceptions=True):
        if isinstance(outcome, socket.socket):
            outcome.close()


def _failure(errors: Sequence[tuple[Address, OSError]]) -> Failure:
    said: list[str] = []
    offline = True
    for address, error in errors:
        unknown = (f"{{}} could not be connected to: {error.strerror or error}", False)
        words, explained = _CONNECT_WORDS.get(error.errno or 0, unknown)
        said.append(words.format(address))
        offline = offline and explained and not is_loopback(address.ip)
    return Failure(Layer.CONNECT, "; ".join(dict.fromkeys(said)), offline=offline)
