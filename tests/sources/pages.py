"""A real HTTP server that serves metric pages, well or badly, and pages to serve."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


@dataclass
class Answer:
    """What the server sends. `claimed` is the length it announces, where that is not the true one."""

    body: bytes | str = b""
    content_type: str = TEXT
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    claimed: int | None = None
    wait: threading.Event | None = None
    hang_up: bool = False


class PageServer:
    """Serves `answer`, which may be replaced at any time; remembers what it was asked."""

    def __init__(self, answer: Answer | Callable[[Mapping[str, str]], Answer]) -> None:
        self.answer = answer
        self.requests: list[dict[str, str]] = []
        self.connections = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                outer.connections += 1

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.requests.append(headers)
                answer = outer.answer if isinstance(outer.answer, Answer) else outer.answer(headers)
                if answer.wait is not None:
                    answer.wait.wait(20)
                body = answer.body.encode() if isinstance(answer.body, str) else answer.body
                self.send_response(answer.status)
                if answer.content_type:
                    self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(body) if answer.claimed is None else answer.claimed))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True
                if answer.hang_up or answer.claimed is not None:
                    self.close_connection = True

            def handle(self) -> None:
                with contextlib.suppress(ConnectionError):  # whoever gave up the page
                    super().handle()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/metrics"

    def __enter__(self) -> PageServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@contextlib.contextmanager
def serving(answer: Answer | str | Callable[[Mapping[str, str]], Answer]) -> Iterator[PageServer]:
    with PageServer(Answer(answer) if isinstance(answer, str) else answer) as server:
        yield server


class Clock:
    """A clock that only goes forward when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def poll_until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("it did not happen in time")
        threading.Event().wait(0.005)


def node_page(
    *,
    busy: float,
    idle: float,
    iowait: float = 0.0,
    steal: float = 0.0,
    received: float = 0.0,
    avail: float = 4e9,
    extra: str = "",
) -> str:
    """What node_exporter says of a machine with two cores, as far as it matters here."""
    cpu = "".join(
        f'node_cpu_seconds_total{{cpu="{core}",mode="{mode}"}} {seconds / 2}\n'
        for core in (0, 1)
        for mode, seconds in (("idle", idle), ("iowait", iowait), ("steal", steal), ("system", 0), ("user", busy))
    )
    root = 'device="/dev/vda1",fstype="ext4",mountpoint="/"'
    return f"""# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.
# TYPE node_cpu_seconds_total counter
{cpu}# TYPE node_load1 gauge
node_load1 3.2
# TYPE node_memory_MemTotal_bytes gauge
node_memory_MemTotal_bytes 8e+09
node_memory_MemAvailable_bytes 2e+09
node_memory_SwapTotal_bytes 0
node_memory_SwapFree_bytes 0
# TYPE node_filesystem_avail_bytes gauge
node_filesystem_avail_bytes{{{root}}} {avail}
node_filesystem_avail_bytes{{device="tmpfs",fstype="tmpfs",mountpoint="/run"}} 1e+08
node_filesystem_avail_bytes{{device="/dev/loop3",fstype="squashfs",mountpoint="/snap/core/1"}} 0
node_filesystem_avail_bytes{{device="/dev/vdb",fstype="xfs",mountpoint="/srv"}} NaN
node_filesystem_size_bytes{{{root}}} 4e+10
node_filesystem_size_bytes{{device="tmpfs",fstype="tmpfs",mountpoint="/run"}} 1e+08
node_filesystem_size_bytes{{device="/dev/loop3",fstype="squashfs",mountpoint="/snap/core/1"}} 1e+08
node_filesystem_size_bytes{{device="/dev/vdb",fstype="xfs",mountpoint="/srv"}} NaN
node_filesystem_device_error{{device="/dev/vdb",fstype="xfs",mountpoint="/srv"}} 1
node_filesystem_files{{{root}}} 1000
node_filesystem_files_free{{{root}}} 250
node_filesystem_readonly{{{root}}} 0
# TYPE node_network_receive_bytes_total counter
node_network_receive_bytes_total{{device="eth0"}} {received}
node_network_receive_bytes_total{{device="lo"}} {received * 50}
node_network_receive_bytes_total{{device="docker0"}} {received * 7}
node_network_transmit_bytes_total{{device="eth0"}} 12
node_network_transmit_bytes_total{{device="lo"}} 12
{extra}"""
