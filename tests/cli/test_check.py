"""`opsconsole check`: every source once, the right verdicts, one document, the exit code of the worst."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.cli.running import Ended, opsconsole, python
from tests.cli.test_init import run
from tests.sources.servers import (
    Authority,
    Handler,
    answer,
    closed_port,
    forever,
    full_backlog,
    head,
    serve,
    silence,
)
from tests.sources.test_probe_hostile import HEAD

CHECK_KEYS = ["id", "source", "status", "value", "unit", "threshold", "summary", "observed_at", "age"]
NO_HOST = "[host]\nenabled = false\n"


@dataclass
class Site:
    """Several services of ours: id → its table in the configuration, and the layer and status to be found."""

    folder: Path
    probes: dict[str, str] = field(default_factory=dict)
    expected: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    def add(self, name: str, url: str, status: str, layer: str | None = None, more: str = "") -> None:
        self.probes[name] = f'[[probe]]\nid = "{name}"\nurl = "{url}"\ntimeout = "600ms"\n{more}\n'
        self.expected[name] = (status, layer)

    def config(self, *names: str, more: str = NO_HOST) -> Path:
        return written(self.folder, "".join(self.probes[name] for name in names or self.probes) + more)


def written(folder: Path, text: str) -> Path:
    path = folder / "opsconsole.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def after(seconds: float, then: Handler) -> Handler:
    """Think before answering."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await then(reader, writer)

    return handler


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the request and say nothing."""
    await head(reader)
    await silence(reader, writer)


@pytest_asyncio.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    made = Site(tmp_path)
    async with AsyncExitStack() as stack:

        async def serving(handler: Handler, **more: Any) -> Any:
            return await stack.enter_async_context(serve(handler, **more))

        good = await serving(answer(b'{"db": {"status": "up"}}'))
        made.add("good", good.url(), "ok", more='expect = { body_contains = "db", json = { "db.status" = "up" } }')
        made.add("port", good.url("", scheme="tcp"), "ok")
        secure = await serving(answer(), tls=authority.server())
        made.add("secure", secure.url(scheme="https"), "ok")
        slow = await serving(after(0.15, answer()))
        made.add("slow", slow.url(), "warning", more='slow = "100ms"')
        made.add("dead", f"http://127.0.0.1:{closed_port()}/", "critical", "connect")
        made.add("deaf", f"tcp://127.0.0.1:{stack.enter_context(full_backlog())}", "critical", "connect")
        expired = await serving(answer(), tls=authority.server(ends=-3))
        made.add("expired", expired.url(scheme="https"), "critical", "tls")
        other = await serving(answer(), tls=authority.server(("other.example",)))
        made.add("mismatch", other.url("", scheme="tls"), "critical", "tls")
        made.add("mute", (await serving(never)).url(), "critical", "http")
        sick = await serving(answer(b"", "503 Service Unavailable"))
        made.add("sick", sick.url(), "critical", "http")
        trickle = await serving(forever(HEAD + b"Content-Length: 999\r\n\r\n", b"x", wait=0.05))
        made.add("trickle", trickle.url(), "critical", "body")
        made.add("wordless", good.url(), "critical", "body", 'expect = { body_contains = "all is well" }')
        made.add("degraded", good.url(), "critical", "json", 'expect = { json = { "db.status" = "down" } }')
        yield made


def checks(ended: Ended) -> dict[str, Any]:
    """The checks of a document by their ids; status and exit code agree, and nothing else was said."""
    document = ended.document
    assert list(document) == ["schema", "generated_at", "status", "checks"]
    assert document["schema"] == "opsconsole/check/1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", document["generated_at"])
    assert ended.code == {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}[document["status"]]
    ranks = ("ok", "warning", "unknown", "critical")
    assert document["status"] == max(
        (each["status"] for each in document["checks"]), key=ranks.index, default="unknown"
    )
    found = {each["id"]: each for each in document["checks"]}
    assert len(found) == len(document["checks"])
    return found


async def test_a_site_with_many_services_gets_the_right_verdict_and_layer_for_each(site: Site) -> None:
    ended = await opsconsole("check", "--json", "--config", site.config())
    assert (ended.code, ended.err) == (2, "")
    found = checks(ended)
    for name, (status, layer) in site.expected.items():
        check = found[f"probe.{name}"]
        assert (name, check["status"], check["layer"]) == (name, status, layer), check["summary"]
        assert list(check)[:9] == CHECK_KEYS
        assert (check["source"], check["unit"]) == ("probe", "seconds")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", check["observed_at"])
        assert 0 <= check["age"] < 5
        assert (check["value"] is None) is (status == "critical")
        assert check["summary"]
    assert found["probe.slow"]["threshold"] == "> 100 ms"
    assert found["probe.good"]["threshold"] == "> 2 s"
    assert found["probe.secure.certificate"]["status"] == "ok"
    assert found["probe.secure.certificate"]["value"] == pytest.approx(90, abs=0.1)
    assert found["probe.expired.certificate"]["status"] == "critical"
    assert found["probe.expired.certificate"]["value"] == pytest.approx(-3, abs=0.1)
    assert found["probe.expired.certificate"]["unit"] == "days"
    assert ended.took < 0.6 + 1.0


@pytest.mark.parametrize(
    ("names", "code", "status"),
    [
        (("good", "port", "secure"), 0, "ok"),
        (("good", "slow"), 1, "warning"),
        (("good", "slow", "dead"), 2, "critical"),
    ],
)
async def test_the_exit_code_is_that_of_the_worst(
    site: Site, names: tuple[str, ...], code: int, status: str
) -> None:
    ended = await opsconsole("check", "--json", "--config", site.config(*names))
    assert (ended.code, ended.document["status"]) == (code, status)


async def test_what_cannot_be_asked_is_unknown_never_ok_and_yields_to_critical(site: Site) -> None:
    secret = 'headers = { Authorization = { env = "NOT_SET_ANYWHERE" } }'
    site.add("locked", site.probes["good"].split('url = "')[1].split('"')[0], "unknown", more=secret)
    ended = await opsconsole("check", "--json", "--config", site.config("good", "slow", "locked"))
    locked = checks(ended)["probe.locked"]
    assert (ended.code, locked["status"], locked["value"]) == (3, "unknown", None)
    assert "NOT_SET_ANYWHERE" in locked["summary"]
    ended = await opsconsole("check", "--json", "--config", site.config("locked", "dead"))
    assert (ended.code, ended.document["status"]) == (2, "critical")


async def test_people_read_a_line_a_check_with_shape_word_value_and_reason(site: Site) -> None:
    ended = await opsconsole("check", "--config", site.config("good", "slow", "dead"))
    good, slow, dead, all_of_them = ended.out.splitlines()
    assert re.fullmatch(r"● ok +probe\.good +\d+ ms  Probe \d+ ms \(limit > 2 s\)", good)
    assert re.fullmatch(r"▲ warning +probe\.slow +\d+ ms  Probe \d+ ms is above 100 ms \(limit > 100 ms\)", slow)
    assert re.fullmatch(r"■ critical +probe\.dead +down  Connect: .*refused.*", dead)
    assert all_of_them == "■ critical  3 checks: 1 ok, 1 warning, 1 critical"
    assert (ended.code, ended.err) == (2, "")


async def test_only_what_is_asked_for_is_polled(site: Site) -> None:
    config = site.config("good", "secure", "dead", "mute")
    ended = await opsconsole("check", "--json", "probe.good", "probe.secure.certificate", "--config", config)
    assert list(checks(ended)) == ["probe.good", "probe.secure.certificate"]
    assert ended.code == 0
    ended = await opsconsole("check", "--json", "probe.secure", "--config", config)
    assert list(checks(ended)) == ["probe.secure", "probe.secure.certificate"]
    ended = await opsconsole("check", "--json", "probe", "--config", config)
    assert len(checks(ended)) == 5


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["probe.shpo"], "no source has the id probe.shpo; did you mean probe.shop?"),
        (["host.cpu", "probe.shpo"], "no source has the id probe.shpo; did you mean probe.shop?"),
        (["host.cpuu"], "there is no value host.cpuu; did you mean host.cpu?"),
        (["zzz"], "no source has the id zzz; there are probe.shop, host"),
    ],
)
def test_an_id_that_is_not_there_gets_the_nearest_one_that_is(
    asked: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = written(tmp_path, f'[[probe]]\nid = "shop"\nurl = "tcp://127.0.0.1:{closed_port()}"\n')
    assert run(capsys, "check", *asked, "--json", "--config", str(config)) == (3, "", f"{told}\n")


def test_a_configuration_without_any_source_is_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check", "--config", str(written(tmp_path, NO_HOST)))
    assert code == 3
    assert "the configuration names no source" in out


TEN_MISTAKES = """[project]
nmae = "acme"
timezone = "Europe/Berlinn"
[[probe]]
id = "web"
url = "htp://acme.example/"
interval = "soon"
timout = "10s"
[[probe]]
id = "web"
url = "https://acme.example/"
expect = { status = ["9xx"] }
max_body = "many"
[hots]
cpu = 1
[thresholds]
cpuu = { warning = "80%" }
"""


def test_ten_mistakes_are_ten_messages_with_file_line_key_and_advice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = written(tmp_path, TEN_MISTAKES)
    code, out, err = run(capsys, "check", "--json", "--config", str(config))
    assert (code, out) == (3, "")
    messages = err.splitlines()
    expected = [
        (2, "project.nmae", "name"),
        (3, "project.timezone", "Europe/Berlin"),
        (6, "probe[1].url", "http"),
        (7, "probe[1].interval", "30s"),
        (8, "probe[1].timout", "timeout"),
        (10, "probe[2].id", "web"),
        (12, "probe[2].expect.status[1]", "2xx"),
        (13, "probe[2].max_body", "MiB"),
        (14, "hots", "host"),
        (17, "thresholds.cpuu", "cpu"),
    ]
    assert len(messages) == len(expected)
    for message, (line, key, advice) in zip(messages, expected, strict=True):
        assert message.startswith(f"{config}:{line}: {key}: "), message
        what, separator, hint = message.removeprefix(f"{config}:{line}: {key}: ").partition("; ")
        assert what, message
        assert separator, message
        assert hint, message
        assert advice in what + hint, message


async def test_a_configuration_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    ended = await opsconsole("check", "--json", OPSCONSOLE_CONFIG=str(tmp_path / "none.toml"))
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith(f"{tmp_path / 'none.toml'}: there is no such file")
    assert len(ended.err.splitlines()) == 1


async def test_warnings_are_always_told_and_never_on_standard_output(site: Site) -> None:
    config = site.config("good", more=NO_HOST + "[sentry]\norganization = 'acme'\n")
    ended = await opsconsole("check", "--json", "--config", config)
    assert ended.code == 0
    checks(ended)
    assert ended.err.startswith(f"warning: {config}:")
    assert "sentry" in ended.err


async def test_a_data_folder_that_cannot_be_written_does_not_matter(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    config = site.config("good")
    ended = await opsconsole("check", "--json", "--data-dir", tmp_path / "file" / "data", "--config", config)
    assert (ended.code, ended.err) == (0, "")
    before = set(tmp_path.iterdir())
    await opsconsole("check", "--json", "--data-dir", tmp_path / "data", "--config", config)
    assert set(tmp_path.iterdir()) == before


async def test_two_hundred_probes_end_within_a_second_of_the_slowest_timeout(site: Site) -> None:
    slowest = 1.0
    kinds = list(site.probes.items())
    text = NO_HOST
    for number in range(200):
        name, table = kinds[number % len(kinds)]
        table = table.replace(f'id = "{name}"', f'id = "{name}-{number}"')
        text += table.replace('timeout = "600ms"', f'timeout = "{slowest}s"')
    ended = await opsconsole("check", "--json", "--config", written(site.folder, text))
    found = checks(ended)
    for number in range(200):
        name = kinds[number % len(kinds)][0]
        check = found[f"probe.{name}-{number}"]
        if name != "slow":  # which may take longer still while two hundred run
            assert (name, check["status"], check["layer"]) == (name, *site.expected[name]), check["summary"]
    assert (ended.code, ended.err) == (2, "")
    assert ended.took < slowest + 1.0


async def test_the_screen_library_is_never_loaded(site: Site) -> None:
    program = (
        "import sys\n"
        "from opsconsole.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "finally:\n"
        "    print([n for n in sys.modules if n.split('.')[0] in ('textual', 'rich')], file=sys.stderr)\n"
    )
    path = site.folder / "program.py"
    path.write_text(program)
    for json in ((), ("--json",)):
        ended = await python(path, "check", *json, "--config", site.config("good", "secure", more=""))
        assert ended.code in (0, 1, 2)
        assert ended.err == "[]\n"
