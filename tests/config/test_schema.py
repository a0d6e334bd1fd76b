"""What each key accepts, what it refuses, and what is told about it."""
# ruff: noqa: E501 - one example a line

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from opsconsole.config.kinds import Key
from opsconsole.config.loading import Loaded, parse
from opsconsole.config.model import (
    Config,
    Expect,
    Host,
    Network,
    Probe,
    Project,
    Prometheus,
    Storage,
    Telemetry,
    Ui,
)
from opsconsole.config.problems import ConfigError, Problem
from opsconsole.config.schema import ROOT, UNUSED
from opsconsole.config.secrets import SecretRef
from tests.config.test_loading import problems

FILE = Path("/etc/c.toml")


def read(text: str, **options: Any) -> Loaded:
    return parse(text, FILE, **options)


def probe(line: str, url: str = "https://acme.example/") -> str:
    return f'[[probe]]\nid = "web"\nurl = "{url}"\n{line}\n'


def test_everything_that_can_be_said_is_read() -> None:
    loaded = read(
        """
        [project]
        name = "acme-web"
        environment = "production"
        timezone = "Europe/Berlin"
        [[probe]]
        id = "web"
        url = "https://acme.example/healthz"
        interval = "1m30s"
        timeout = 5
        expect = { status = ["2xx", 301, "400-404"], body_contains = "ok", json = { "db.status" = "up", n.deep = 1 } }
        service = "shop"
        public = true
        method = "head"
        redirects = 0
        family = 6
        max_body = "10KiB"
        server_name = "acme.example"
        verify = false
        slow = "500ms"
        [probe.headers]
        Accept = "text/html"
        Authorization = { env = "TOKEN" }
        [[probe]]
        id = "name"
        url = "dns://acme.example?type=A"
        expect.answer = "203.0.113.7"
        [host]
        disks = ["/"]
        [[prometheus]]
        id = "web-1"
        url = "http://10.0.0.5:9100/metrics"
        username = "metrics"
        password = { file = "keys/metrics" }
        [prometheus.metrics]
        cpu = "my_cpu"
        [thresholds.cpu]
        warning = "85%"
        critical = 0.95
        [thresholds.probe]
        warning = "500ms"
        [thresholds.certificate]
        warning = "30d"
        critical = 7
        [network]
        control = ["tcp://192.0.2.1:53"]
        [storage]
        samples = "1GiB"
        raw = "1d"
        [ui]
        theme = "opsconsole-light"
        mouse = false
        fps = 5
        [ui.keys]
        "note.add" = "n"
        log.filter = ["slash", "f"]
        [telemetry]
        dsn = { command = ["pass", "show", "dsn"] }
        """
    )
    assert loaded.warnings == ()
    assert loaded.config == Config(
        path=FILE,
        project=Project("acme-web", "production", "Europe/Berlin"),
        probes=(
            Probe(
                id="web",
                url="https://acme.example/healthz",
                interval=90.0,
                timeout=5.0,
                expect=Expect(("2xx", "301", "400-404"), "ok", "", {"db.status": "up", "n.deep": 1}, ()),
                service="shop",
                public=True,
                method="HEAD",
                headers={
                    "Accept": "text/html",
                    "Authorization": SecretRef("probe[1].headers.Authorization", "env", "TOKEN"),
                },
                redirects=0,
                family=6,
                max_body=10_240,
                server_name="acme.example",
                verify=False,
                slow=0.5,
            ),
            Probe("name", "dns://acme.example?type=A", expect=Expect(answer=("203.0.113.7",))),
        ),
        host=Host(disks=("/",)),
        prometheus=(
            Prometheus(
                "web-1",
                "http://10.0.0.5:9100/metrics",
                username="metrics",
                password=SecretRef("prometheus[1].password", "file", "/etc/keys/metrics"),
                metrics={"cpu": "my_cpu"},
            ),
        ),
        thresholds={
            "cpu": {"warning": 0.85, "critical": 0.95},
            "probe": {"warning": 0.5},
            "certificate": {"warning": 30.0, "critical": 7.0},
        },
        network=Network(("tcp://192.0.2.1:53",)),
        storage=Storage(samples=2**30, raw=86_400.0),
        ui=Ui("opsconsole-light", mouse=False, fps=5, keys={"note.add": ("n",), "log.filter": ("slash", "f")}),
        telemetry=Telemetry(SecretRef("telemetry.dsn", "command", ("pass", "show", "dsn"))),
    )


