"""What a Prometheus endpoint that misbehaves is told to the operator as: one sentence, with the layer."""

from __future__ import annotations

import asyncio
import base64
import gzip
import os
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from opsconsole.config.model import Prometheus
from opsconsole.config.secrets import Secret, SecretRef
from opsconsole.sources.base import SourceError
from opsconsole.sources.prometheus import PrometheusSource
from tests.sources.pages import OPENMETRICS, Answer, PageServer, serving

PAGE = "node_load1 1\nhttp_requests_total 5\n"


async def problem_of(url: str, **config: object) -> str:
    source = PrometheusSource(Prometheus(id="web-1", url=url, **config))  # type: ignore[arg-type]
    try:
        with pytest.raises(SourceError) as caught:
            await source.poll()
    finally:
        await source.close()
    text = str(caught.value)
    assert "\n" not in text
    assert "Traceback" not in text
    return text


async def problem(answer: Answer | str, **config: object) -> str:
    with serving(answer) as server:
        return await problem_of(server.url, **config)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<html><body>Sign in</body></html>\n", "line 1 is not in the Prometheus text format"),
        ('{"status": "ok"}\n', "line 1 is not"),
        ("Not Found\n", "line 1 is not"),
        (f"{PAGE}rubbish here\n", "line 3 is not"),
        (f"{PAGE}http_requests_total{{code=200}} 5\n", "line 3 is not"),
        (f'{PAGE}http_requests_total{{code="2', "line 3 is not"),
        (f'{PAGE}http_requests_total{{code="2",code="3"}} 5\n', "line 3 is not"),
        (f'{PAGE}http_request_duration_seconds_bucket{{le="wide"}} 5\n', "line 3 is not"),
        (f"{PAGE}http_requests_total 1.2.3\n", "line 3 is not"),
        ("", "the page is empty"),
        ("\n\n", "the page is empty"),
        ("\x00\x01\x02\x1b[2J\n", "line 1 is not"),
    ],
)
async def test_rubbish_names_the_first_bad_line(page: str, said: str) -> None:
    text = await problem(page)
    assert text.startswith("body: ")
    assert said in text
    assert "\x1b" not in text


async def test_bytes_that_are_no_text_are_rubbish_too() -> None:
    assert "line 1 is not" in await problem(Answer(os.urandom(10_000) + b"\n"))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "check its username, password or headers"),
        (404, "check the path"),
        (500, "tells more"),
        (204, "empty"),
    ],
)
async def test_a_status_that_is_no_page_is_told_with_what_to_do(status: int, said: str) -> None:
    text = await problem(Answer("" if status == 204 else PAGE, status=status))
    assert said in text
    if status != 204:
        assert text.startswith("HTTP: ")
        assert str(status) in text


async def test_a_redirect_is_not_followed_but_told() -> None:
    text = await problem(Answer(status=302, headers={"Location": "/login?token=hunter2"}))
    assert "answered 302" in text
    assert "/login" in text
    assert "hunter2" not in text


async def test_a_refused_connection_and_an_unknown_name_are_told_apart() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert (await problem_of(f"http://127.0.0.1:{port}/metrics")).startswith("Connect: ")
    text = await problem_of("http://a..b/metrics")  # no name server is asked for a name that cannot be one
    assert text == "DNS: a..b is no valid host name"


async def test_a_plain_server_on_an_https_address_is_a_matter_of_tls() -> None:
    with serving(PAGE) as server:
        assert (await problem_of(server.url.replace("http:", "https:"))).startswith("TLS: ")


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/metrics", "127.0.0.1:9100/metrics", "http://", "http://[::1/x", "http://x:99999/"]
)
async def test_an_address_that_is_none_says_so(url: str) -> None:
    assert "address" in await problem_of(url)


async def test_a_slow_page_is_given_up_in_time_and_said_to_be_slow() -> None:
    wait = threading.Event()
    with serving(Answer(PAGE, wait=wait)) as server:
        began = time.monotonic()
        text = await problem_of(server.url, timeout=0.3)
        assert time.monotonic() - began < 2
        wait.set()
    assert "within 300 ms" in text


async def test_cancelling_a_poll_is_honoured_at_once() -> None:
    wait = threading.Event()
    with serving(Answer(PAGE, wait=wait)) as server:
        source = PrometheusSource(Prometheus(id="web-1", url=server.url))
        poll = asyncio.create_task(source.poll())
        while not server.requests:
            await asyncio.sleep(0.005)
        began = time.monotonic()
        poll.cancel()
        with pytest.raises(asyncio.CancelledError):
            await poll
        await source.close()
        assert time.monotonic() - began < 0.5
        wait.set()


async def test_a_page_that_breaks_off_is_no_page() -> None:
    assert "broken off" in await problem(Answer(PAGE, claimed=10_000))
    assert "cut off" in await problem(Answer(PAGE, OPENMETRICS))
    packed = gzip.compress(PAGE.encode())[:-9]
    assert "cut off" in await problem(Answer(packed, headers={"Content-Encoding": "gzip"}))


async def test_a_page_larger_than_allowed_is_refused_however_it_is_packed() -> None:
    large = PAGE * 10_000
    assert "larger than 97.7 KiB" in await problem(large, max_body=100_000)
    bomb = zlib.compress(b"# \n" * 30_000_000, wbits=31)
    text = await problem(Answer(bomb, headers={"Content-Encoding": "gzip"}), max_body=100_000)
    assert "larger than 97.7 KiB" in text


