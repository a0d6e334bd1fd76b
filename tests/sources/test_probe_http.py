"""HTTP probes against real servers: what counts as a good answer, and what is said of a bad one."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from typing import Any

import pytest

from opsconsole.config.model import Expect, Probe
from opsconsole.config.secrets import SecretRef
from opsconsole.domain.reading import Measurement, Status
from opsconsole.domain.thresholds import judge
from opsconsole.sources.base import SourceError
from opsconsole.sources.probe import ProbeSource
from tests.sources.servers import Handler, answer, head, raw, serve


async def poll(url: str, **options: Any) -> Measurement:
    options.setdefault("timeout", 3.0)
    reading = await ProbeSource(Probe("web", url, **options)).poll()
    assert reading.source == "probe.web"
    assert not reading.problem
    return reading.measurements[0]


async def ask(handler: Handler, **options: Any) -> Measurement:
    async with serve(handler) as server:
        return await poll(server.url(), **options)


def failed(measurement: Measurement, layer: str, *words: str) -> None:
    assert measurement.value is None
    assert measurement.verdict is not None
    assert measurement.verdict.status is Status.CRITICAL
    assert measurement.facts["layer"] == layer, measurement.verdict.reason
    for word in words:
        assert word in measurement.verdict.reason
    assert measurement.problem == measurement.verdict.reason


async def test_a_good_answer_has_its_time_and_the_time_of_each_phase() -> None:
    measurement = await ask(answer(b"all is well"), public=True, service="shop")
    assert measurement.id == "probe.web"
    assert measurement.kind == "probe"
    assert measurement.verdict is None
    facts = dict(measurement.facts)
    phases = facts["phases"]
    assert isinstance(phases, dict)
    assert list(phases) == ["dns", "connect", "first_byte", "body"]
    assert measurement.value == pytest.approx(sum(float(str(seconds)) for seconds in phases.values()), abs=1e-4)
    assert facts["status"] == 200
    assert facts["bytes"] == 11
    assert facts["address"] == "127.0.0.1"
    assert facts["family"] == 4
    assert facts["redirects"] == []
    assert facts["public"] is True
    assert facts["service"] == "shop"
    assert "layer" not in facts
    json.dumps(facts)


async def test_the_request_is_a_plain_one_for_the_host_and_the_path() -> None:
    seen: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await head(reader))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with serve(note) as server:
        await poll(server.url("/a b/ü?q=1 2#part"), method="head", headers={"X-Probe": "yes"})
        lines = seen[0].decode().split("\r\n")
        assert lines[0] == "HEAD /a%20b/%C3%BC?q=1%202 HTTP/1.1"
        assert f"Host: 127.0.0.1:{server.port}" in lines
        assert "Connection: close" in lines
        assert "X-Probe: yes" in lines


@pytest.mark.parametrize(
    ("accepted", "status", "good"),
    [
        ((), "204 No Content", True),
        ((), "404 Not Found", False),
        (("2xx",), "503 Service Unavailable", False),
        (("404",), "404 Not Found", True),
        (("200-299", "401"), "401 Unauthorized", True),
        (("500-503",), "504 Gateway Timeout", False),
        (("3xx",), "301 Moved Permanently", True),
    ],
)
async def test_the_status_is_held_against_what_is_accepted(
    accepted: tuple[str, ...], status: str, good: bool
) -> None:
    measurement = await ask(answer(b"", status), expect=Expect(status=accepted))
    if good:
        assert measurement.value is not None
    else:
        failed(measurement, "http", status[:3], "was expected")
    assert measurement.facts["status"] == int(status[:3])


async def test_a_status_that_cannot_be_understood_is_a_fault_of_the_configuration() -> None:
    with pytest.raises(SourceError, match="2xx"):
        await poll("http://127.0.0.1:9/", expect=Expect(status=("fine",)))


async def test_the_body_must_hold_what_is_expected() -> None:
    assert (await ask(answer(b"status: ok"), expect=Expect(body_contains="ok"))).value is not None
    measurement = await ask(answer(b"status: down"), expect=Expect(body_contains="ok"))
    failed(measurement, "body", "'ok' is not in it", "status: down")
    assert (await ask(answer(b"build 417"), expect=Expect(body_matches=r"build \d+"))).value is not None
    failed(await ask(answer(b"build x"), expect=Expect(body_matches=r"build \d+")), "body", "matches")
    failed(await ask(answer(b""), expect=Expect(body_contains="ok")), "body", "it is empty")


async def test_a_body_is_read_in_its_character_set_and_rubbish_in_it_fails_nothing_else() -> None:
    latin = answer("größer".encode("latin-1"), "200 OK", "Content-Type: text/html; charset=ISO-8859-1")
    assert (await ask(latin, expect=Expect(body_contains="größer"))).value is not None
    rubbish = answer(b"\xff\xfe\x80 ok \xc3\x28", "200 OK", "Content-Type: text/html; charset=unicode_escape")
    assert (await ask(rubbish, expect=Expect(body_contains="ok"))).value is not None
    assert (await ask(rubbish)).value is not None
    failed(await ask(rubbish, expect=Expect(body_contains="fine")), "body")


async def test_what_a_server_says_reaches_no_terminal_unfiltered() -> None:
    hostile = answer(b"\x1b]0;owned\x07\x1b[2Jhello \xe2\x80\xae there")
    measurement = await ask(hostile, expect=Expect(body_contains="ok"))
    assert "\x1b" not in measurement.problem
    assert "\u202e" not in measurement.problem
    assert "hello" in measurement.problem


DOCUMENT = {
    "db": {"status": "up", "pool.size": 5},
    "items": [{"name": "a"}, {"name": "b", "n": None}],
    "ready": True,
    "one": 1,
}


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("db.status", "up"),
        ("db.pool.size", 5),
        ("items.1.name", "b"),
        ("items[0].name", "a"),
        ("items.1.n", None),
        ("ready", True),
        ("one", 1.0),
        ("items.0", {"name": "a"}),
    ],
)
async def test_a_value_in_a_json_body_is_found_by_its_path(path: str, wanted: Any) -> None:
    measurement = await ask(answer(json.dumps(DOCUMENT).encode()), expect=Expect(json={path: wanted}))
    assert measurement.value is not None, measurement.problem


@pytest.mark.parametrize(
    ("path", "wanted", "words"),
    [
        ("db.status", "down", 'db.status is "up"; "down" was expected'),
        ("db.port", 1, "db.port is missing"),
        ("items.2.name", "c", "missing"),
        ("items.name", "a", "missing"),
        ("one", True, "one is 1; true was expected"),
        ("ready", "true", 'ready is true; "true" was expected'),
        ("db.status.x", 1, "missing"),
    ],
)
async def test_a_missing_or_other_value_in_a_json_body_is_named(path: str, wanted: Any, words: str) -> None:
    measurement = await ask(answer(json.dumps(DOCUMENT).encode()), expect=Expect(json={path: wanted}))
    failed(measurement, "json", words)


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff\xfe\xfd", b"[" * 100_000, b'{"a": }'])
async def test_a_body_that_is_no_json_is_said_so(body: bytes) -> None:
    failed(await ask(answer(body), expect=Expect(json={"a": 1})), "json", "JSON")


def pages(routes: dict[str, tuple[str, str]], seen: list[bytes] | None = None) -> Handler:
    """A site: path → (status, location)."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await head(reader)
        if seen is not None:
            seen.append(request)
        status, location = routes.get(request.split()[1].decode(), ("200 OK", ""))
        where = f"Location: {location}\r\n" if location else ""
        writer.write(f"HTTP/1.1 {status}\r\n{where}Content-Length: 2\r\n\r\nok".encode())

    return handler


