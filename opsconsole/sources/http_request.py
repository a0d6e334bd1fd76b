"""The request of an HTTP probe: its address taken apart, its headers, and what becomes of both on a redirect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from opsconsole import __version__
from opsconsole.domain.reading import Layer
from opsconsole.domain.text import plain
from opsconsole.sources.probe_attempt import Failure

if TYPE_CHECKING:
    import h11

PORTS: Final = {"http": 80, "https": 443}
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PATH_SAFE: Final = "/%:@!$&'()*+,;=~-._"
_QUERY_SAFE: Final = _PATH_SAFE + "?"

_DEFAULTS: Final[Mapping[str, str]] = {
    "User-Agent": f"opsconsole/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "close",
}


@dataclass(frozen=True)
class Location:
    """An http(s) address, taken apart.

    Attributes:
        scheme: "http" or "https".
        host: in ASCII, lower case, without brackets.
        port: the port, the scheme's own where none is written.
        target: path and query as they are sent.
    """

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, url: str) -> Location:
        """Take an address apart. A name and a password in it are left out.

        Raises:
            ValueError: it is no http(s) address.
        """
        parts = urlsplit(url)
        if parts.scheme not in PORTS:
            raise ValueError(f"{plain(parts.scheme, 20) or 'no scheme'} is neither http nor https")
        host, port = host_and_port(parts, PORTS[parts.scheme])
        target = quote(parts.path or "/", safe=_PATH_SAFE)
        if parts.query:
            target += "?" + quote(parts.query, safe=_QUERY_SAFE)
        return cls(parts.scheme, host, port, target if target.startswith("/") else f"/{target}")

    @cached_property
    def authority(self) -> str:
        """The Host header: host and, where it is not the scheme's own, port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def shown(self) -> str:
        """The address as it may be shown and stored: a query can hold a secret."""
        path, mark, _ = self.target.partition("?")
        return f"{self.scheme}://{self.authority}{plain(path, 200)}{mark and '?…'}"

    def follow(self, location: str) -> Location:
        """Where a redirect leads.

        Raises:
            Failure: not to http or https; its layer is HTTP.
        """
        shown = plain(location, 120)
        try:
            return Location.parse(urljoin(str(self), location))
        except ValueError as error:
            raise Failure(Layer.HTTP, f"the redirect to {shown!r} is not followed: {error}") from None

    def may_have(self, other: Location) -> bool:
        """Whether what was meant for `other` may be sent here: the same place, or the same host over TLS."""
        if self.host != other.host:
            return False
        same = self.scheme == other.scheme and self.port == other.port
        return same or (other.scheme, other.port, self.scheme, self.port) == ("http", 80, "https", 443)


def host_and_port(parts: SplitResult, default: int = 0) -> tuple[str, int]:
    """The host of an address in ASCII, and its port.

    Args:
        parts: the address.
        default: the port where none is written; 0 demands one.

    Raises:
        ValueError: there is no host, no port, or they are none.
    """
    host = parts.hostname or ""
    if not host:
        raise ValueError("there is no host in it")
    if not host.isascii():
        import idna  # comes with httpx

        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise ValueError(f"{plain(host, 80)!r} is no valid host name") from None
    if any(character <= " " or character in '"<>\\^`{|}' for character in host):
        raise ValueError(f"{plain(host, 80)!r} is no valid host name")
    port = parts.port if parts.port is not None else default
    if not port:
        raise ValueError("there is no port in it")
    return host, port


def credentials(url: str) -> str:
    """The Authorization header that a name and a password in an address stand for, "" for none."""
    parts = urlsplit(url)
    if parts.username is None:
        return ""
    from base64 import b64encode

    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return "Basic " + b64encode(pair.encode()).decode("ascii")


def headers_for(location: Location, own: Sequence[tuple[str, str]], method: str) -> tuple[tuple[str, str], ...]:
    """The headers of a request: the console's, replaced and followed by the configured ones.

    Args:
        location: where the request goes.
        own: the configured ones, secrets revealed; empty for a place that must not have them.
        method: the HTTP method.
    """
    named = {name.lower() for name, _ in own}
    headers = [("Host", location.authority)] if "host" not in named else []
    headers += [(name, value) for name, value in _DEFAULTS.items() if name.lower() not in named]
    if method in ("POST", "PUT", "PATCH"):
        headers.append(("Content-Length", "0"))
    return (*headers, *own)


@lru_cache(maxsize=512)
def request_event(method: str, target: str, headers: tuple[tuple[str, str], ...]) -> h11.Request:
    """The request as h11 sends it. The same request is checked and built once.

    Raises:
        h11.LocalProtocolError: a header's name or value cannot be sent.
    """
    import h11

    encoded = [(name.encode(), value.encode()) for name, value in headers]
    return h11.Request(method=method.encode(), target=target.encode(), headers=encoded)


def after_redirect(status: int, method: str) -> str:
    """The method of the request that follows a redirect (RFC 9110, section 15.4)."""
    if method == "HEAD":
        return method
    if status == 303 or (status in (301, 302) and method == "POST"):
        return "GET"
    return method
