"""Names, addresses and connections: the layers below TLS and HTTP."""

from __future__ import annotations

import asyncio
import errno
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from opsconsole.config.model import Probe
from opsconsole.domain.reading import Layer
from opsconsole.sources import network
from opsconsole.sources.base import SourceError
from opsconsole.sources.network import Address, connect, resolve
from opsconsole.sources.probe import ProbeSource
from opsconsole.sources.probe_attempt import Failure
from tests.sources.servers import answer, closed_port, full_backlog, serve, silence
from tests.sources.test_probe_http import failed, poll


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")


async def test_a_tcp_probe_connects_and_no_more() -> None:
    async with serve(silence) as server:
        source = ProbeSource(Probe("db", server.url("", scheme="tcp"), timeout=3.0))
        assert source.expects == (("probe.db", "probe", ""),)
        (measurement,) = (await source.poll()).measurements
    assert measurement.value is not None
    assert list(dict(measurement.facts["phases"])) == ["dns", "connect"]  # type: ignore[arg-type]


async def test_a_dead_port_refuses() -> None:
    port = closed_port()
    measurement = await poll(f"tcp://127.0.0.1:{port}")
    failed(measurement, "connect", f"Connect: refused by 127.0.0.1:{port}")
    assert "maybe_offline" not in measurement.facts


async def test_a_port_that_takes_nobody_times_out() -> None:
    with full_backlog() as port:
        began = time.monotonic()
        measurement = await poll(f"tcp://127.0.0.1:{port}", timeout=0.3)
        assert time.monotonic() - began < 0.5
    failed(measurement, "connect", "timed out after 300 ms")
    assert "maybe_offline" not in measurement.facts  # this machine itself needs no network


@needs_ipv6
async def test_an_ipv6_address_is_probed_as_such() -> None:
    async with serve(answer(), host="::1") as server:
        measurement = await poll(server.url())
    assert measurement.value is not None, measurement.problem
    assert measurement.facts["address"] == "::1"
    assert measurement.facts["family"] == 6
    assert measurement.facts["url"] == f"http://[::1]:{server.port}/"


@needs_ipv6
async def test_an_address_that_refuses_does_not_hide_the_one_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, {"shop.example": ["::1", "127.0.0.1"]})
    async with serve(answer()) as server:
        measurement = await poll(f"http://shop.example:{server.port}/")
        assert measurement.facts["address"] == "127.0.0.1"
        measurement = await poll(f"http://shop.example:{server.port}/", family=6)
        failed(measurement, "connect", f"refused by [::1]:{server.port}")
    measurement = await poll(f"http://shop.example:{server.port}/")
    failed(measurement, "connect", "[::1]", "127.0.0.1")


async def test_an_address_that_keeps_silent_is_overtaken_by_the_next_one() -> None:
    async with serve(answer()) as server:
        with full_backlog() as dead:
            addresses = [Address(socket.AF_INET, ("127.0.0.1", port)) for port in (dead, server.port)]
            began = time.monotonic()
            connection, address = await connect(addresses)
            connection.close()
    assert address.sockaddr[1] == server.port
    assert 0.2 < time.monotonic() - began < 1.0


async def test_attempts_that_are_no_longer_wanted_are_closed() -> None:
    with full_backlog() as dead:
        addresses = [Address(socket.AF_INET, ("127.0.0.1", dead))] * 3
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.6):
                await connect(addresses)
    assert len(asyncio.all_tasks()) == 1


def names(monkeypatch: pytest.MonkeyPatch, known: dict[str, Any]) -> list[str]:
    """The system's resolver, as a machine would have it that knows these names only; an int is its error."""
    asked: list[str] = []
    system = socket.getaddrinfo

    def getaddrinfo(host: str, port: Any, family: int = 0, *args: Any, **options: Any) -> Any:
        if host not in known:
            return system(host, port, family, *args, **options)
        asked.append(host)
        found = known[host]
        if isinstance(found, int):
            raise socket.gaierror(found, "in the words of the system")
        entries = [entry for ip in found for entry in system(ip, port, 0, socket.SOCK_STREAM)]
        entries = [entry for entry in entries if family in (0, entry[0])]
        if not entries:
            raise socket.gaierror(socket.EAI_NONAME, "in the words of the system")
        return entries

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    ("error", "words", "offline"),
    [
        (socket.EAI_NONAME, "the name shop.example was not found", False),
        (socket.EAI_AGAIN, "the name server did not answer for shop.example", True),
        (socket.EAI_FAIL, "the name server could not answer for shop.example", True),
    ],
)
async def test_a_name_that_leads_nowhere_is_a_failure_of_dns(
    monkeypatch: pytest.MonkeyPatch, error: int, words: str, offline: bool
) -> None:
    names(monkeypatch, {"shop.example": error})
    measurement = await poll("http://shop.example/")
    failed(measurement, "dns", f"DNS: {words}")
    assert measurement.facts.get("maybe_offline", False) is offline


