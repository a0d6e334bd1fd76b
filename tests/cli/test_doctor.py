"""`opsconsole doctor` tells what is wrong with the set-up, and what to do."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsconsole.cli import doctor_machine, doctor_setup
from opsconsole.config.loading import load
from opsconsole.config.model import Config
from opsconsole.domain.reading import Status
from tests.cli.test_init import run

EXIT = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}


@pytest.fixture
def home(a_home_of_its_own: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = a_home_of_its_own / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return a_home_of_its_own


@pytest.fixture
def open_port() -> Iterator[int]:
    """A port of this machine on which connections are accepted."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def written(text: str, mode: int = 0o600) -> Path:
    path = Path.cwd() / "opsconsole.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def looked(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, list[dict[str, Any]]]:
    """The checks of `doctor --json` by their name; status and exit code agree."""
    code, out, _ = run(capsys, "doctor", "--json", *argv)
    document = json.loads(out)
    assert list(document) == ["schema", "generated_at", "status", "checks"]
    assert document["schema"] == "opsconsole/doctor/1"
    assert EXIT[document["status"]] == code
    found: dict[str, list[dict[str, Any]]] = {}
    for check in document["checks"]:
        assert list(check) == ["name", "status", "summary", "advice"]
        found.setdefault(check["name"], []).append(check)
    ranks = ("ok", "warning", "unknown", "critical")
    assert document["status"] == max((each["status"] for each in document["checks"]), key=ranks.index)
    return found


