"""`opsconsole log`, as a shell and a script see it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEYS = {
    "seq", "id", "occurred_at", "recorded_at", "actor", "kind", "text", "incident", "data", "hash", "prev_hash",
}  # fmt: skip


class Shell:
    """Runs the program on a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("OPSCONSOLE_")},
            "XDG_CONFIG_HOME": str(folder / "config"),
            "OPSCONSOLE_DATA_DIR": str(folder / "data"),
            "PYTHONPATH": str(ROOT),
        }
        folder.mkdir(exist_ok=True)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "opsconsole", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, given: bytes = b"") -> tuple[int, str, str]:
        with self.start(*arguments) as process:
            out, err = process.communicate(given, timeout=30)
        assert b"Traceback" not in err
        return process.returncode, out.decode(), err.decode()

    def document(self, *arguments: str, given: bytes = b"") -> dict[str, Any]:
        code, out, err = self.run(*arguments, "--json", given=given)
        assert (code, err) == (0, "")
        found = json.loads(out)
        assert found["schema"] == "opsconsole/log/1"
        return dict(found)

    def database(self) -> Path:
        [path] = (self.folder / "data").glob("**/opsconsole.db")
        return path


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "home")


def test_a_note_is_recorded_and_shown(shell: Shell) -> None:
    code, out, err = shell.run("log", "add", "the", "api", "answers", "--incident", "inc-1")
    assert (code, err) == (0, "")
    seq, id_ = out.split()
    assert seq == "1"
    [entry] = shell.document("log", "show")["entries"]
    assert set(entry) >= KEYS
    assert (entry["id"], entry["seq"], entry["text"], entry["kind"]) == (id_, 1, "the api answers", "note")
    assert (entry["incident"], entry["actor"]) == ("inc-1", entry["actor_details"]["login"])
    code, out, err = shell.run("log", "show")
    assert (code, err) == (0, "")
    assert out.rstrip().endswith("note  inc-1  the api answers")


def test_before_anything_was_recorded_there_is_nothing_to_show_and_nothing_is_made(shell: Shell) -> None:
    code, out, err = shell.run("log", "show")
    assert (code, out) == (0, "")
    assert "no session log" in err
    assert shell.document("log", "show")["entries"] == []
    assert shell.document("log", "sessions")["sessions"] == []
    code, out, err = shell.run("log", "verify")
    assert (code, out) == (3, "")
    assert "no session log" in err
    code, out, err = shell.run("log", "verify", "--json")
    assert (code, json.loads(out)["status"]) == (3, "unknown")
    assert not (shell.folder / "data").exists()


def test_shared_options_are_taken_in_every_place(shell: Shell, tmp_path: Path) -> None:
    other = str(tmp_path / "other")
    shell.run("--data-dir", other, "log", "add", "elsewhere")
    for arguments in (("--json", "log", "show"), ("log", "--json", "show"), ("log", "show", "--json")):
        code, out, _ = shell.run(*arguments, "--data-dir", other)
        assert (code, json.loads(out)["entries"][0]["text"]) == (0, "elsewhere")
    code, _, err = shell.run("log", "add", "no", "--read-only")
    assert code == 3
    assert "--read-only" in err


def test_every_line_is_acknowledged_when_it_is_durable_and_before_the_next_is_read(shell: Shell) -> None:
    with shell.start("log", "add", "-") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(1, 4):
            process.stdin.write(f"line {number}\n".encode())
            process.stdin.flush()
            seq, id_ = process.stdout.readline().split()
            raw = sqlite3.connect(shell.database())
            assert raw.execute("SELECT id, text FROM entries WHERE seq = ?", (int(seq),)).fetchone() == (
                id_.decode(),
                f"line {number}",
            )
            raw.close()
        process.kill()
        process.stdin.close()
    assert shell.document("log", "verify")["entries"] == 3


def test_hostile_lines_are_survived(shell: Shell) -> None:
    given = (
        b"plain\n\xff\xfe caf\xc3\xa9\n\n   \n\x1b]0;owned\x07after\n"
        + b"x" * 3_000_000
        + b"\nlast without an end"
    )
    code, out, err = shell.run("log", "add", "-", given=given)
    assert code == 0
    assert len(out.splitlines()) == 5
    assert "line 6 is longer than 20,000 characters" in err
    texts = [entry["text"] for entry in shell.document("log", "show")["entries"]]
    assert texts[:3] == ["plain", "\ufffd\ufffd café", "after"]
    assert len(texts[3]) == 20_000
    assert texts[4] == "last without an end"


def test_with_json_the_lines_are_acknowledged_in_one_document(shell: Shell) -> None:
    entries = shell.document("log", "add", "-", "--kind", "deploy.note", given=b"one\ntwo\n")["entries"]
    assert [(entry["seq"], entry["text"], entry["kind"]) for entry in entries] == [
        (1, "one", "deploy.note"),
        (2, "two", "deploy.note"),
    ]


