"""`opsconsole init` writes a commented configuration."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from opsconsole.cli.main import main
from opsconsole.config.loading import load, parse

URL = "https://acme.example/healthz"


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of a command."""
    with pytest.raises(SystemExit) as ended:
        main(list(argv))
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


@pytest.fixture
def home(a_home_of_its_own: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = a_home_of_its_own / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return a_home_of_its_own


def test_it_writes_the_users_own_file_for_the_user_alone(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = os.umask(0)
    try:
        code, out, err = run(
            capsys, "init", "--non-interactive", "--url", URL, "--url", "tcp://db.acme.example:5432"
        )
    finally:
        os.umask(old)
    path = home / ".config/opsconsole/config.toml"
    assert (code, err) == (0, "")
    assert out.startswith(f"{path} is written; `opsconsole check` polls all of it once")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    loaded = load()
    assert loaded.config.path == path
    assert loaded.warnings == ()
    assert [probe.url for probe in loaded.config.probes] == [URL, "tcp://db.acme.example:5432"]
    assert loaded.config.host.enabled


def test_it_tells_how_to_use_a_file_elsewhere_and_as_json_where_it_is(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ("init", "--non-interactive", "--url", URL, "--name", "acme", "--environment", "staging", "--force")
    code, out, _ = run(capsys, *argv, "--output", "mine.toml")
    path = Path.cwd() / "mine.toml"
    assert code == 0
    assert f"`opsconsole --config {path} check`" in out
    code, out, err = run(capsys, *argv, "--output", "mine.toml", "--json")
    document: dict[str, Any] = json.loads(out)
    assert (code, err) == (0, "")
    assert document.pop("generated_at").endswith("Z")
    assert document == {"schema": "opsconsole/init/1", "config": str(path)}
    config = load(path).config
    assert config.environment == "acme/staging"


def test_it_prints_the_file_when_asked_to(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "init", "--non-interactive", "--url", URL, "--output", "-")
    assert (code, err) == (0, "")
    assert parse(out, Path("c.toml")).config.probes[0].url == URL
    code, out, _ = run(capsys, "init", "--non-interactive", "--output", "-", "--json")
    assert code == 0
    assert parse(json.loads(out)["text"], Path("c.toml")).config.probes == ()
    assert not (home / ".config").exists()


def test_it_replaces_a_file_only_when_told_to(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path.cwd() / "c.toml"
    path.write_text("# mine\n")
    path.chmod(0o666)
    argv = ("init", "--non-interactive", "--url", URL, "--output", str(path))
    code, out, err = run(capsys, *argv)
    assert (code, out) == (3, "")
    assert err == f"{path} is already there; --force replaces it, --output FILE writes another one\n"
    assert path.read_text() == "# mine\n"
    assert run(capsys, *argv, "--force")[0] == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load(path).config.probes[0].url == URL


def test_wrong_flags_are_all_told_at_once_and_nothing_is_written(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = (
        "--url",
        "acme.example",
        "--url",
        URL,
        "--url",
        "https://u:hunter2@h",
        "--name",
        "a\nb",
        "--output",
        "c",
    )
    code, out, err = run(capsys, "init", "--non-interactive", *argv)
    assert (code, out) == (3, "")
    first, second, third = err.splitlines()
    assert first == '--url number 1: "acme.example" has no scheme; write "https://acme.example"'
    assert second.startswith("--url number 3: this address has a user or a password in it, which would be shown; ")
    assert third == "--name: this text has control characters in it; take them out"
    assert not Path("c").exists()


@pytest.mark.parametrize(
    ("output", "told"),
    [(".", "is a folder; name a file, like --output"), ("no/such/c.toml", "nothing can be written in")],
)
def test_a_place_that_cannot_be_written_is_told(
    home: Path, capsys: pytest.CaptureFixture[str], output: str, told: str
) -> None:
    code, out, err = run(capsys, "init", "--non-interactive", "--output", output)
    assert (code, out) == (3, "")
    assert told in err


def test_without_the_flag_it_says_what_to_use_instead(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "init", "--url", URL)
    assert (code, out) == (3, "")
    assert err.count("\n") == 1
    assert "opsconsole init --non-interactive --url" in err


def test_read_only_writes_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "init", "--non-interactive", "--read-only")
    assert code == 3
    assert "with --read-only nothing is written" in err
    assert not (home / ".config").exists()
