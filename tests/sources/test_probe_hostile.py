"""HTTP probes against servers that break, stall, flood and lie: the layer is named, and the time is kept."""

from __future__ import annotations

import asyncio
import gzip
import time
import tracemalloc

import pytest

from opsconsole.config.model import Expect
from tests.sources.servers import (
    Handler,
    answer,
    forever,
    full_backlog,
    head,
    knock_out,
    raw,
    reset,
    serve,
    silence,
)
from tests.sources.test_probe_http import ask, failed, poll

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
NOTHING = b"\x00\x00\x00\xff\xff"
"""A block of packed data that unpacks to nothing."""
SHORT = 0.4
"""The time-out of probes that are to run into it, seconds."""
SLACK = 0.2
"""What a poll may take beyond its time-out, seconds."""


async def open_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the connection and hang up."""


async def open_and_reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    knock_out(writer)


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    await writer.drain()
    await reader.read()


BROKEN: dict[str, tuple[Handler, str, str]] = {
    "hangs up at once": (open_and_close, "http", "the connection was"),
    "resets at once": (open_and_reset, "http", "reset while the answer was waited for"),
    "hangs up after the request": (raw(b""), "http", "closed without an answer"),
    "resets after the request": (reset(raw(b"")), "http", "reset while the answer was waited for"),
    "hangs up in the headers": (raw(HEAD), "http", "in the middle of the headers"),
    "resets in the headers": (reset(raw(HEAD)), "http", "reset while the answer was waited for"),
    "speaks another protocol": (greet, "http", "is not HTTP; it begins with 'SSH-2.0"),
    "sends garbage": (raw(b"\x00\xff\x1b[31m\x07garbage\r\n\r\n"), "http", "is not HTTP"),
    "sends garbage without lines": (raw(b"A" * 300_000), "http", "is not HTTP"),
    "answers in TLS": (raw(b"\x15\x03\x01\x00\x02\x02\x46"), "http", "try https://"),
    "breaks the rules in the head": (raw(b"HTTP/1.1 two hundred\r\n\r\n"), "http", "breaks the rules of HTTP"),
    "has a header without end": (raw(HEAD + b"X: " + b"x" * 100_000), "http", "longer than 64 KiB"),
    "sends many interim answers": (raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 50), "http", "interim"),
    "has no number as its length": (raw(HEAD + b"Content-Length: ten\r\n\r\n"), "body", "Content-Length"),
    "has two lengths": (raw(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "body", "Content-Length"),
    "sends less than it says": (answer(b"12345", length=10), "body", "before its end"),
    "sends more than it says": (answer(b"1234567890", length=5), "body", "more came than"),
    "resets in the body": (reset(answer(b"12345", length=10)), "body", "reset in the middle of the body"),
    "has broken chunks": (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"), "body", "rules"),
    "ends amid the chunks": (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel"), "body", "before its end"),
    "has an enormous chunk": (
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\n"),
        "body",
        "breaks the rules",
    ),
    "has a body too long": (answer(b"x" * 2_000_000), "body", "longer than 1.0 MiB"),
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_a_server_that(kind: str) -> None:
    handler, layer, words = BROKEN[kind]
    failed(await ask(handler), layer, words)


ENDLESS: dict[str, tuple[Handler, str, str]] = {
    "says nothing": (silence, "http", "no answer was complete within 400 ms"),
    "trickles its headers": (forever(b"HTTP/1.1 200 OK\r\nX: ", b"x", wait=0.02), "http", "within 400 ms"),
    "sends headers without end": (forever(HEAD, b"X-Y: z\r\n" * 100), "http", "longer than 64 KiB"),
    "sends interim answers without end": (forever(b"", b"HTTP/1.1 102 Wait\r\n\r\n" * 10), "http", "interim"),
    "trickles its body": (forever(HEAD + b"Content-Length: 99\r\n\r\n", b"x", wait=0.02), "body", "within 400 ms"),
    "sends a body without end": (forever(HEAD + b"\r\n", b"x" * 65_536), "body", "longer than 1.0 MiB"),
    "sends chunks without end": (
        forever(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 1_000),
        "body",
        "",
    ),
    "sends empty gzip data without end": (
        forever(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10], NOTHING * 5_000),
        "body",
        "longer than 1.0 MiB",
    ),
}


@pytest.mark.parametrize("kind", ENDLESS)
async def test_the_time_is_kept_when_a_server(kind: str) -> None:
    handler, layer, words = ENDLESS[kind]
    async with serve(handler) as server:
        await poll(server.url(), timeout=0.05)  # whatever is imported at the first poll is not measured
        began = time.monotonic()
        failed(await poll(server.url(), timeout=SHORT), layer, words)
        assert time.monotonic() - began < SHORT + SLACK


async def test_the_time_is_kept_over_redirects_without_end() -> None:
    async def onward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        await asyncio.sleep(0.03)
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /again\r\n\r\n")

    async with serve(onward) as server:
        began = time.monotonic()
        failed(await poll(server.url(), timeout=SHORT, redirects=1_000), "http", "within 400 ms")
        assert time.monotonic() - began < SHORT + SLACK


async def test_a_connection_that_is_never_taken_times_out_at_that_layer() -> None:
    with full_backlog() as port:
        began = time.monotonic()
        failed(await poll(f"http://127.0.0.1:{port}/", timeout=SHORT), "connect", "timed out after 400 ms")
        assert time.monotonic() - began < SHORT + SLACK


async def test_a_gzip_bomb_takes_no_memory() -> None:
    bomb = gzip.compress(b"\0" * 100_000_000)
    handler = answer(bomb, "200 OK", "Content-Encoding: gzip")
    await ask(answer())
    tracemalloc.start()
    try:
        failed(await ask(handler, expect=Expect(body_contains="ok")), "body", "longer than 1.0 MiB")
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


async def test_a_flood_leaves_the_loop_to_others() -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.005)
            beats += 1

    handler = forever(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 1_000)
    async with serve(handler) as server:
        other = asyncio.ensure_future(beat())
        await poll(server.url(), timeout=1.0)
        other.cancel()
    assert beats > 10


async def test_a_poll_that_is_cancelled_ends_at_once_and_closes_its_socket() -> None:
    ended = asyncio.Event()

    async def watch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        started.set()
        await reader.read()
        ended.set()

    started = asyncio.Event()
    async with serve(watch) as server:
        polling = asyncio.ensure_future(poll(server.url(), timeout=30.0))
        async with asyncio.timeout(5):
            await started.wait()
            polling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await polling
            await ended.wait()
