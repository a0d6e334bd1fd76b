"""A small web site in a process of its own, for consoles to watch: it can hang, fail, be slow and go away.

Started as a program it prints its ports as JSON and serves until its standard input ends:
`python -m tests.terminal.site COUNT`.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

REPOSITORY: Final = Path(__file__).parents[2]


class _Visitor(asyncio.Protocol):
    """One connection. The path says what happens: /healthz, /metrics, /hang, /slow, /status/NNN."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            request, _, self._received = self._received.partition(b"\r\n\r\n")
            self._answer(request.split(b" ", 2)[1].decode("latin-1").partition("?")[0])

    def _answer(self, path: str) -> None:
        assert self._transport is not None
        if path == "/hang":
            return
        if path == "/slow":
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\no")
            return
        status, body, kind = 200, b"ok", "text/plain"
        if path.startswith("/status/"):
            status = int(path.removeprefix("/status/"))
        elif path == "/metrics":
            body, kind = _metrics(), "text/plain; version=0.0.4"
        head = f"HTTP/1.1 {status} Answer\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode("ascii") + body)


def _metrics() -> bytes:
    """An application's counters, histogram and memory, after 40 requests a second since the start."""
    requests = int((time.monotonic() - _STARTED) * 40) + 1_000
    lines = [
        "# TYPE http_requests_total counter",
        f'http_requests_total{{method="GET",status="200"}} {requests}',
        f'http_requests_total{{method="GET",status="500"}} {requests // 100}',
        "# TYPE http_request_duration_seconds histogram",
        *(
            f'http_request_duration_seconds_bucket{{le="{bound}"}} {int(requests * share)}'
            for bound, share in (("0.1", 0.5), ("0.25", 0.9), ("0.5", 0.97), ("1", 0.995), ("+Inf", 1))
        ),
        f"http_request_duration_seconds_sum {requests * 0.12}",
        f"http_request_duration_seconds_count {requests}",
        "# TYPE process_resident_memory_bytes gauge",
        "process_resident_memory_bytes 123456789",
    ]
    return ("\n".join(lines) + "\n").encode()


_STARTED: Final = time.monotonic()


async def _serve(count: int, port: int) -> None:
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(_Visitor, "127.0.0.1", port if number == 0 else 0, backlog=512)
        for number in range(count)
    ]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


class Site:
    """The site, running on `count` loopback ports until it is stopped.

    Args:
        count: how many ports.
        port: the first of them; 0 takes any that is free.
    """

    def __init__(self, count: int = 1, port: int = 0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.terminal.site", str(count), str(port)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise RuntimeError("the site did not start; what it said stands above")
        self.ports: list[int] = json.loads(line)

    def url(self, path: str = "/healthz", number: int = 0) -> str:
        """The address of a path on one of the ports."""
        return f"http://127.0.0.1:{self.ports[number]}{path}"

    def freeze(self) -> None:
        """Stop answering and keep every connection, as a machine that swaps does."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze`."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Go away: from now on every connection is refused."""
        if self._process.poll() is None:
            self.thaw()
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def unused_port() -> int:
    """A loopback port that nobody listens on."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
