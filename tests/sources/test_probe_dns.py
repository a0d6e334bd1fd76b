"""DNS probes against a name server of the tests' own."""

from __future__ import annotations

import time
from typing import Any

import dns.rcode
import pytest

from opsconsole.config.model import Expect, Probe
from opsconsole.domain.reading import Measurement
from opsconsole.sources.base import SourceError
from opsconsole.sources.probe import ProbeSource
from tests.sources.servers import closed_port, name_server
from tests.sources.test_probe_http import failed

ZONE: dict[Any, Any] = {
    ("shop.example", "A"): ["192.0.2.10", "192.0.2.11"],
    ("shop.example", "AAAA"): ["2001:DB8:0::10"],
    ("shop.example", "MX"): ["10 mail.shop.example."],
    ("shop.example", "TXT"): ['"v=spf1 -all"'],
    "empty.example": [],
    "broken.example": dns.rcode.SERVFAIL,
    "private.example": dns.rcode.REFUSED,
    "silent.example": None,
    "garbage.example": b"\x00\x01garbage",
}


async def ask(url: str, zone: dict[Any, Any] = ZONE, **options: Any) -> Measurement:
    options.setdefault("timeout", 3.0)
    async with name_server(zone) as server:
        mark = "&" if "?" in url else "?"
        reading = await ProbeSource(Probe("name", f"{url}{mark}server=127.0.0.1:{server.port}", **options)).poll()
    (measurement,) = reading.measurements
    return measurement


async def test_a_name_that_is_answered_for_has_its_answers_and_its_time() -> None:
    measurement = await ask("dns://shop.example")
    assert measurement.value is not None, measurement.problem
    assert sorted(measurement.facts["answers"]) == ["192.0.2.10", "192.0.2.11"]  # type: ignore[arg-type, type-var]
    assert measurement.facts["rcode"] == "NOERROR"
    assert list(dict(measurement.facts["phases"])) == ["dns"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("dns://shop.example?type=AAAA", "2001:db8::10"),
        ("dns://shop.example?type=mx", "10 mail.shop.example"),
        ("dns://SHOP.example?type=TXT", '"v=spf1 -all"'),
    ],
)
async def test_other_types_of_record_can_be_asked_for(url: str, answer: str) -> None:
    measurement = await ask(url)
    assert measurement.facts["answers"] == [answer], measurement.problem


async def test_the_probes_family_decides_which_address_is_asked_for() -> None:
    assert (await ask("dns://shop.example", family=6)).facts["answers"] == ["2001:db8::10"]


async def test_one_of_the_expected_answers_must_be_there() -> None:
    expect = Expect(answer=("192.0.2.99", "192.0.2.11"))
    assert (await ask("dns://shop.example", expect=expect)).value is not None
    wrong = await ask("dns://shop.example", expect=Expect(answer=("192.0.2.99",)))
    failed(wrong, "dns", "192.0.2.10", "192.0.2.99 was expected")
    other_form = Expect(answer=("2001:0db8:0:0::0010",))
    assert (await ask("dns://shop.example?type=AAAA", expect=other_form)).value is not None


@pytest.mark.parametrize(
    ("name", "words", "rcode"),
    [
        ("nowhere.example", "does not exist (NXDOMAIN)", "NXDOMAIN"),
        ("empty.example", "has no A record", "NOERROR"),
        ("broken.example", "SERVFAIL", "SERVFAIL"),
        ("private.example", "REFUSED", "REFUSED"),
    ],
)
async def test_how_the_asking_failed_is_named(name: str, words: str, rcode: str) -> None:
    measurement = await ask(f"dns://{name}")
    failed(measurement, "dns", words)
    assert measurement.facts["rcode"] == rcode
    assert "maybe_offline" not in measurement.facts


@pytest.mark.parametrize("name", ["silent.example", "garbage.example"])
async def test_a_name_server_that_does_not_answer_keeps_to_the_time(name: str) -> None:
    await ask("dns://shop.example")
    began = time.monotonic()
    measurement = await ask(f"dns://{name}", timeout=0.5)
    assert time.monotonic() - began < 0.7
    failed(measurement, "dns", "")
    assert "maybe_offline" not in measurement.facts  # it is on this machine itself


async def test_a_port_without_a_name_server_fails() -> None:
    probe = Probe("name", f"dns://shop.example?server=127.0.0.1:{closed_port()}", timeout=0.5)
    (measurement,) = (await ProbeSource(probe).poll()).measurements
    failed(measurement, "dns", "name server 127.0.0.1:")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("dns://shop.example?type=NONSENSE&server=127.0.0.1", "no type of DNS record"),
        ("dns://shop.example?sevrer=127.0.0.1", "is no option"),
        ("dns://127.0.0.1/shop.example", "there is a path"),
        ("dns://", "no host"),
    ],
)
async def test_an_address_that_makes_no_sense_is_a_fault_of_the_configuration(url: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        await ProbeSource(Probe("name", url)).poll()
