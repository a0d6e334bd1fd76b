"""The command line as a whole: options, usage errors, and every way to end."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from opsconsole import __version__
from opsconsole.cli import check
from opsconsole.cli.parser import COMMANDS
from opsconsole.sources.host import HostSource
from tests.cli.running import REPOSITORY
from tests.cli.test_init import run

HOST = '[project]\nname = "acme"\n[host]\nenabled = true\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return written(tmp_path, HOST)


def written(folder: Path, text: str) -> Path:
    path = folder / "opsconsole.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "opsconsole", *map(str, arguments)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY)}


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["chekc"], "opsconsole: there is no command 'chekc' (did you mean check?); see opsconsole --help"),
        (["zzz"], "opsconsole: there is no command 'zzz'; see opsconsole --help"),
        (["check", "--jsno"], "opsconsole check: No such option '--jsno'"),
        (["--config"], "opsconsole: Option '--config' requires an argument; see opsconsole --help"),
        (["check", "--config"], "opsconsole: Option '--config' requires an argument"),
        (["check", "--json=yes"], "opsconsole: Option '--json' does not take a value"),
        (["themes", "preview"], "opsconsole themes preview: Missing argument 'NAME'"),
        (["log", "shwo"], "opsconsole log: No such command 'shwo'"),
    ],
)
def test_a_usage_error_is_one_clear_line_and_exit_code_3(
    argv: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *argv)
    assert (code, out) == (3, "")
    assert err.startswith(told)
    assert "--help" in err
    assert len(err.splitlines()) == 1


def test_a_group_without_a_command_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "log")
    assert (code, out) == (3, "")
    assert "verify" in err
    assert "see opsconsole" not in err


def test_options_are_taken_before_and_after_the_command(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (
        ("--json", "--config", str(config), "check"),
        ("check", "--json", "--config", str(config)),
        ("--config", str(config), "check", "--json"),
        ("--json", "check", "host.cpu", "--config", str(config)),
    ):
        _, out, err = run(capsys, *argv)
        assert out.startswith('{\n  "schema": "opsconsole/check/1"')
        assert err == ""
    for argv in (("--json", "themes", "list"), ("themes", "--json", "list"), ("themes", "list", "--json")):
        assert run(capsys, *argv)[1].startswith('{\n  "schema": "opsconsole/themes/1"')


def test_an_option_after_the_command_wins_over_one_before_and_both_over_the_environment(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPSCONSOLE_CONFIG", str(tmp_path / "environment.toml"))
    assert "environment.toml: there is no such file" in run(capsys, "check")[2]
    before = ("--config", str(tmp_path / "before.toml"))
    assert "before.toml: there is no such file" in run(capsys, *before, "check")[2]
    assert run(capsys, *before, "check", "--config", str(config))[2] == ""


@pytest.mark.parametrize("argv", [["--version"], ["check", "--version"], ["log", "show", "--version"]])
def test_the_version_is_told_wherever_it_is_asked_for(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, *argv) == (0, f"opsconsole {__version__}\n", "")


@pytest.mark.parametrize("argv", [["--help"], ["-h"]])
def test_the_help_lists_every_command_and_the_exit_codes(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, *argv)
    assert code == 0
    for name, (_, line) in COMMANDS.items():
        assert re.search(rf"^  {name} +{line[:20]}", out, re.MULTILINE)
    assert "Exit codes: 0 ok, 1 warning, 2 critical, 3 unknown" in out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_with_the_shared_options(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, name, "--help")
    assert code == 0
    for option in ("--config", "--data-dir", "--json", "--no-color", "--read-only", "--verbose", "--version"):
        assert option in out


@pytest.fixture
def hanging(tmp_path: Path) -> Iterator[tuple[Path, socket.socket]]:
    """A configuration whose only probe gets no answer for a minute, and the server that keeps silent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        probe = f'[[probe]]\nid = "mute"\nurl = "http://127.0.0.1:{port}/"\ntimeout = "60s"\n'
        yield written(tmp_path, f"{probe}[host]\nenabled = false\n"), server


def test_ctrl_c_ends_a_check_at_once_with_130_and_without_a_word_too_many(
    hanging: tuple[Path, socket.socket],
) -> None:
    config, server = hanging
    with subprocess.Popen(
        command("check", "--json", "--config", config),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        server.settimeout(10)
        connection, _ = server.accept()
        with connection:
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err.strip()) == (130, "", "")
    assert time.monotonic() - began < 2.0


@pytest.mark.parametrize("argv", [["check"], ["check", "--json"], ["themes", "list"]])
def test_a_reader_that_goes_away_is_no_reason_for_noise(argv: list[str], config: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            command(*argv, "--config", config),
            env=environment(),
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.stderr == b""
    if argv[0] == "check":  # the verdict is still given
        assert done.returncode in (0, 1, 2)
    else:
        assert done.returncode == 3


def test_output_that_is_closed_from_the_beginning_does_not_matter(config: Path) -> None:
    program = (
        f"import os, sys\nos.close(1)\nos.execv({sys.executable!r}, {command('check', '--config', config)!r})"
    )
    done = subprocess.run([sys.executable, "-c", program], env=environment(), stderr=subprocess.PIPE, check=False)
    assert done.stderr == b""
    assert done.returncode in (0, 1, 2)


def crashes(folder: Path) -> list[Path]:
    return sorted(folder.rglob("crash-*.txt"))


def test_an_error_of_our_own_is_one_line_and_a_private_file(
    a_home_of_its_own: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any) -> NoReturn:
        raise ZeroDivisionError("hunter2 is the password")

    monkeypatch.setattr(check, "load_config", broken)
    code, out, err = run(capsys, "check")
    (report,) = crashes(a_home_of_its_own)
    assert (code, out) == (3, "")
    assert re.fullmatch(r"opsconsole ended by an error of its own \(ZeroDivisionError at .*\); .*\n", err)
    assert str(report) in err
    assert "hunter2" not in err
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert "Traceback" in report.read_text()


def test_an_error_of_our_own_in_a_source_costs_its_verdict_only(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(_: HostSource) -> NoReturn:
        raise ZeroDivisionError

    monkeypatch.setattr(HostSource, "poll", broken)
    code, out, err = run(capsys, "check", "--config", str(config), "--data-dir", str(tmp_path / "data"))
    assert code == 3
    assert re.search(r"^\? unknown +host\.cpu +\?  the source failed by itself \(ZeroDivisionError\)", out)
    (report,) = crashes(tmp_path / "data")
    assert re.fullmatch(r"warning: opsconsole met an error of its own \(ZeroDivisionError at .*\); .*\n", err)
    assert str(report) in err
    assert "Traceback" in report.read_text()
    assert "Traceback" not in out + err
