"""The terminal the other tests use: what it promises them."""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.conftest import Start
from tests.terminal.console import NotShown, Terminal

Python = Callable[..., Terminal]
REPOSITORY = Path(__file__).parents[2]


def test_the_program_has_a_terminal_of_its_own(python: Python) -> None:
    terminal = python(
        "import os; s = os.get_terminal_size();"
        "print(s.columns, s.lines, os.isatty(0), os.isatty(2), os.tcgetpgrp(0) == os.getpid(), os.ttyname(0))"
        "; open('/dev/tty').close()",
        columns=100,
        rows=30,
    )
    assert terminal.exit() == 0
    assert re.search(r"^100 30 True True True /dev/\S+$", terminal.text, re.MULTILINE)


def test_the_program_sees_a_persons_environment_only(python: Python, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSCONSOLE_CONFIG", "/nowhere")
    terminal = python(
        "import os; print(sorted(os.environ))", env={"NO_COLOR": "1", "COLORTERM": None}, columns=200
    )
    assert terminal.exit() == 0
    assert "OPSCONSOLE" not in terminal.text
    assert "COLORTERM" not in terminal.text
    assert "NO_COLOR" in terminal.text


def test_keys_arrive_and_what_comes_back_is_waited_for(python: Python) -> None:
    terminal = python("while (line := input('> ')) != 'quit': print('got', line[::-1])")
    terminal.wait_for("^>")
    terminal.send("abc", "enter")
    terminal.wait_for("^got cba$")
    terminal.send("quit", "enter")
    assert terminal.exit() == 0


def test_waiting_in_vain_shows_the_screen(python: Python) -> None:
    terminal = python("input('here I am')")
    terminal.wait_for("here I am")
    with pytest.raises(NotShown, match=r"'never' did not come within 0.1 s(.|\n)*here I am") as failure:
        terminal.wait_for("never", timeout=0.1)
    assert "still runs" in str(failure.value)


def test_waiting_for_a_program_that_ended_fails_at_once(python: Python) -> None:
    terminal = python("print('gone'); raise SystemExit(3)")
    began = time.perf_counter()
    with pytest.raises(NotShown, match=r"ended \(3\)(.|\n)*gone"):
        terminal.wait_for("never", timeout=30)
    assert time.perf_counter() - began < 5


def test_another_size_is_told_to_the_program(python: Python) -> None:
    terminal = python(
        "import os, signal\n"
        "signal.signal(signal.SIGWINCH, lambda *_: os.write(1, b'now %d %d' % tuple(os.get_terminal_size())))\n"
        "os.write(1, b'ready')\nwhile True: signal.pause()"
    )
    terminal.wait_for("ready")
    terminal.resize(120, 40)
    terminal.wait_for("now 120 40")


def test_closing_the_line_hangs_up(python: Python) -> None:
    terminal = python("import time; print('ready', flush=True); time.sleep(60)")
    terminal.wait_for("ready")
    terminal.hangup()
    assert terminal.exit() == -signal.SIGHUP


def test_a_hangup_can_be_ignored_as_under_nohup(python: Python) -> None:
    terminal = python(
        "import os, signal, sys; print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, flush=True)\n"
        "try: sys.stdin.read()\nfinally: os._exit(7)",
        ignore_hangup=True,
    )
    terminal.wait_for("True")
    terminal.hangup()
    assert terminal.exit() == 7


def test_a_slow_line_carries_no_more_than_it_can(python: Python) -> None:
    terminal = python("print('x' * 9_000, end='end', flush=True)", rate=20_000)
    terminal.wait_for("end")
    assert terminal.last_output is not None
    assert terminal.first_output is not None
    assert 0.35 < terminal.last_output - terminal.first_output < 2.0


def test_what_a_killed_program_leaves_behind_is_told(python: Python) -> None:
    terminal = python("import time; print('\\x1b[?1049h\\x1b[?1003h\\x1b[?25lready', flush=True); time.sleep(60)")
    terminal.wait_for("ready")
    terminal.signal(signal.SIGKILL)
    assert terminal.exit() == -signal.SIGKILL
    assert terminal.leftovers() == [
        "the alternate screen is still shown",
        "the mouse is still reported",
        "the cursor is still hidden",
    ]


def test_a_textual_application_runs_and_leaves_the_terminal_clean(start: Start) -> None:
    terminal = start([sys.executable, "-m", "tests.benchmarks.floor"], cwd=REPOSITORY)
    terminal.wait_for("one label, 0 keys")
    terminal.send("x")
    terminal.wait_for("one label, 1 keys")
    terminal.resize(120, 40)
    terminal.wait_quiet(100)
    terminal.send("q")
    assert terminal.exit() == 0
    assert terminal.closed_clean(), terminal.leftovers()
    assert "\x1b[?1049h" in terminal.written
