"""What HTTP sources share: clients for one target each, addresses without secrets, and failures in words."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opsconsole.domain.text import plain

if TYPE_CHECKING:
    import httpx


def client(*, timeout: float, context: ssl.SSLContext | None) -> httpx.AsyncClient:
    """A client for one target: keeps one connection, follows no redirect, heeds no proxy variables.

    Args:
        timeout: seconds for each of connecting, writing and reading; the caller bounds the whole.
        context: the shared TLS context; None for an http:// target, which needs none.
    """
    import httpx

    return httpx.AsyncClient(
        timeout=timeout,
        verify=False if context is None else context,
        trust_env=False,
        follow_redirects=False,
        limits=httpx.Limits(max_connections=2, max_keepalive_connections=1, keepalive_expiry=120.0),
    )


def shown(url: str) -> str:
    """An address as it may be shown: without user, password, query and fragment, where secrets are kept."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "the address, which is not valid"
    host = f"[{host}]" if ":" in host else host
    return plain(f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}", 200)


def failure(error: Exception, url: str) -> str:
    """Why a request failed, one sentence: the layer, the reason, then the address, which may be long."""
    import httpx

    where = shown(url)
    causes = _causes(error)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            words = plain(cause.verify_message, 200).rstrip(".")
            return f"TLS: {words}: the certificate of {where} is not trusted"
        if isinstance(cause, ssl.SSLError):
            return f"TLS: the handshake with {where} failed: {plain(cause.reason or str(cause), 200)}"
        if isinstance(cause, ConnectionRefusedError):
            return f"Connect: refused, nothing listens at {where}"
    for kind, words in (
        (httpx.ConnectTimeout, f"Connect: timed out, {where} did not accept the connection"),
        (httpx.ConnectError, f"Connect: {_reason(causes)}, {where} could not be reached"),
        (httpx.TimeoutException, f"HTTP: no answer in time from {where}"),
        (httpx.RemoteProtocolError, f"HTTP: broken off or no valid answer from {where}"),
        (httpx.LocalProtocolError, f"HTTP: the request to {where} has a header that cannot be sent"),
        (httpx.TransportError, f"HTTP: the connection broke off, to {where}"),
    ):
        if isinstance(error, kind):
            return words
    return f"{where} could not be read: {type(error).__name__}"


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what led to it, groups of attempts (one an address) included."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop(0)
        if current is None or any(current is known for known in found):
            continue
        found.append(current)
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
    return found


def _reason(causes: list[BaseException]) -> str:
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return plain(cause.strerror, 200).lower()
    return "failed"