def test_every_field_of_the_model_has_its_key_and_the_other_way_round() -> None:
    def compare(keys: tuple[Key, ...], model: type[Any]) -> None:
        described = {key.field or key.name: key for key in keys}
        assert described.keys() == {each.name for each in fields(model)}
        for each in fields(model):
            assert described[each.name].required == (each.default is MISSING and each.default_factory is MISSING)

    tables = {key.name: key.kind.keys for key in ROOT}
    models = (Project, Host, Network, Storage, Ui, Telemetry, Probe, Prometheus)
    for model in models:
        compare(tables[model.__name__.lower()], model)
    compare(next(key for key in tables["probe"] if key.name == "expect").kind.keys, Expect)
    assert {key.field or key.name for key in ROOT} == {each.name for each in fields(Config)} - {
        "path", "data_dir", "read_only",
    }  # fmt: skip


def test_a_file_with_sources_and_without_a_host_table_still_watches_this_machine() -> None:
    assert read(probe("")).config.host.enabled
    assert not read("[host]\nenabled = false").config.host.enabled


@pytest.mark.parametrize("name", UNUSED)
def test_a_table_of_a_later_version_is_accepted_with_one_warning(name: str) -> None:
    loaded = read(f"[host]\n[{name}]\nany = 1\nthing = 2\n")
    assert [str(each) for each in loaded.warnings] == [
        f"/etc/c.toml:2: {name}: [{name}] is not used by this version; it changes nothing; you can leave it"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[proble]\nx = 1", "c.toml:1: proble: this table is not known; did you mean probe?"),
        ("x = 1", "c.toml:1: x: this table is not known; "),
        ("[probe]\nid = 'a'\nurl = 'tcp://h:1'", "c.toml:1: probe: this is a list of tables, not one; write [[probe]]"),
        ("[[host]]", "c.toml:1: host: this is one table, not a list of them; write [host] once"),
        ("host = 3", "c.toml:1: host: 3 is not a table; write [host] and its keys below"),
        ("probe = 3", "c.toml:1: probe: 3 is not a list of tables; write [[probe]] and its keys below"),
        ("probe = [3]", "c.toml:1: probe[1]: 3 is not a table; write [[probe]] and its keys below"),
        ("[project]\nname = 3", 'c.toml:2: project.name: 3 is not a text; write it in quotes, like "acme-web"'),
        ("[project]\nname = ' '", "c.toml:2: project.name: this text is empty; "),
        ("[project]\nname = 'a\\u001b[1m'".replace("'", '"'), "project.name: this text has control characters in it"),
        ("[project]\ntimezone = 'Berlin'", 'c.toml:2: project.timezone: "Berlin" is not a time zone; did you mean Europe/Berlin?'),
        ("[project]\ntimezone = '../../etc/passwd'", "is not a time zone"),
        ("[host]\nenabled = 'yes'", 'c.toml:2: host.enabled: "yes" is neither true nor false; write true or false, without'),
        ("[host]\nenabled = 1", "host.enabled: 1 is neither true nor false"),
        ("[host]\ndisks = ['/', 'var']", 'c.toml:2: host.disks[2]: "var" cannot be used here; a path begins with /'),
        ("[host]\ninterval = 0", "c.toml:2: host.interval: 0 is too little; the least is 10ms"),
        ("[host]\ninterval = '90d'", 'c.toml:2: host.interval: "90d" is too much; the most is 30d'),
        ("[host]\ntimeout = '0s'", 'c.toml:2: host.timeout: "0s" is too little; '),
        ("[ui]\nfps = 0", "c.toml:2: ui.fps: 0 is out of range; it must be between 1 and 60"),
        ("[ui]\nfps = 2.5", "c.toml:2: ui.fps: 2.5 is not a whole number; write one, like 10"),
        ("[ui.keys]\nnote.add = [3]", 'c.toml:2: ui.keys.note.add[1]: 3 is not a text; write it in quotes, like "n"'),
        ("[storage]\nsamples = '1'", 'c.toml:2: storage.samples: "1" is no size; write it like "512MiB"'),
        ("[storage]\nraw = 2024-01-01", "c.toml:2: storage.raw: 2024-01-01 is no duration; "),
        ("[thresholds]\ncpu = 3", "c.toml:2: thresholds.cpu: 3 is not a table; write [thresholds.cpu] with warning and"),
        ("[thresholds.cpuu]", "c.toml:1: thresholds.cpuu: this kind of metric is not known; did you mean cpu?"),
        ("[thresholds.cpu]\nwarn = 1", "c.toml:2: thresholds.cpu.warn: this key is not known; did you mean warning?"),
        ("[thresholds.throughput]\nwarning = 1", "thresholds.throughput: Throughput has no bad direction, so it can have no"),
        ("[thresholds.cpu]\nwarning = '90%'\ncritical = '80%'", "could never warn; exchange them, or leave one out"),
        ("[thresholds.disk]\nwarning = '2%'", "its critical limit is the handbook's 5 %; give a critical limit too"),
        ("[thresholds.load]\nwarning = '1.5'", 'thresholds.load.warning: "1.5" is not a number; write it like 1.5'),
        ("[thresholds.certificate]\nwarning = 'x'", 'thresholds.certificate.warning: "x" is no duration; '),
        (probe("expect = 3"), "c.toml:4: probe[1].expect: 3 is not a table; "),
        (probe("expect = { status = ['200-'] }"), 'probe[1].expect.status[1]: "200-" is not an HTTP status; write it like'),
        (probe("expect = { status = [true, 700, '299-200'] }"), "expect.status[2]: 700 is not an HTTP status"),
        (probe("expect = { body_matches = '(' }"), 'probe[1].expect.body_matches: "(" is not a regular expression: missing )'),
        (probe("expect = { json = { a = 2024-01-01 } }"), "probe[1].expect.json.a: JSON has no dates; write it in quotes"),
        (probe("expect = { answer = ['1.1.1.1'] }"), "probe[1].expect.answer: only a dns probe has addresses as its answer"),
        (probe("expect = { body_contains = 'x' }", "tcp://h:1"), "probe[1].expect.body_contains: a tcp probe has no HTTP"),
        (probe("method = 'GTE'"), 'c.toml:4: probe[1].method: "GTE" is not known here; it must be one of "GET", "HEAD"'),
        (probe("family = 5"), "c.toml:4: probe[1].family: 5 is not known here; it must be one of 0, 4, 6"),
        (probe("headers = { 'X Y' = 'a' }"), 'c.toml:4: probe[1].headers."X Y": this is not the name of an HTTP header'),
        (probe('headers = { X = "a\\r\\nB: c" }'), "probe[1].headers.X: this header has control characters in it"),
        (probe("id = 'x y'").replace('id = "web"\n', ""), 'probe[1].id: "x y" cannot be used here; an id has letters'),
        ("[[prometheus]]\nid = 'a'\nurl = 'tcp://h:1'", 'prometheus[1].url: "tcp://" is not a kind of address that is known'),
        ("[[prometheus]]\nid = 'a'\nurl = 'http://h'\nmetrics = { cpux = 'a' }", "metrics.cpux: this kind of metric is not"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_with_what_to_write(text: str, told: str) -> None:
    found = problems(text)
    assert any(told in each for each in found), found


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "this address is empty or has blanks in it"),
        ("https://acme.example/a b", "this address is empty or has blanks in it"),
        ("acme.example/healthz", '"acme.example/healthz" has no scheme; write "https://acme.example/healthz"'),
        ("acme.example:8080/x", '"acme.example:8080/x" has no scheme; write "https://acme.example:8080/x"'),
        ("https:/acme.example", "the scheme of this address is not followed by ://"),
        ("localhost", "this address has no scheme; write it like"),
        ("htps://acme.example", '"htps://" is not a kind of address that is known here; did you mean https://?'),
        ("postgres://u:hunter2@h/db", "to see whether it accepts connections, probe tcp://host:5432"),
        ("redis://h", "probe tcp://host:6379"),
        ("git@acme.example:repo.git", "this is an address for SSH; to see whether it accepts connections, probe tcp"),
        ("ssh://u@h", "probe tcp://host:22"),
        ("https://u:hunter2@acme.example/", "this address has a user or a password in it, which would be shown; take it out"),
        ("https://", "this address names no host"),
        ("https://:80/", "this address names no host"),
        ("https://h:0/", "0 is not a port that can be reached"),
        ("https://h:70000/", "the host or the port of this address cannot be read; a port is a number between 1 and 65535"),
        ("https://h:x/", "the host or the port of this address cannot be read"),
        ("https://[::1/", "the host or the port of this address cannot be read"),
        ("tcp://db", 'this address names no port; write it like "tcp://db:5432"'),
        ("tls://[::1]", 'this address names no port; write it like "tls://[::1]:443"'),
        ("dns://", "this address names no host"),
        ("dns://1.1.1.1/acme.example", "the name of a DNS probe stands between dns:// and ?"),
    ],
)  # fmt: skip
def test_a_wrong_address_is_told_with_the_likely_right_one(url: str, told: str) -> None:
    found = problems(probe("", url))
    assert len(found) == 1
    assert told in found[0]
    assert found[0].startswith("c.toml:3: probe[1].url: ")
    assert "hunter2" not in found[0]


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1", "https://[::1]:8443/x?y=z", "tcp://db:5432", "tls://acme.example:443", "dns://acme.example",
     "dns://acme.example?type=AAAA&server=127.0.0.1:53", "https://münchen.example/", "HTTPS://ACME.example/"],
)  # fmt: skip
def test_a_right_address_is_taken_as_it_is(url: str) -> None:
    assert read(probe("", url)).config.probes[0].url == url


