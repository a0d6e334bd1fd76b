"""TLS: handshakes whose failure is named, and certificates that are read whether or not they are believed."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from opsconsole.config.model import Expect, Probe
from opsconsole.domain.reading import Measurement, Status
from opsconsole.domain.thresholds import judge
from opsconsole.sources.certificate import parse, refusal
from opsconsole.sources.probe import ProbeSource
from opsconsole.sources.probe_tls import forget_contexts
from tests.sources.servers import Authority, answer, knock_out, raw, serve, silence
from tests.sources.test_probe_http import failed, pages


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The tests' authority is trusted by way of SSL_CERT_FILE, as a person would do it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    forget_contexts()
    yield
    forget_contexts()


async def look(url: str, **options: Any) -> tuple[Measurement, Measurement]:
    options.setdefault("timeout", 3.0)
    source = ProbeSource(Probe("shop", url, **options))
    assert [(series, kind) for series, kind, _ in source.expects] == [
        ("probe.shop", "probe"),
        ("probe.shop.certificate", "certificate"),
    ]
    reading = await source.poll()
    probe, certificate = reading.measurements
    assert certificate.id == "probe.shop.certificate"
    return probe, certificate


async def look_at(context: ssl.SSLContext, **options: Any) -> tuple[Measurement, Measurement]:
    async with serve(answer(), tls=context) as server:
        return await look(server.url(scheme="https"), **options)


async def test_a_good_certificate_has_its_days_and_its_names(authority: Authority) -> None:
    probe, certificate = await look_at(authority.server(ends=90))
    assert probe.value is not None, probe.problem
    assert list(dict(probe.facts["phases"])) == ["dns", "connect", "tls", "first_byte", "body"]  # type: ignore[arg-type]
    assert certificate.value == pytest.approx(90, abs=0.1)
    assert certificate.verdict is None
    assert judge(certificate).status is Status.OK
    facts = certificate.facts
    assert facts["subject"] == "localhost"
    assert facts["issuer"] == "Test Authority"
    assert facts["names"] == ["localhost", "127.0.0.1", "::1"]
    assert facts["chain_ok"] is True
    assert facts["problem"] == ""
    assert str(facts["not_after"]).endswith("Z")


async def test_a_certificate_that_ends_soon_is_judged_by_the_thresholds(authority: Authority) -> None:
    probe, certificate = await look_at(authority.server(ends=10))
    assert probe.value is not None
    assert judge(certificate).status is Status.WARNING
    _, certificate = await look_at(authority.server(ends=2))
    assert judge(certificate).status is Status.CRITICAL


async def test_an_expired_certificate_is_refused_and_read_all_the_same(authority: Authority) -> None:
    probe, certificate = await look_at(authority.server(ends=-3))
    failed(probe, "tls", "TLS: the certificate expired 3 d ago")
    assert certificate.value == pytest.approx(-3, abs=0.1)
    assert certificate.verdict is not None
    assert certificate.verdict.status is Status.CRITICAL
    assert certificate.verdict.reason == "the certificate expired 3 d ago"
    assert certificate.facts["problem"] == "the certificate expired 3 d ago"
    assert certificate.facts["chain_ok"] is True


async def test_a_certificate_of_tomorrow_is_refused_and_read_all_the_same(authority: Authority) -> None:
    probe, certificate = await look_at(authority.server(begins=3, ends=60))
    failed(probe, "tls", "is not valid before 20", "in 3 d")
    assert certificate.value == pytest.approx(60, abs=0.1)
    assert judge(certificate).status is Status.CRITICAL


async def test_a_self_signed_certificate_is_refused_and_read_all_the_same(authority: Authority) -> None:
    probe, certificate = await look_at(authority.server(self_signed=True))
    failed(probe, "tls", "self-signed")
    assert certificate.value == pytest.approx(90, abs=0.1)
    assert judge(certificate).status is Status.CRITICAL
    assert certificate.facts["chain_ok"] is False
    probe, certificate = await look_at(authority.server(self_signed=True, ends=-3))
    failed(probe, "tls", "self-signed", "it also expired 3 d ago")


async def test_a_certificate_of_a_stranger_is_refused_and_read_all_the_same(tmp_path: Any) -> None:
    probe, certificate = await look_at(Authority(tmp_path).server())
    failed(probe, "tls", "is not trusted")
    assert certificate.value == pytest.approx(90, abs=0.1)
    assert certificate.facts["issuer"] == "Test Authority"


async def test_a_certificate_for_another_host_is_refused_and_read_all_the_same(authority: Authority) -> None:
    probe, certificate = await look_at(authority.server(["shop.example", "www.shop.example"]))
    failed(probe, "tls", "the certificate is for shop.example, www.shop.example, not for 127.0.0.1")
    assert certificate.value == pytest.approx(90, abs=0.1)
    assert judge(certificate).status is Status.CRITICAL
    assert certificate.facts["chain_ok"] is True


async def test_another_name_can_be_asked_for(authority: Authority) -> None:
    probe, _ = await look_at(authority.server(["shop.example"]), server_name="shop.example")
    assert probe.value is not None, probe.problem
    probe, _ = await look_at(authority.server(["localhost"]), server_name="shop.example")
    failed(probe, "tls", "not for shop.example")


@pytest.mark.parametrize("options", [{"self_signed": True}, {"names": ["other.example"]}])
async def test_without_verification_any_certificate_will_do_and_is_read(
    authority: Authority, options: dict[str, Any]
) -> None:
    probe, certificate = await look_at(authority.server(**options), verify=False)
    assert probe.value is not None, probe.problem
    assert certificate.value == pytest.approx(90, abs=0.1)
    assert certificate.facts["chain_ok"] is None
    assert judge(certificate).status is Status.OK


async def test_without_verification_an_expired_certificate_is_still_called_expired(authority: Authority) -> None:
    probe, certificate = await look_at(authority.server(ends=-3), verify=False)
    assert probe.value is not None
    assert certificate.verdict is not None
    assert certificate.verdict.reason == "the certificate expired 3 d ago"


async def test_a_failure_above_tls_leaves_the_certificate_as_it_is(authority: Authority) -> None:
    async with serve(answer(b"", "503 Busy"), tls=authority.server()) as server:
        probe, certificate = await look(server.url(scheme="https"))
        failed(probe, "http", "503")
        assert judge(certificate).status is Status.OK
        probe, certificate = await look(
            server.url(scheme="https"), expect=Expect(status=("503",), body_contains="x")
        )
        failed(probe, "body")


async def test_a_dead_port_leaves_the_certificate_unknown() -> None:
    probe, certificate = await look("https://127.0.0.1:1/")
    failed(probe, "connect", "refused by 127.0.0.1:1")
    assert certificate.value is None
    assert judge(certificate).status is Status.UNKNOWN
    assert "no certificate was seen" in judge(certificate).reason


async def test_a_server_without_tls_is_called_so() -> None:
    async with serve(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        probe, _ = await look(server.url(scheme="https"), timeout=0.5)
        failed(probe, "tls")

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serve(rude) as server:
        probe, certificate = await look(server.url(scheme="https"))
        failed(probe, "tls", "does not speak TLS")
        assert certificate.value is None


async def test_a_handshake_that_breaks_is_named() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(2_000)

    async def knock(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(2_000)
        knock_out(writer)

    async with serve(hang_up) as server:
        probe, _ = await look(server.url(scheme="https"))
        failed(probe, "tls", "closed during the handshake")
    async with serve(knock) as server:
        probe, _ = await look(server.url(scheme="https"))
        failed(probe, "tls", "reset during the handshake")


async def test_half_a_handshake_times_out_at_that_layer() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(2_000)
        writer.write(b"\x16\x03\x03\x40\x00\x02")
        await silence(reader, writer)

    async with serve(half) as server:
        began = time.monotonic()
        probe, certificate = await look(server.url(scheme="https"), timeout=0.4)
        assert time.monotonic() - began < 0.6
        failed(probe, "tls", "not finished within 400 ms")
        assert certificate.value is None


async def test_a_second_handshake_that_hangs_does_not_hide_why_the_first_was_refused(authority: Authority) -> None:
    seen = 0
    context = authority.server(ends=-3)

    async def fickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1
        if seen > 1:
            await silence(reader, writer)
            return
        await writer.start_tls(context)

    async with serve(fickle) as server:
        began = time.monotonic()
        probe, certificate = await look(server.url(scheme="https"), timeout=0.5)
        assert time.monotonic() - began < 0.7
        failed(probe, "tls", "the certificate has expired")
        assert certificate.value is None
        assert judge(certificate).status is Status.CRITICAL


async def test_a_server_that_wants_a_certificate_of_ours_fails_at_tls(authority: Authority) -> None:
    context = authority.server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.file)

    def once(listening: socket.socket) -> None:
        # asyncio's servers hang up without the alert that tells why; this one sends it.
        connection, _ = listening.accept()
        with connection, suppress(ssl.SSLError):
            context.wrap_socket(connection, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=once, args=(listening,))
        serving.start()
        probe, certificate = await look(f"https://127.0.0.1:{listening.getsockname()[1]}/")
        serving.join()
    failed(probe, "tls", "client certificate")
    assert certificate.value == pytest.approx(90, abs=0.1)


async def test_a_server_with_only_old_versions_of_tls_is_named(authority: Authority) -> None:
    context = authority.server()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    probe, _ = await look_at(context)
    assert probe.value is not None
    context = authority.server()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    probe, certificate = await look_at(context)
    failed(probe, "tls", "TLS")
    assert certificate.value is None
    probe, certificate = await look_at(context, verify=False)
    assert probe.value is not None, probe.problem
    assert certificate.value is not None


async def test_a_tls_probe_shakes_hands_and_no_more(authority: Authority) -> None:
    async with serve(silence, tls=authority.server()) as server:
        probe, certificate = await look(server.url("", scheme="tls"))
        assert probe.value is not None, probe.problem
        assert list(dict(probe.facts["phases"])) == ["dns", "connect", "tls"]  # type: ignore[arg-type]
        assert certificate.value == pytest.approx(90, abs=0.1)
        assert probe.facts["url"] == f"tls://127.0.0.1:{server.port}"


async def test_a_redirect_to_a_broken_certificate_fails_there_and_keeps_the_own_one(authority: Authority) -> None:
    async with serve(answer(), tls=authority.server(ends=-3)) as broken:
        site = pages({"/": ("302 Found", broken.url(scheme="https"))})
        async with serve(site, tls=authority.server()) as server:
            probe, certificate = await look(server.url(scheme="https"))
    failed(probe, "tls", "expired 3 d ago", f"after the redirect to https://127.0.0.1:{broken.port}/")
    assert certificate.value == pytest.approx(90, abs=0.1)
    assert judge(certificate).status is Status.OK


async def test_nothing_of_the_name_is_sent_where_it_is_no_name(authority: Authority) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        async with serve(answer(), tls=authority.server(), host="::1") as server:
            probe, _ = await look(server.url(scheme="https"))
    except OSError:
        pytest.skip("no ::1 here")
    assert probe.value is not None, probe.problem
    assert probe.facts["family"] == 6


def test_a_reason_that_is_rare_is_told_in_openssls_words() -> None:
    words = refusal(23, "certificate revoked", "shop.example", None, 0.0)
    assert words == "the certificate was refused: certificate revoked"


def test_what_is_no_certificate_is_refused() -> None:
    with pytest.raises(ValueError):
        parse(b"nonsense")