def test_what_is_shown_can_be_chosen(shell: Shell) -> None:
    shell.run("log", "add", "-", given=b"one\ntwo\nthree\n")
    shell.run("log", "add", "four", "--kind", "probe.changed", "--incident", "inc-1")

    def shown(*arguments: str) -> list[str]:
        return [entry["text"] for entry in shell.document("log", "show", *arguments)["entries"]]

    assert shown("--limit", "2") == ["three", "four"]
    assert shown("--kind", "probe.*") == ["four"]
    assert shown("--kind", "probe.changed", "--kind", "note") == ["one", "two", "three", "four"]
    assert shown("--incident", "inc-1") == ["four"]
    assert shown("--text", "TW") == ["two"]
    assert shown("--since", "1h") == ["one", "two", "three", "four"]
    assert shown("--until", "1h") == []
    assert shown("--since", "2020-01-01", "--until", "2020-01-02T00:00:00Z") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("log", "show", "--since", "yesterday"), "length of time"),
        (("log", "show", "--limit", "0"), "--limit"),
        (("log", "add"), "TEXT"),
        (("log", "add", "--kind", "Not a kind", "x"), "lower-case"),
        (("log", "forget"), "forget"),
    ],
)
def test_a_mistake_is_told_in_words_with_exit_code_3(shell: Shell, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = shell.run(*arguments)
    assert (code, out) == (3, "")
    assert said in err


def test_verify_says_where_the_chain_breaks(shell: Shell) -> None:
    shell.run("log", "add", "-", given=b"one\ntwo\nthree\n")
    code, out, _ = shell.run("log", "verify")
    assert (code, out.splitlines()[0]) == (0, "ok: 3 entries, nothing changed, cut out or reordered")
    found = shell.document("log", "verify")
    assert (found["status"], found["entries"], found["first_bad_seq"], found["head"]["seq"]) == ("ok", 3, None, 3)
    raw = sqlite3.connect(shell.database(), isolation_level=None)
    raw.execute("DROP TRIGGER entries_are_not_changed")
    raw.execute("UPDATE entries SET text = 'TWO' WHERE seq = 2")
    raw.close()
    code, out, _ = shell.run("log", "verify")
    assert (code, "broken at 2" in out) == (2, True)
    code, out, _ = shell.run("log", "verify", "--json")
    found = json.loads(out)
    assert (code, found["status"], found["entries"], found["first_bad_seq"]) == (2, "broken", 3, 2)


def test_a_database_of_a_newer_program_is_told_and_left_alone(shell: Shell) -> None:
    shell.run("log", "add", "one")
    raw = sqlite3.connect(shell.database(), isolation_level=None)
    raw.execute("PRAGMA user_version = 77")
    raw.close()
    before = shell.database().read_bytes()
    for arguments in (("log", "show"), ("log", "add", "two"), ("log", "verify"), ("log", "sessions")):
        code, out, err = shell.run(*arguments)
        assert (code, out) == (3, "")
        assert "newer opsconsole" in err
    assert shell.database().read_bytes() == before


def test_follow_shows_what_is_added_until_it_is_interrupted(shell: Shell) -> None:
    with shell.start("log", "show", "--follow", "--kind", "note") as process:  # there is no journal yet
        shell.run("log", "add", "first")
        assert process.stdout is not None
        assert b"first" in process.stdout.readline()
        shell.run("log", "add", "--kind", "other", "hidden")
        shell.run("log", "add", "second")
        assert b"second" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


def test_a_reader_that_goes_away_ends_the_output_quietly(shell: Shell) -> None:
    shell.run("log", "add", "-", given=b"line\n" * 3_000)
    with shell.start("log", "show") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        assert process.stderr.read() == b""


def test_two_shells_that_add_at_once_make_one_chain(shell: Shell) -> None:
    began = time.monotonic()
    running = [shell.start("log", "add", "-") for _ in range(2)]
    for process in running:
        assert process.stdin is not None
        process.stdin.write(b"".join(b"entry %d\n" % number for number in range(200)))
        process.stdin.close()
        process.stdin = None
    for process in running:
        out, err = process.communicate(timeout=30)
        assert (process.returncode, len(out.splitlines()), err) == (0, 200, b"")
    assert shell.document("log", "verify")["entries"] == 400
    assert time.monotonic() - began < 20


def test_the_log_loads_neither_textual_nor_an_sdk(shell: Shell) -> None:
    program = (
        "import sys\nfrom opsconsole.cli.main import main\n"
        "try: main(['log', 'add', 'x'])\n"
        "except SystemExit: print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=shell.folder,
        env=shell.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"textual", "rich", "httpx", "sentry_sdk", "supabase", "psutil", "cryptography"} & set(
        told.stderr.split()
    )