def test_without_a_configuration_it_looks_at_this_machine(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = looked(capsys)
    assert {
        "configuration",
        "data folder",
        "file system",
        "disk",
        "clock",
        "terminal",
        "python",
        "sqlite",
        "host",
    } == {*found}
    (configuration,) = found["configuration"]
    assert configuration["status"] == "ok"
    assert "opsconsole init" in configuration["advice"]
    assert found["host"][0]["status"] == "ok"
    assert not (home / ".local").exists()


def test_a_broken_configuration_is_told_and_the_rest_is_looked_at_all_the_same(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written('[project]\nnam = "x"\n[host]\ninterval = "soon"\n[sentry]\n')
    found = looked(capsys)
    assert [(each["status"], each["summary"]) for each in found["configuration"]] == [
        ("critical", f"{path}:2: project.nam: this key is not known"),
        ("critical", f'{path}:4: host.interval: "soon" is no duration'),
        ("warning", f"{path}:5: sentry: [sentry] is not used by this version"),
    ]
    assert found["configuration"][0]["advice"] == "did you mean name?"
    assert found["host"][0]["status"] == "ok"


def test_a_file_others_may_change_is_told_with_the_command(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written("[host]\n", 0o666)
    (check,) = looked(capsys)["configuration"]
    assert check["status"] == "critical"
    assert check["advice"] == f"run: chmod go-w {path}"


def test_each_source_is_reached_or_told_with_what_to_check(
    home: Path, capsys: pytest.CaptureFixture[str], open_port: int
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    written(
        f'[[probe]]\nid = "up"\nurl = "tcp://127.0.0.1:{open_port}"\n'
        f'[[probe]]\nid = "down"\nurl = "tcp://127.0.0.1:{closed}"\n'
        f'[[prometheus]]\nid = "gone"\nurl = "http://127.0.0.1:{closed}/metrics"\n'
        "[host]\nenabled = false\n"
    )
    found = looked(capsys)
    assert found["probe.up"][0]["status"] == "ok"
    assert found["probe.down"][0]["status"] == "critical"
    assert "check host and port" in found["probe.down"][0]["advice"]
    assert found["prometheus.gone"][0]["status"] == "critical"
    assert "host" not in found


def test_secrets_are_read_and_never_shown(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, open_port: int
) -> None:
    monkeypatch.setenv("THERE", "hunter2")
    written(
        '[telemetry]\ndsn = { env = "THERE" }\n[host]\nenabled = false\n'
        f'[[probe]]\nid = "a"\nurl = "tcp://127.0.0.1:{open_port}"\n'
        'headers = { Authorization = { env = "NOT_THERE" }, Cookie = { file = "/no/such" } }\n'
    )
    code, out, err = run(capsys, "doctor")
    assert code == 2
    assert "probe[1].headers.Authorization: the environment variable NOT_THERE is not set" in out
    assert "probe[1].headers.Cookie: the file /no/such could not be read" in out
    assert "hunter2" not in out + err
    monkeypatch.setenv("NOT_THERE", "x")
    written('[telemetry]\ndsn = { env = "THERE" }\n')
    (secrets,) = looked(capsys)["secrets"]
    assert (secrets["status"], secrets["summary"]) == ("ok", "1 secret can be read")


def test_lines_for_people_have_a_shape_and_a_word(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written('[host]\ninterval = "soon"\n')
    code, out, err = run(capsys, "doctor")
    assert (code, err) == (2, "")
    lines = out.splitlines()
    assert lines[0].startswith("■ critical  configuration")
    assert "write it like" in lines[1]
    assert lines[-1].startswith("■ critical  ")
    assert "\x1b" not in out


def test_a_data_folder_that_cannot_be_used_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "file").write_text("")
    (check,) = looked(capsys, "--data-dir", str(home / "file"))["data folder"]
    assert check["status"] == "critical"
    assert "--data-dir" in check["advice"]
    folder = load(data_dir=home / "data").config.data_dir
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    (check,) = looked(capsys, "--data-dir", str(home / "data"))["data folder"]
    assert check["status"] == "warning"
    assert os.system(check["advice"].removeprefix("run: ")) == 0
    (check,) = looked(capsys, "--data-dir", str(home / "data"))["data folder"]
    assert check["status"] == "ok"


def test_a_network_file_system_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from opsconsole.journal import folder

    mounts = tmp_path / "mountinfo"
    away = tmp_path / "away"
    away.mkdir()
    mounts.write_text(f"1 0 0:1 / / rw - ext4 /dev/a rw\n2 1 0:2 / {away} rw - nfs4 server:/x rw\n")
    real = folder.file_system
    monkeypatch.setattr(folder, "file_system", lambda path: real(path, mounts))
    assert [each.status for each in doctor_setup.data_folder(Config(data_dir=tmp_path / "a@b"))][1] is Status.OK
    _, found, _ = doctor_setup.data_folder(Config(data_dir=away / "below" / "a@b"))
    assert found.status is Status.CRITICAL
    assert "network file system (nfs4)" in found.summary


def test_the_clock_is_told_as_the_kernel_knows_it() -> None:
    found = doctor_machine.clock()
    assert found.status in Status
    assert found.status is Status.OK or found.advice


@pytest.mark.parametrize("bits", [0, 0x40])
def test_a_clock_that_no_server_keeps_is_a_warning(monkeypatch: pytest.MonkeyPatch, bits: int) -> None:
    class Kernel:
        @staticmethod
        def adjtimex(state: Any) -> int:
            state._obj.status = bits
            state._obj.most_error = 2_000
            return 0

    monkeypatch.setattr(doctor_machine.ctypes, "CDLL", lambda *_, **__: Kernel)
    found = doctor_machine.clock()
    assert found.status is (Status.WARNING if bits else Status.OK)
    assert ("2 ms" in found.summary) == (not bits)


def test_a_system_that_does_not_tell_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_machine.ctypes, "CDLL", lambda *_, **__: object())
    assert doctor_machine.clock().status is Status.UNKNOWN
    monkeypatch.setattr(doctor_machine.time, "time", lambda: 0.0)
    assert doctor_machine.clock().status is Status.CRITICAL


def test_an_old_database_engine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor_machine.sqlite().status is Status.OK
    monkeypatch.setattr(doctor_machine.sqlite3, "sqlite_version_info", (3, 7, 0))
    assert doctor_machine.sqlite().status is Status.CRITICAL