async def test_redirects_are_followed_and_listed_without_their_queries() -> None:
    site = pages({"/": ("301 Moved", "/a?token=hidden"), "/a?token=hidden": ("302 Found", "b")})
    async with serve(site) as server:
        measurement = await poll(server.url())
        assert measurement.value is not None
        assert measurement.facts["redirects"] == [server.url("/a?…"), server.url("/b")]
        assert server.connections == 3


async def test_a_redirect_is_the_answer_where_none_is_followed_or_it_is_expected() -> None:
    site = pages({"/": ("302 Found", "/login")})
    failed(await ask(site, redirects=0), "http", "302 (Found), to /login", "2xx was expected")
    for options in ({"redirects": 0}, {"redirects": 10}):
        measurement = await ask(site, expect=Expect(status=("302",)), **options)
        assert measurement.value is not None
        assert measurement.facts["status"] == 302
        assert measurement.facts["redirects"] == []


async def test_a_thousand_redirects_end_at_the_limit() -> None:
    async def onward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await head(reader)).split()[1].decode()
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: /{int(path[1:] or 0) + 1}\r\n\r\n".encode())

    async with serve(onward) as server:
        failed(await poll(server.url()), "http", "more than 10 redirects")
        assert server.connections == 11
        measurement = await poll(server.url(), redirects=1_000, timeout=20.0)
        failed(measurement, "http", "more than 1000 redirects")
        assert len(measurement.facts["redirects"]) == 20  # type: ignore[arg-type]


async def test_a_circle_of_redirects_is_called_one() -> None:
    failed(await ask(pages({"/": ("301 Moved", "/a"), "/a": ("301 Moved", "/")})), "http", "in a circle")


@pytest.mark.parametrize("goal", ["ftp://127.0.0.1/x", "file:///etc/passwd", "javascript:x", "http://a b/", "//["])
async def test_a_redirect_to_anything_but_http_is_refused(goal: str) -> None:
    failed(await ask(pages({"/": ("301 Moved", goal)})), "http", "is not followed")