@pytest.mark.parametrize("encoding", ["br", "gzip"])
async def test_a_packing_that_is_not_what_it_says_is_told(encoding: str) -> None:
    assert (await problem(Answer(PAGE, headers={"Content-Encoding": encoding}))).startswith("body: ")


async def test_protobuf_that_nobody_asked_for_is_told() -> None:
    assert "protobuf" in await problem(Answer(b"\x0a\x03abc", "application/vnd.google.protobuf; proto=x"))


async def poll_once(server: PageServer, **config: object) -> dict[str, float | None]:
    source = PrometheusSource(Prometheus(id="web-1", url=server.url, **config))  # type: ignore[arg-type]
    try:
        reading = await source.poll()
    finally:
        await source.close()
    return {item.kind: item.value for item in reading.measurements}


@pytest.mark.parametrize("content_type", ["", "application/octet-stream", "text/html; charset=latin-1", "rubbish"])
async def test_a_wrong_content_type_is_tried_as_text(content_type: str) -> None:
    with serving(Answer("node_load1 1\nnode_memory_SwapTotal_bytes 4\nnode_memory_SwapFree_bytes 1\n")) as server:
        assert isinstance(server.answer, Answer)
        server.answer.content_type = content_type
        assert (await poll_once(server))["swap"] == 0.75


async def test_a_packed_page_is_unpacked() -> None:
    packed = gzip.compress(b"node_memory_SwapTotal_bytes 4\nnode_memory_SwapFree_bytes 1\n")
    with serving(Answer(packed, headers={"Content-Encoding": "gzip"})) as server:
        assert (await poll_once(server))["swap"] == 0.75


async def test_credentials_are_sent_and_never_shown(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first-token\n")

    def answer(headers: Mapping[str, str]) -> Answer:
        good = headers.get("x-token") == "second-token"
        basic = base64.b64encode(b"ops:hunter2").decode()
        assert headers.get("authorization") == f"Basic {basic}"
        return Answer(PAGE, status=200 if good else 401)

    with serving(answer) as server:
        config = Prometheus(
            id="web-1",
            url=server.url,
            headers={"X-Token": SecretRef("prometheus.headers.X-Token", "file", str(token))},
            username="ops",
            password=SecretRef("prometheus.password", "literal", Secret("hunter2")),
        )
        source = PrometheusSource(config)
        with pytest.raises(SourceError) as refused:
            await source.poll()
        assert "401" in str(refused.value)
        assert "token" not in str(refused.value).replace("x-token", "")
        assert "hunter2" not in str(refused.value)
        token.write_text("second-token")  # a token that was renewed is read anew after it was refused
        assert not (await source.poll()).failed
        await source.close()


async def test_a_secret_that_is_missing_or_cannot_be_sent_is_told_without_it() -> None:
    ref = SecretRef("prometheus.headers.X", "env", "NO_SUCH_VARIABLE_HERE")
    assert "NO_SUCH_VARIABLE_HERE is not set" in await problem(PAGE, headers={"X": ref})
    for value in ("hunter2\nX: y", "hunter2 ☃"):
        text = await problem(PAGE, headers={"X": SecretRef("k", "literal", Secret(value))})
        assert "header" in text
        assert "hunter2" not in text


async def test_what_stands_in_the_address_besides_the_host_is_not_shown() -> None:
    text = await problem_of("http://user:hunter2@127.0.0.1:1/metrics?token=hunter3#hunter4")
    assert "hunter" not in text
    assert "127.0.0.1:1/metrics" in text


async def test_one_connection_is_kept_and_replaced_when_the_server_closed_it() -> None:
    with serving(PAGE) as server:
        source = PrometheusSource(Prometheus(id="web-1", url=server.url))
        for _ in range(3):
            await source.poll()
        assert server.connections == 1
        server.answer = Answer(PAGE, hang_up=True)
        for _ in range(3):
            assert not (await source.poll()).failed
        assert server.connections == 3
        await source.close()


def large_page() -> str:
    registry = CollectorRegistry()
    requests = Counter("http_requests", "x", ["method", "path", "code"], registry=registry)
    seconds = Histogram("http_request_duration_seconds", "x", ["method", "path"], registry=registry)
    for index in range(150):
        for code in ("200", "500"):
            requests.labels("GET", f"/api/v1/thing/{index}", code).inc()
        seconds.labels("GET", f"/api/v1/thing/{index}").observe(0.2)
    return generate_latest(registry).decode()


async def test_a_page_of_290_kilobytes_costs_little_and_is_not_read_on_the_event_loop() -> None:
    page = large_page()
    assert len(page) > 280_000
    with serving(page) as server:
        source = PrometheusSource(Prometheus(id="web-1", url=server.url))
        await source.poll()
        costs = []
        for _ in range(5):
            began = time.process_time()
            await source.poll()
            costs.append(time.process_time() - began)
        await source.close()
    assert sorted(costs)[2] < 0.120  # about 25 ms measured, the server in this process included


def test_importing_the_prometheus_source_loads_neither_httpx_nor_the_parser() -> None:
    script = "import sys, opsconsole.sources.prometheus; print({'httpx', 'prometheus_client'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
