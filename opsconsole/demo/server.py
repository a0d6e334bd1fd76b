"""A small HTTP/1.1 server on asyncio: what a real application's own server does, as far as the demo needs it.

Kept-alive connections, HEAD, bodies with a length, limits on all that a client sends (RFC 9112). Chunked request
bodies are refused with 501, as that RFC allows.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Final

from opsconsole.demo.ports import Port

_HEAD_LIMIT: Final = 16 * 1024
_BODY_LIMIT: Final = 64 * 1024
_IDLE: Final = 75.0
"""Seconds a connection may stand idle, or take for one request."""
_NO_BODY: Final = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks.

    Attributes:
        method: in capitals.
        target: path and query, as they were sent.
        headers: by their name in lower case.
        client: the address the connection came from.
        version: "HTTP/1.1" or "HTTP/1.0".
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    client: str = ""
    version: str = "HTTP/1.1"
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def keeps_alive(self) -> bool:
        """Whether the client wants to go on with the connection."""
        wish = self.headers.get("connection", "").lower()
        return "close" not in wish if self.version == "HTTP/1.1" else "keep-alive" in wish


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Request], Awaitable[Response]]


class _RefusedError(Exception):
    """A request that is answered by the server itself, after which the connection is closed."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.response = Response(status.value, f"{status.phrase}\n".encode())


class Service:
    """Something that serves connections on a port, and can stop doing so for a while."""

    def __init__(self, port: Port) -> None:
        self.port: Final = port
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    @property
    def is_open(self) -> bool:
        """Whether connections are accepted now."""
        return self._server is not None

    async def open(self) -> None:
        """Accept connections. Harmless when it does already."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, sock=self.port.listen(), limit=_HEAD_LIMIT)

    def close(self) -> None:
        """Refuse connections and break those there are, as a process that died would."""
        if self._server is not None:
            self._server.close()
            self._server = None
            for writer in tuple(self._connections):
                writer.transport.abort()

    async def turn(self, on: bool) -> None:
        """Open or close."""
        if on:
            await self.open()
        else:
            self.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
                await self.serve(reader, writer)
        finally:
            self._connections.discard(writer)
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk over one connection until it is done."""
        raise NotImplementedError


class HttpService(Service):
    """A service that answers HTTP requests."""

    def __init__(self, port: Port, answer: Answer) -> None:
        super().__init__(port)
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other."""
        client = str(writer.get_extra_info("peername", ("",))[0])
        goes_on = True
        while goes_on:
            try:
                async with asyncio.timeout(_IDLE):
                    request = await _read(reader, writer, client)
            except _RefusedError as refusal:
                writer.write(_written(refusal.response, keep=False, head=False))
                await writer.drain()
                return
            response = await self._answered(request)
            goes_on = request.keeps_alive
            writer.write(_written(response, keep=goes_on, head=request.method == "HEAD"))
            await writer.drain()

    async def _answered(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except Exception:  # noqa: BLE001 - a fault of a page is a 500, as in any server; the log says which
            traceback.print_exc(file=sys.stderr)
            return Response(500, b"Internal Server Error\n")


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client: str) -> Request:
    """One request.

    Raises:
        asyncio.IncompleteReadError: the client has gone.
        _RefusedError: it is none, or more than this server takes.
    """
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise _RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
    first, *rest = head.decode("latin-1").strip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[1].startswith("/") or words[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise _RefusedError(HTTPStatus.BAD_REQUEST)
    headers: dict[str, str] = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise _RefusedError(HTTPStatus.BAD_REQUEST)
        headers[name.lower()] = value.strip()
    if "transfer-encoding" in headers:
        raise _RefusedError(HTTPStatus.NOT_IMPLEMENTED)
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise _RefusedError(HTTPStatus.BAD_REQUEST)
    if len(length) > 9 or int(length) > _BODY_LIMIT:
        raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await reader.readexactly(int(length))
    return Request(words[0].upper(), words[1], headers, client, words[2], body)


def _written(response: Response, *, keep: bool, head: bool) -> bytes:
    """The bytes of a response; without its body for a HEAD request."""
    lines = [
        f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}",
        f"Date: {formatdate(usegmt=True)}",
    ]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if response.status not in _NO_BODY:
        lines += [f"Content-Type: {response.content_type}", f"Content-Length: {len(response.body)}"]
    lines += [f"Connection: {'keep-alive' if keep else 'close'}", "", ""]
    start = "\r\n".join(lines).encode("latin-1")
    return start if head or response.status in _NO_BODY else start + response.body
