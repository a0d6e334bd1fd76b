"""Two hundred probes at once: all end in time, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from opsconsole.config.model import Expect, Probe
from opsconsole.sources.probe import ProbeSource
from opsconsole.sources.probe_tls import forget_contexts
from tests.sources.servers import (
    Authority,
    answer,
    closed_port,
    forever,
    full_backlog,
    name_server,
    serve,
    silence,
)
from tests.sources.test_probe_hostile import HEAD

SLOWEST = 1.5


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    forget_contexts()
    yield made
    forget_contexts()


def open_files() -> int:
    return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc to count open files in")
async def test_two_hundred_mixed_probes_end_together_in_the_time_of_the_slowest(authority: Authority) -> None:
    gc.collect()
    files, tasks = open_files(), len(asyncio.all_tasks())
    async with AsyncExitStack() as stack:
        good = await stack.enter_async_context(serve(answer(b'{"db": "up"}')))
        sick = await stack.enter_async_context(serve(answer(b"", "503 Service Unavailable")))
        slow = await stack.enter_async_context(
            serve(forever(HEAD + b"Content-Length: 999\r\n\r\n", b"x", wait=0.05))
        )
        mute = await stack.enter_async_context(serve(silence))
        flood = await stack.enter_async_context(serve(forever(HEAD + b"\r\n", b"x" * 65_536)))
        secure = await stack.enter_async_context(serve(answer(), tls=authority.server()))
        expired = await stack.enter_async_context(serve(answer(), tls=authority.server(ends=-3)))
        zone = await stack.enter_async_context(name_server({("shop.example", "A"): ["192.0.2.1"]}))
        full = stack.enter_context(full_backlog())
        expect = Expect(json={"db": "up"})
        kinds: dict[str | None, list[Callable[[str], Probe]]] = {
            None: [
                lambda n: Probe(n, good.url(), expect=expect),
                lambda n: Probe(n, secure.url(scheme="https"), timeout=10.0),
                lambda n: Probe(n, good.url("", scheme="tcp")),
                lambda n: Probe(n, f"dns://shop.example?server=127.0.0.1:{zone.port}"),
            ],
            "http": [lambda n: Probe(n, sick.url()), lambda n: Probe(n, mute.url(), timeout=SLOWEST)],
            "tls": [lambda n: Probe(n, expired.url(scheme="https"), timeout=10.0)],
            "body": [
                lambda n: Probe(n, slow.url(), timeout=1.0),
                lambda n: Probe(n, flood.url(), max_body=100_000),
            ],
            "connect": [
                lambda n: Probe(n, f"tcp://127.0.0.1:{closed_port()}"),
                lambda n: Probe(n, f"http://127.0.0.1:{full}/", timeout=1.0),
            ],
            "dns": [lambda n: Probe(n, f"dns://nowhere.example?server=127.0.0.1:{zone.port}")],
        }
        makers = [(layer, make) for layer, group in kinds.items() for make in group]
        wanted = [makers[number % len(makers)] for number in range(200)]
        sources = [ProbeSource(make(f"p{number}")) for number, (_, make) in enumerate(wanted)]
        began = time.monotonic()
        readings = await asyncio.gather(*(source.poll() for source in sources))
        took = time.monotonic() - began
        found = Counter(reading.measurements[0].facts.get("layer") for reading in readings)
        assert found == Counter(layer for layer, _ in wanted)
        for source in sources:
            await source.close()
    assert took < SLOWEST + 1.0
    assert len(asyncio.all_tasks()) == tasks
    gc.collect()
    assert open_files() <= files
