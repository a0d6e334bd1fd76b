"""The small HTTP server: correct where a probe, a browser or a scanner would notice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from opsconsole.demo.ports import LOOPBACK, Port
from opsconsole.demo.server import HttpService, Request, Response


async def _echo(request: Request) -> Response:
    if request.path == "/fault":
        raise RuntimeError("a fault of the page")
    if request.path == "/nothing":
        return Response(204)
    return Response(200, f"{request.method} {request.target} {request.body.decode()}".encode())


@pytest.fixture
async def service() -> AsyncIterator[HttpService]:
    port = Port()
    service = HttpService(port, _echo)
    await service.open()
    yield service
    service.close()
    port.give_back()


async def _talk(service: HttpService, sent: bytes) -> bytes:
    """Everything that comes back until the server hangs up."""
    reader, writer = await asyncio.open_connection(LOOPBACK, service.port.number)
    try:
        writer.write(sent)
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


async def test_requests_share_a_connection_until_one_asks_to_close_it(service: HttpService) -> None:
    said = await _talk(
        service,
        b"GET /one?x=1 HTTP/1.1\r\nHost: x\r\n\r\n"
        b"POST /two HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
        b"GET /three HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    assert said.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert said.count(b"Connection: keep-alive") == 2
    assert b"GET /one?x=1" in said
    assert b"POST /two body" in said
    assert said.endswith(b"GET /three ")


async def test_a_client_of_http_1_0_is_not_kept_waiting(service: HttpService) -> None:
    assert (await _talk(service, b"GET / HTTP/1.0\r\n\r\n")).endswith(b"\r\n\r\nGET / ")


async def test_head_and_no_content_have_no_body(service: HttpService) -> None:
    head = await _talk(service, b"HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"Content-Length: 7\r\n" in head
    assert head.endswith(b"\r\n\r\n")
    nothing = await _talk(service, b"GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert nothing.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert b"Content-Length" not in nothing


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"GET http://elsewhere/ HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\r\n\r\n", 400),
    ],
)
async def test_what_is_no_request_is_refused_and_the_connection_closed(
    service: HttpService, sent: bytes, status: int
) -> None:
    said = await _talk(service, sent)
    assert said.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Connection: close" in said


async def test_a_fault_of_a_page_is_a_500_and_the_service_goes_on(
    service: HttpService, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (await _talk(service, b"GET /fault HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 500 ")
    assert "a fault of the page" in capsys.readouterr().err
    assert (await _talk(service, b"GET / HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 200 ")


async def test_closing_breaks_connections_and_refuses_new_ones_until_it_opens_again(service: HttpService) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, service.port.number)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    service.close()
    with suppress(ConnectionResetError):  # an end instead of a reset is as good
        while await reader.read(1_000):
            pass
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(LOOPBACK, service.port.number)
    await service.open()
    assert (await _talk(service, b"GET / HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
