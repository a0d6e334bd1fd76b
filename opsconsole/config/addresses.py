"""Addresses: what a probe or an exporter is asked at, and how."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from opsconsole.config.kinds import Kind, choice
from opsconsole.config.problems import Place, nearest, said

METHOD: Final = choice(
    {each: each for each in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")}, example='"GET"'
)
FAMILY: Final = choice({0: 0, 4: 4, 6: 6}, example="4")

_PORT_NEEDED: Final = {"tcp": "5432", "tls": "443"}
_ELSEWHERE: Final[Mapping[str, str]] = {
    "postgres": "to see whether it accepts connections, probe tcp://host:5432",
    "postgresql": "to see whether it accepts connections, probe tcp://host:5432",
    "mysql": "to see whether it accepts connections, probe tcp://host:3306",
    "redis": "to see whether it accepts connections, probe tcp://host:6379",
    "amqp": "to see whether it accepts connections, probe tcp://host:5672",
    "ssh": "to see whether it accepts connections, probe tcp://host:22",
    "ws": "probe the page it belongs to, http://…",
    "wss": "probe the page it belongs to, https://…",
    "file": "a probe reaches services, not files",
}


def url(*schemes: str, example: str) -> Kind:
    """An address with one of these schemes, a host, and a port where the scheme has none by itself."""

    def read(value: Any, place: Place) -> Any:
        if not isinstance(value, str):
            return place.wrong(f"{said(value)} is not an address", f"write it like {example}")
        problem = _problem_of_url(value, schemes, example)
        return place.wrong(*problem) if problem else value

    return Kind("an address", read, example, lambda value: f'"{value}"')


def _problem_of_url(value: str, schemes: tuple[str, ...], example: str) -> tuple[str, str] | None:
    from urllib.parse import urlsplit

    if not value or any(character.isspace() or not character.isprintable() for character in value):
        return "this address is empty or has blanks in it", f"write it like {example}"
    scheme, separator, _ = value.partition("://")
    scheme = scheme.lower()
    if not separator:
        return _no_scheme(value, schemes, example)
    if scheme not in schemes:
        near = nearest(scheme, schemes) if scheme not in _ELSEWHERE else None
        # The rest of the address may hold a password, so it is not repeated.
        advice = f"did you mean {near}://?" if near else _ELSEWHERE.get(scheme, f"write it like {example}")
        return f"{said(scheme + '://')} is not a kind of address that is known here", advice
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "the host or the port of this address cannot be read", (
            f"a port is a number between 1 and 65535, an IPv6 address stands in brackets; write it like {example}"
        )
    if parts.username is not None or parts.password is not None:
        return "this address has a user or a password in it, which would be shown", (
            'take it out, and give it as a header: headers = { Authorization = { env = "NAME" } }'
        )
    if not host:
        return "this address names no host", f"write it like {example}"
    if port == 0:
        return "0 is not a port that can be reached", "a port is a number between 1 and 65535"
    if scheme in _PORT_NEEDED and port is None:
        host = f"[{host}]" if ":" in host else host
        return "this address names no port", f'write it like "{scheme}://{host}:{_PORT_NEEDED[scheme]}"'
    if scheme == "dns" and parts.path.strip("/"):
        return "the name of a DNS probe stands between dns:// and ?", f"write it like {example}"
    return None


def _no_scheme(value: str, schemes: tuple[str, ...], example: str) -> tuple[str, str]:
    if re.match(r"[\w.-]+@[\w.-]+:", value):
        return "this is an address for SSH", _ELSEWHERE["ssh"]
    near = nearest(value.partition(":")[0], schemes)
    if near and ":" in value:
        return "the scheme of this address is not followed by ://", f"write it like {example}"
    if "https" in schemes and re.fullmatch(r"[A-Za-z0-9.-]+\.[A-Za-z]{2,}(?:[:/?][^@]*)?", value):
        return f"{said(value)} has no scheme", f'write "https://{value}"'
    return "this address has no scheme", f"write it like {example}"
