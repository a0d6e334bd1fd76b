"""Who acts, and which sessions there were."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from opsconsole import __version__
from opsconsole.domain.entries import Actor
from opsconsole.journal.actor import current_actor
from opsconsole.journal.journal import Journal
from opsconsole.journal.session import ended, sessions, started
from tests.journal.writer import ROOT


def test_the_person_behind_sudo_and_ssh_is_named() -> None:
    environment = {"SUDO_USER": "ana", "SSH_CONNECTION": "192.0.2.7 50022 192.0.2.1 22"}
    actor = current_actor(environment)
    assert (actor.name, actor.sudo_user, actor.ssh_client) == ("ana", "ana", "192.0.2.7")
    assert (actor.pid, actor.host) == (os.getpid(), os.uname().nodename)
    assert actor.login != ""


def test_at_the_machine_itself_the_account_is_the_person() -> None:
    actor = current_actor({})
    assert (actor.name, actor.sudo_user, actor.ssh_client) == (actor.login, "", "")


def test_an_environment_cannot_smuggle_anything_in() -> None:
    actor = current_actor({"SUDO_USER": "ana\x1b[2J\n", "SSH_CONNECTION": "\udcff\x07" + "x" * 1_000})
    assert actor.sudo_user == "ana"
    assert actor.ssh_client.startswith("\N{REPLACEMENT CHARACTER}xx")
    assert len(actor.ssh_client) == 100
    assert current_actor({"SSH_CONNECTION": "   "}).ssh_client == ""


def test_without_a_terminal_there_is_none() -> None:
    program = "from opsconsole.journal.actor import current_actor; print(repr(current_actor().tty))"
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.stdout, told.stderr) == ("''\n", "")


def test_an_account_without_an_entry_is_told_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    assert current_actor({}).login == "uid 54321"


def test_sessions_tell_how_they_ended_or_that_they_did_not(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    here = current_actor()
    crashed = Actor("ana", host=here.host, pid=gone.pid)
    elsewhere = Actor("ben", host="another-machine", pid=os.getpid())
    with Journal(tmp_path) as journal:
        journal.append(started("one", terminal="xterm, 80x24", config=Path("/etc/x.toml")))
        journal.append(ended("one", "quit", seconds=61))
        journal.append(started("two"))
        journal.append(started("three"), crashed)
        journal.append(started("four"), elsewhere)
        journal.append(ended("never-started", "quit"))
        found = sessions(journal)
    assert [(session.id, session.state, session.reason) for session in found] == [
        ("one", "ended", "quit"),
        ("two", "running", ""),
        ("three", "not ended", ""),
        ("four", "not ended", ""),
    ]
    first = found[0]
    assert (first.version, first.terminal, first.config) == (__version__, "xterm, 80x24", "/etc/x.toml")
    assert first.lasted is not None
    assert first.lasted >= 0


def test_a_process_that_has_the_number_of_one_that_is_gone_is_not_taken_for_it(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        entry = started("one")
        journal.append(
            type(entry)(entry.kind, entry.text, {**entry.data, "process": "other-boot/1"}, session="one")
        )
        assert [session.state for session in sessions(journal)] == ["not ended"]