async def test_a_name_without_an_address_of_the_wanted_version_is_told_from_no_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names(monkeypatch, {"shop.example": ["127.0.0.1"]})
    failed(await poll("tcp://shop.example:9", family=6), "dns", "shop.example has no IPv6 address")
    failed(await poll("tcp://127.0.0.1:9", family=6), "dns", "127.0.0.1 is no IPv6 address")


async def test_a_resolver_that_hangs_costs_one_thread_and_the_time_of_the_probe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = threading.Event()

    def getaddrinfo(host: str, *args: Any, **options: Any) -> Any:
        release.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    try:
        for _ in range(3):
            began = time.monotonic()
            measurement = await poll("http://shop.example/", timeout=0.2)
            assert time.monotonic() - began < 0.4
            failed(measurement, "dns", "the name server did not answer within 200 ms")
            assert measurement.facts["maybe_offline"] is True
        assert [thread.name for thread in threading.enumerate()].count("lookup shop.example") == 1
    finally:
        release.set()
        for thread in threading.enumerate():
            if thread.name == "lookup shop.example":
                thread.join()


async def test_an_address_needs_no_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = names(monkeypatch, {})
    before = threading.active_count()
    assert [str(address) for address in await resolve("127.0.0.1", 80)] == ["127.0.0.1:80"]
    assert [str(address) for address in await resolve("::1", 80)] == ["[::1]:80"]
    assert threading.active_count() == before
    assert asked == []


async def test_the_two_versions_of_ip_are_tried_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, {"shop.example": ["::1", "::2", "127.0.0.1", "127.0.0.2"]})
    found = [address.ip for address in await resolve("shop.example", 80)]
    assert found == ["::1", "127.0.0.1", "::2", "127.0.0.2"]


@pytest.mark.parametrize(
    ("number", "words", "offline"),
    [
        (errno.ETIMEDOUT, "timed out", True),
        (errno.ENETUNREACH, "unreachable: there is no route to its network", True),
        (errno.EHOSTUNREACH, "unreachable: there is no route to the host", True),
        (errno.ECONNREFUSED, "refused", False),
        (errno.ECONNRESET, "reset", False),
    ],
)
async def test_how_connecting_failed_is_named(
    monkeypatch: pytest.MonkeyPatch, number: int, words: str, offline: bool
) -> None:
    async def dial(address: Address) -> socket.socket:
        raise OSError(number, "in the words of the system")

    monkeypatch.setattr(network, "_dial", dial)
    with pytest.raises(Failure) as caught:
        await connect([Address(socket.AF_INET, ("192.0.2.1", 80))])
    assert caught.value.layer is Layer.CONNECT
    assert words in caught.value.reason
    assert caught.value.offline is offline


NO_NETWORK = """
import asyncio, json
from opsconsole.config.model import Network, Probe
from opsconsole.monitor.control import ControlProbe, explains
from opsconsole.sources.probe import ProbeSource

async def main():
    told = []
    for url in ("tcp://192.0.2.1:80", "http://shop.example/", "tcp://127.0.0.1:80"):
        source = ProbeSource(Probe("x", url, timeout=3.0))
        (found,) = (await source.poll()).measurements
        told.append([source.remote, found.problem, explains(found, url.split("/")[2].partition(":")[0])])
    print(json.dumps([told, *await ControlProbe(Network()).has_network()]))

asyncio.run(main())
"""


@pytest.mark.skipif(not shutil.which("unshare"), reason="no unshare(1) to take the network away with")
def test_without_a_network_every_failure_that_this_explains_says_so() -> None:
    alone = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let its users take the network away")
    done = subprocess.run([*alone, sys.executable, "-c", NO_NETWORK], capture_output=True, text=True, check=True)
    (route, name, own), has_network, words = json.loads(done.stdout)
    assert route[1].startswith("Connect: 192.0.2.1:80 is unreachable")
    assert route[2]
    assert name[1].startswith("DNS: the name server did not answer")
    assert name[2]
    assert own[0] is False
    assert not own[2]
    assert not has_network
    assert "route" in words


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://127.0.0.1/", "none of http, https, tcp, tls, dns"),
        ("tcp://127.0.0.1", "no port"),
        ("tcp://127.0.0.1:99999", "ort"),
        ("http:///x", "no host"),
        ("tls://127.0.0.1:443/path", "without a path"),
        ("http://[::1", "IPv6"),
    ],
)
async def test_an_address_that_makes_no_sense_is_a_fault_of_the_configuration(url: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        await ProbeSource(Probe("x", url)).poll()


def test_only_probes_of_this_machine_itself_do_not_need_the_network() -> None:
    def remote(url: str) -> bool:
        return ProbeSource(Probe("x", url)).remote

    assert not remote("http://localhost/")
    assert not remote("tcp://[::1]:1")
    assert not remote("dns://shop.example?server=127.0.0.1")
    assert remote("http://192.0.2.1/")
    assert remote("dns://shop.example")