def test_a_timeout_longer_than_the_interval_is_worth_a_warning() -> None:
    loaded = read(probe('interval = "5s"\ntimeout = "20s"'))
    assert [str(each) for each in loaded.warnings] == [
        "/etc/c.toml:5: probe[1].timeout: 20s is longer than the interval of 5s, so a slow answer delays the next poll; make it shorter than the interval"
    ]
    assert read(probe('interval = "5s"')).warnings == ()


def test_utc_is_known_on_a_machine_without_a_time_zone_database(monkeypatch: pytest.MonkeyPatch) -> None:
    import zoneinfo

    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    with monkeypatch.context() as patch:
        patch.setattr(zoneinfo, "TZPATH", ())
        zoneinfo.reset_tzpath(())
        assert read('[project]\ntimezone = "UTC"').config.project.timezone == "UTC"
    zoneinfo.reset_tzpath()


def names(keys: tuple[Key, ...]) -> list[str]:
    return [name for key in keys for name in (key.name, *names(key.kind.keys))]


ANYTHING = st.recursive(
    st.one_of(
        st.none().map(lambda _: ""),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(
            ["5s", "5%", "1MiB", "https://h", "tcp://h:1", "UTC", "GET", "2xx", "warning", "cpu", "env"]
        ),
        st.datetimes(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from([*names(ROOT), "cpu", "env", "file", "keyring", "warning", "x"]), inner, max_size=4
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from([key.name for key in ROOT] + list(UNUSED)), ANYTHING, min_size=1, max_size=4)
)
@example({"probe": [[{"id": "a"}]]})
@example({"probe": [{"id": "a", "url": "tcp://h:1", "expect": {"json": {"a": [{"b": [1]}]}}}]})
@example({"ui": {"keys": {"a": {}, "b": {"c": []}}}})
def test_no_values_make_it_fail_otherwise_than_with_problems(values: dict[str, Any]) -> None:
    told: list[Problem] = []
    try:
        read(tomli_w.dumps(values))
    except ConfigError as error:
        told = error.problems + error.warnings
    assert all(each.line and each.key and each.message for each in told), told
