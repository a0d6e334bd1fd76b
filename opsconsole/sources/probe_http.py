"""HTTP probes: one request over a connection of its own, the redirects after it, and what its answer must be.

The protocol is h11's, the one inside httpx: its client, pool and redirect machinery cost four times the
processor time of everything here (docs/probes.md has the figures), and hide at which layer something failed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from opsconsole.config.model import Probe
from opsconsole.domain.reading import Layer
from opsconsole.domain.text import plain
from opsconsole.sources.base import SourceError
from opsconsole.sources.http_body import Body
from opsconsole.sources.http_request import (
    REDIRECTS,
    Location,
    after_redirect,
    credentials,
    headers_for,
    request_event,
)
from opsconsole.sources.network_stream import Stream
from opsconsole.sources.probe_attempt import Attempt, Failure, Phase
from opsconsole.sources.probe_connection import Place, open_stream
from opsconsole.sources.probe_expect import Expectations
from opsconsole.sources.probe_headers import Headers
from opsconsole.sources.probe_tls import shared_context, tls_words

if TYPE_CHECKING:
    import h11

ALPN: Final = "http/1.1"
MOST_HEADERS: Final = 64 * 1024
"""Bytes of headers that are read; browsers and servers stop at 8 to 256 KiB."""
MOST_INTERIM: Final = 20
"""Interim answers (1xx) before the answer proper."""
_UNWELCOME: Final = frozenset({401, 403})
"""Statuses by which a server says that it does not know the secret it was sent."""
_SIGNATURE: Final = b"HTTP/"
_TLS_RECORDS: Final = frozenset({b"\x15\x03", b"\x16\x03"})
_BREATH: Final = 32
"""Pieces of a body after which others get their turn; a piece can be a single byte."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """The head of an answer. `headers` has lower-case names; of several of one name, the last."""

    status: int
    headers: Mapping[bytes, bytes]

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1")


class HttpCheck:
    """What one `http://` or `https://` probe does at each poll.

    Args:
        probe: as configured.

    Raises:
        ValueError: its address, a status or the regular expression cannot be understood.
    """

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._first = Location.parse(probe.url)
        self._expect = Expectations.of(probe.expect)
        self._method = probe.method.upper()
        self._headers = Headers(probe.headers, credentials(probe.url))
        self.host = self._first.host
        self.tls = self._first.scheme == "https"

    @property
    def shown_url(self) -> str:
        """The address without the name and password it may hold."""
        return self._first.shown

    async def prepare(self) -> None:
        """Read what the headers hold of secrets, and make the TLS context.

        Raises:
            SourceError: a secret cannot be read.
        """
        await self._headers.read()
        if self.tls:
            await shared_context(verify=self._probe.verify, alpn=ALPN)

    async def run(self, attempt: Attempt) -> None:
        """Ask, follow, and judge the answer.

        Raises:
            Failure: of any layer.
            SourceError: the request cannot be sent as configured.
        """
        location, method = self._first, self._method
        followed: list[str] = []
        while (redirect := await self._visit(attempt, location, method)) is not None:
            status, goal = redirect
            if len(followed) == self._probe.redirects:
                circle = ", which go in a circle" if str(goal) in (str(self._first), *followed) else ""
                raise Failure(Layer.HTTP, f"there were more than {len(followed)} redirects{circle}")
            followed.append(str(goal))
            attempt.redirects.append(goal.shown)
            location, method = goal, after_redirect(status, method)

    async def _visit(self, attempt: Attempt, location: Location, method: str) -> tuple[int, Location] | None:
        """One request; the status and the goal of its redirect, or None when the final answer is as expected."""
        stream = await open_stream(attempt, self._place(location), own=location is self._first)
        try:
            own = self._headers.values if location.may_have(self._first) else ()
            exchange = _Exchange(attempt, stream, self._probe.max_body)
            answer = await exchange.ask(method, location, own)
            attempt.facts["status"] = answer.status
            if answer.status in _UNWELCOME:
                self._headers.forget()
            goal = self._goal(answer, location)
            if goal is not None:
                return answer.status, goal
            self._expect.check_status(answer.status, plain(answer.header(b"location"), 120))
            body = await exchange.body(answer, needed=self._expect.of_body)
        finally:
            stream.close()
        attempt.end()
        attempt.facts["bytes"] = len(body)
        self._expect.check_body(bytes(body), _charset(answer.header(b"content-type")))
        return None

    def _place(self, location: Location) -> Place:
        own = location.host == self._first.host and location.port == self._first.port
        return Place(
            host=location.host,
            port=location.port,
            family=self._probe.family,
            tls=location.scheme == "https",
            server_name=(own and self._probe.server_name) or location.host.rstrip("."),
            verify=self._probe.verify,
            alpn=ALPN,
        )

    def _goal(self, answer: _Answer, location: Location) -> Location | None:
        """Where the answer redirects to; None when it does not, or when it is what was wanted."""
        to = answer.headers.get(b"location")
        if answer.status not in REDIRECTS or to is None or not self._probe.redirects:
            return None
        if self._expect.wants(answer.status):
            return None
        return location.follow(to.decode("utf-8", "replace"))


class _Exchange:
    """One request and its answer over one stream."""

    def __init__(self, attempt: Attempt, stream: Stream, max_body: int) -> None:
        import h11

        self._attempt = attempt
        self._stream = stream
        self._max_body = max_body
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEADERS)
        self._began = b""
        self._interim = 0

    async def ask(self, method: str, location: Location, own: Sequence[tuple[str, str]]) -> _Answer:
        """Send the request and wait for the head of its answer."""
        import h11

        try:
            event = request_event(method, location.target, headers_for(location, own, method))
            data = self._protocol.send(event) or b""
        except h11.LocalProtocolError:
            # What h11 says would repeat the value, which may be a secret.
            raise SourceError("the request cannot be sent; check the probe's method and headers") from None
        data += self._protocol.send(h11.EndOfMessage()) or b""
        self._attempt.begin(Phase.FIRST_BYTE)
        try:
            with suppress(BrokenPipeError, ConnectionResetError):
                await self._stream.write(data)  # a server that does not want the request may still have said why
            return await self._head()
        except ssl.SSLError as error:
            raise Failure(Layer.TLS, tls_words(error)) from None
        except OSError as error:
            raise Failure(Layer.HTTP, _broken(error, "while the answer was waited for")) from None

    async def _head(self) -> _Answer:
        import h11

        while True:
            try:
                event = self._protocol.next_event()
            except h11.RemoteProtocolError as error:
                raise _bad_head(error) from None
            if event is h11.NEED_DATA:
                data = await self._stream.read()
                if not data:
                    where = "in the middle of the headers" if self._began else "without an answer"
                    raise Failure(Layer.HTTP, f"the connection was closed {where}")
                self._look(data)
                self._protocol.receive_data(data)
            elif isinstance(event, h11.Response):
                return _Answer(event.status_code, dict(event.headers))
            elif isinstance(event, h11.InformationalResponse):
                if event.status_code == 101:
                    return _Answer(101, dict(event.headers))
                self._interim += 1
                if self._interim > MOST_INTERIM:
                    raise Failure(Layer.HTTP, f"no answer came after {MOST_INTERIM} interim ones (1xx)")

    def _look(self, data: bytes) -> None:
        """Tell another protocol by its first bytes: a server of such a one may well go on waiting for ours."""
        if len(self._began) < len(_SIGNATURE):
            self._began += data[:80]
            if self._began[: len(_SIGNATURE)] != _SIGNATURE[: len(self._began)]:
                if self._began[:2] in _TLS_RECORDS:
                    raise Failure(Layer.HTTP, "the answer is not HTTP but TLS; try https://")
                begins = plain(self._began.decode("utf-8", "replace"), 40)
                raise Failure(Layer.HTTP, f"the answer is not HTTP; it begins with {begins!r}")

    async def body(self, answer: _Answer, *, needed: bool) -> bytearray:
        """Read the body to its end."""
        self._attempt.begin(Phase.BODY)
        encoding = answer.header(b"content-encoding")
        body = Body(encoding, self._max_body)
        if answer.status != 101:
            try:
                await self._fill(body)
            except ssl.SSLError as error:
                raise Failure(Layer.BODY, f"the TLS connection broke in the middle: {tls_words(error)}") from None
            except OSError as error:
                raise Failure(Layer.BODY, _broken(error, "in the middle of the body")) from None
        body.end(needed=needed)
        return body.content

    async def _fill(self, body: Body) -> None:
        import h11

        attempt, pieces = self._attempt, 0
        while True:
            try:
                event = self._protocol.next_event()
            except h11.RemoteProtocolError as error:
                raise _malformed(error) from None
            if event is h11.NEED_DATA:
                self._protocol.receive_data(await self._stream.read())
            elif isinstance(event, h11.Data):
                body.add(event.data)
                attempt.received = len(body.content)
                pieces += 1
                if pieces % _BREATH == 0:
                    await asyncio.sleep(0)
            else:
                if self._protocol.trailing_data[0]:
                    raise Failure(Layer.BODY, "more came than its Content-Length or last chunk announces")
                return


def _bad_head(error: h11.RemoteProtocolError) -> Failure:
    why = _why(error)
    if error.error_status_hint == 431:
        return Failure(Layer.HTTP, f"the headers are longer than {MOST_HEADERS // 1024} KiB")
    layer = Layer.BODY if "content-length" in why.lower() else Layer.HTTP
    return Failure(layer, f"the head of the answer breaks the rules of HTTP: {why}")


def _malformed(error: h11.RemoteProtocolError) -> Failure:
    why = _why(error)
    if "peer closed connection" in why:
        counts = why.partition("(")[2].rstrip(")")
        return Failure(Layer.BODY, f"the connection was closed before its end{f' ({counts})' if counts else ''}")
    return Failure(Layer.BODY, f"it breaks the rules of HTTP: {why}")


def _why(error: Exception) -> str:
    return plain(str(error), 120)


def _broken(error: OSError, when: str) -> str:
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return f"the connection was reset {when}"
    return f"the connection broke {when}: {error.strerror or error}"


def _charset(content_type: str) -> str:
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'")
    return "utf-8"