async def test_headers_and_credentials_are_not_carried_to_another_host() -> None:
    strangers: list[bytes] = []
    known: list[bytes] = []
    async with serve(pages({}, strangers)) as stranger:
        routes = {"/": ("302 Found", "/own"), "/own": ("302 Found", stranger.url("/away"))}
        async with serve(pages(routes, known)) as server:
            url = f"http://me:geheim@{server.authority}/"
            measurement = await poll(url, headers={"X-Key": "k1", "Cookie": "c=1", "User-Agent": "mine"})
    assert measurement.value is not None
    assert all(b"X-Key: k1" in request and b"Authorization: Basic" in request for request in known)
    assert len(known) == 2
    text = strangers[0]
    assert not any(word in text for word in (b"X-Key", b"Cookie", b"Authorization", b"mine"))
    assert "geheim" not in json.dumps(dict(measurement.facts))


async def test_a_post_becomes_a_get_after_a_redirect_as_in_a_browser() -> None:
    seen: list[bytes] = []
    async with serve(pages({"/": ("303 See Other", "/done"), "/done": ("307 T", "/end")}, seen)) as server:
        await poll(server.url(), method="POST")
    assert [request.split()[0] for request in seen] == [b"POST", b"GET", b"GET"]
    assert b"Content-Length: 0" in seen[0]


async def test_a_failure_after_a_redirect_says_where_it_had_led() -> None:
    site = pages({"/": ("302 Found", "/x"), "/x": ("500 Oops", "")})
    failed(await ask(site), "http", "500", "after the redirect to http")


async def test_a_secret_header_is_sent_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE_KEY", "s3cr3t")
    seen: list[bytes] = []
    async with serve(pages({}, seen)) as server:
        headers = {"Authorization": SecretRef("probe.headers", "env", "PROBE_KEY")}
        probe = Probe("web", server.url(), headers=headers)
        source = ProbeSource(probe)
        reading = await source.poll()
        assert b"Authorization: s3cr3t" in seen[0]
        assert "s3cr3t" not in repr(reading) + repr(source) + repr(vars(source))
        monkeypatch.delenv("PROBE_KEY")
        with pytest.raises(SourceError, match="PROBE_KEY is not set"):
            await source.poll()


async def test_a_secret_from_a_command_is_asked_for_once_until_the_server_refuses_it(tmp_path: Any) -> None:
    counter = tmp_path / "asked"
    command = ("sh", "-c", f"echo x >> {counter}; echo key-$(wc -l < {counter})")
    status = "200 OK"

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    async with serve(handler) as server:
        source = ProbeSource(Probe("web", server.url(), headers={"X": SecretRef("h", "command", command)}))
        await source.poll()
        await source.poll()
        assert len(counter.read_text().split()) == 1
        status = "401 Unauthorized"
        await source.poll()
        await source.poll()
        assert len(counter.read_text().split()) == 2


async def test_a_header_that_cannot_be_sent_is_a_fault_of_the_configuration_and_not_shown() -> None:
    async with serve(answer()) as server:
        with pytest.raises(SourceError, match="cannot be sent") as caught:
            await poll(server.url(), headers={"X-Key": "geheim\r\nX-Other: 1"})
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"it is ok")),
        ("deflate", zlib.compress(b"it is ok")),
        ("deflate", zlib.compress(b"it is ok")[2:-4]),
        ("identity", b"it is ok"),
    ],
)
async def test_a_packed_body_is_unpacked(encoding: str, body: bytes) -> None:
    handler = answer(body, "200 OK", f"Content-Encoding: {encoding}")
    measurement = await ask(handler, expect=Expect(body_contains="is ok"))
    assert measurement.value is not None, measurement.problem
    assert measurement.facts["bytes"] == 8


async def test_a_body_that_cannot_be_unpacked_is_said_so() -> None:
    failed(await ask(answer(b"plain", "200 OK", "Content-Encoding: gzip")), "body", "cannot be unpacked")
    short = gzip.compress(b"x" * 10_000)[:-12]
    failed(await ask(answer(short, "200 OK", "Content-Encoding: gzip")), "body", "ends too early")
    strange = answer(b"???", "200 OK", "Content-Encoding: br")
    failed(await ask(strange, expect=Expect(body_contains="ok")), "body", "'br'")


async def test_an_answer_that_is_slow_by_the_probes_own_limit_is_a_warning() -> None:
    measurement = await ask(answer(), slow=0.0)
    assert judge(measurement).status is Status.WARNING
    measurement = await ask(answer(), slow=60.0)
    assert judge(measurement).status is Status.OK
    assert judge(measurement).threshold == "> 60 s"


async def test_interim_answers_are_passed_over_and_an_upgrade_is_an_answer() -> None:
    hints = raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert (await ask(hints)).facts["status"] == 200
    upgrade = raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
    measurement = await ask(upgrade, headers=headers, expect=Expect(status=("101",)))
    assert measurement.facts["status"] == 101
    assert measurement.value is not None, measurement.problem
