"""Fetching the page of a Prometheus endpoint: bounded in time and size, every failure one sentence."""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING, Final

from opsconsole.config.model import Prometheus
from opsconsole.config.secrets import SecretError, SecretRef
from opsconsole.domain.reading import Layer
from opsconsole.domain.text import plain
from opsconsole.domain.units import size
from opsconsole.sources import http
from opsconsole.sources.base import SourceError
from opsconsole.sources.network import Address, connect, resolve
from opsconsole.sources.probe_attempt import Failure
from opsconsole.sources.probe_tls import shared_context
from opsconsole.sources.threads import in_thread

if TYPE_CHECKING:
    import httpx

_ACCEPT: Final = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


class Endpoint:
    """One address, fetched over one connection that is kept.

    Args:
        config: `[[prometheus]]`.
    """

    def __init__(self, config: Prometheus) -> None:
        self._config = config
        self._where = http.shown(config.url)
        self._name = f"prometheus {config.id}"
        self._client: httpx.AsyncClient | None = None
        self._headers: dict[str, str] | None = None
        self._address: Address | None = None
        self._reused = False

    async def fetch(self) -> tuple[str, bool]:
        """The page, and whether it is OpenMetrics. The caller bounds the time.

        Raises:
            SourceError: it could not be had; the text names the layer and what to do.
        """
        if self._client is None:
            await in_thread(_import, name=self._name)
        if self._headers is None:  # a secret may come from a command
            self._headers = await in_thread(self._read_headers, name=self._name)
        try:
            request = await self._request()
            try:
                return await self._send(request)
            except _GoneError:
                # The other side closed the kept connection while it was idle: a new one tells how it really is.
                return await self._send(request)
        except BaseException:
            self._address = None  # the name may lead elsewhere by now
            raise

    async def close(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def _read_headers(self) -> dict[str, str]:
        config = self._config
        headers = {"Accept": _ACCEPT, "Accept-Encoding": "gzip"}
        try:
            for name, value in config.headers.items():
                headers[name] = value.resolve().reveal() if isinstance(value, SecretRef) else value
            if config.username or config.password is not None:
                password = config.password.resolve().reveal() if config.password is not None else ""
                pair = base64.b64encode(f"{config.username}:{password}".encode()).decode("ascii")
                headers["Authorization"] = f"Basic {pair}"
        except SecretError as error:
            raise SourceError(str(error)) from None
        return headers

    async def _request(self) -> httpx.Request:
        """The request, to an address instead of a name: httpx would look the name up in asyncio's executor, and a
        name server that does not answer would then keep the program from quitting.
        """
        import httpx

        try:
            url = httpx.URL(self._config.url)
        except (httpx.InvalidURL, ValueError):
            raise SourceError(f"prometheus.{self._config.id}: url is no valid address") from None
        if url.scheme not in ("http", "https") or not url.host or (url.port or 0) > 65_535:
            raise SourceError(
                f"prometheus.{self._config.id}: url is no address of HTTP; it begins with http:// or https://"
            )
        if self._address is None:
            self._address = await _locate(url.host, url.port or (443 if url.scheme == "https" else 80))
        if self._client is None:
            context = await shared_context(verify=self._config.verify) if url.scheme == "https" else None
            self._client = http.client(timeout=self._config.timeout, context=context)
        extensions = {} if self._address.ip == url.host else {"sni_hostname": url.host}
        headers = {"Host": url.netloc.decode("ascii"), **(self._headers or {})}
        try:
            return self._client.build_request(
                "GET", url.copy_with(host=self._address.ip), headers=headers, extensions=extensions
            )
        except (ValueError, UnicodeError):  # its text would show the secret
            raise SourceError(
                f"prometheus.{self._config.id}: a header has characters that HTTP cannot carry"
            ) from None

    async def _send(self, request: httpx.Request) -> tuple[str, bool]:
        import httpx

        assert self._client is not None  # noqa: S101 - made with the request
        reused, self._reused = self._reused, False
        try:
            response = await self._client.send(request, stream=True)
            try:
                self._accept_status(response)
                body = await self._read(response)
            finally:
                await response.aclose()
        except httpx.HTTPError as error:
            gone = reused and isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError)
            raise (_GoneError if gone else SourceError)(http.failure(error, self._config.url)) from None
        self._reused = True
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type == "application/vnd.google.protobuf":
            raise SourceError(f"body: {self._where} sends protobuf only, which is not understood; ask it for text")
        return body.decode("utf-8", "replace"), media_type == "application/openmetrics-text"

    def _accept_status(self, response: httpx.Response) -> None:
        """Refuse everything but a page."""
        code = response.status_code
        if 200 <= code < 300:
            return
        if code in (401, 403):
            self._headers = None  # a token that was renewed meanwhile is read anew the next time
        if response.has_redirect_location:
            target = http.shown(str(response.url.join(response.headers["location"])))
            advice = f"it points to {target}; if that is right, put it in the configuration"
        else:
            advice = _ADVICE.get(code, "the log of what serves it tells more")
        reason = plain(response.reason_phrase, 60)
        raise SourceError(f"HTTP: {self._where} answered {code}{f' {reason}' if reason else ''}; {advice}")

    async def _read(self, response: httpx.Response) -> bytes:
        """The body, unpacked piece by piece, so that a small one cannot unpack to more than is allowed."""
        encoding = response.headers.get("content-encoding", "").strip().lower()
        unpacker = zlib.decompressobj(wbits=31) if encoding in ("gzip", "x-gzip") else None
        if unpacker is None and encoding not in ("", "identity"):
            raise SourceError(
                f"body: {self._where} packs its answer as {plain(encoding, 40)}, which was not asked for"
            )
        limit = self._config.max_body
        body = bytearray()
        async for raw in response.aiter_raw():
            try:
                body += unpacker.decompress(raw, limit + 1 - len(body)) if unpacker else raw
            except zlib.error:
                raise SourceError(f"body: what {self._where} sent is not gzip, although it says so") from None
            if len(body) > limit:
                raise SourceError(
                    f"body: the page of {self._where} is larger than {size(limit)}; raise max_body to read it"
                )
        if unpacker is not None and not unpacker.eof:
            raise SourceError(f"body: the page of {self._where} was cut off")
        return bytes(body)


async def _locate(host: str, port: int) -> Address:
    """Where a host is; of several addresses the first that takes a connection.

    Raises:
        SourceError: there is none.
    """
    try:
        addresses = await resolve(host, port)
        if len(addresses) == 1:
            return addresses[0]
        connection, address = await connect(addresses)
    except Failure as failure:
        raise SourceError(f"{_LAYERS[failure.layer]}: {plain(failure.reason, 300)}") from None
    connection.close()
    return address


def _import() -> None:
    """Load the client where it keeps nobody waiting: 150 ms."""
    import httpx  # noqa: F401


class _GoneError(SourceError):
    """A kept connection turned out to be closed."""


_LAYERS: Final = {Layer.DNS: "DNS", Layer.CONNECT: "Connect"}
_ADVICE: Final = {
    401: "check its username, password or headers in the configuration",
    403: "what is configured may not read it",
    404: "check the path in the configuration",
    406: "it has no text format",
    429: "it is asked too often; make the interval longer",
}
