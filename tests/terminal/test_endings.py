"""How the console ends, whatever ends it: terminal restored, journal complete, no secret told, and soon."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from contextlib import suppress

import pytest

from tests.benchmarks.process import cpu_seconds
from tests.terminal.conftest import OPSCONSOLE, Consoles
from tests.terminal.console import Terminal
from tests.terminal.shell import terminal_environment
from tests.terminal.site import REPOSITORY, Site

SECRET = "hunter2-and-then-some"


@pytest.fixture
def terminal(consoles: Consoles, site: Site) -> Terminal:
    """A console whose session has begun in the journal."""
    terminal = consoles.watching({"id": "web", "url": site.url()})
    terminal.wait_for(lambda: "session.started" in consoles.kinds())
    return terminal


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_in_order(terminal: Terminal, consoles: Consoles, number: int, code: int) -> None:
    terminal.signal(number)
    assert terminal.exit(timeout=3) == code
    assert terminal.closed_clean(), terminal.leftovers()
    assert "Traceback" not in terminal.written
    assert consoles.kinds()[-1] == "session.ended"


def test_a_lost_terminal_ends_it(terminal: Terminal, consoles: Consoles) -> None:
    terminal.hangup()
    assert terminal.exit(timeout=10) == 129
    assert consoles.kinds()[-1] == "session.ended"


def test_a_lost_terminal_ends_it_even_where_hangups_are_ignored(consoles: Consoles, site: Site) -> None:
    terminal = consoles.watching({"id": "web", "url": site.url()}, ignore_hangup=True)
    terminal.wait_for(lambda: "session.started" in consoles.kinds())
    before = used = cpu_seconds(terminal.pid)
    terminal.hangup()
    deadline = time.monotonic() + 10
    while terminal.process.poll() is None and time.monotonic() < deadline:
        used = max(used, cpu_seconds(terminal.pid))
        with suppress(subprocess.TimeoutExpired):
            terminal.process.wait(0.05)
    assert terminal.process.poll() is not None, "it still runs ten seconds after its terminal went away"
    assert used - before < 1.0, "it was spinning"
    assert consoles.kinds()[-1] == "session.ended"


def test_an_acknowledged_note_survives_a_kill_whoever_read_the_log_meanwhile(
    terminal: Terminal, consoles: Consoles
) -> None:
    """Whoever reads the log closes the database again, and must not take the console's own part of it along."""
    for number in range(3):
        assert consoles.kinds().count("note") == number
        terminal.send("n")
        terminal.wait_for("^note >")
        terminal.send(f"note {number}", "enter")
        terminal.wait_for(rf"noted as #{number + 2}\b")
    terminal.signal(signal.SIGKILL)
    assert terminal.exit() == -signal.SIGKILL
    assert consoles.kinds() == ["session.started", "note", "note", "note"]


def test_a_crash_tells_one_line_and_no_secret(consoles: Consoles, site: Site) -> None:
    config = consoles.configure(
        probes=[{"id": "web", "url": site.url()}],
        more='headers = { Authorization = { env = "PROBE_TOKEN" } }',
    )
    terminal = consoles.open(config, wait=False, env={"OPSCONSOLE_CRASH": "1", "PROBE_TOKEN": SECRET})
    assert terminal.exit(timeout=10) == 3
    assert terminal.closed_clean(), terminal.leftovers()
    told = terminal.after_screen
    assert "Traceback" not in terminal.written
    assert told.startswith("opsconsole ended by an error of its own")
    assert len(told.replace("\n", "")) < 400
    reports = list(consoles.data.rglob("crash-*"))
    assert len(reports) == 1
    assert reports[0].name in told.replace("\n", "")
    assert reports[0].stat().st_mode & 0o077 == 0
    report = reports[0].read_text(encoding="utf-8")
    assert "Traceback" in report
    assert SECRET not in report
    assert SECRET not in terminal.written
    for path in consoles.data.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path.name


def test_it_quits_at_once_while_every_source_hangs(consoles: Consoles, site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket(type=socket.SOCK_DGRAM) as resolver:
        resolver.bind(("127.0.0.1", 0))
        port, names = silent.getsockname()[1], resolver.getsockname()[1]
        probes = [
            {"id": "hangs", "url": site.url("/hang")},
            {"id": "drips", "url": site.url("/slow", 1)},
            {"id": "silent", "url": f"https://127.0.0.1:{port}/"},
            {"id": "tls", "url": f"tls://127.0.0.1:{port}"},
            {"id": "names", "url": f"dns://example.test?server=127.0.0.1:{names}"},
        ]
        config = consoles.configure(
            probes=[{**probe, "timeout": "30s"} for probe in probes],
            prometheus=[{"id": "shop", "url": site.url("/hang", 2), "timeout": "30s"}],
        )
        terminal = consoles.open(config)
        terminal.wait_for("hangs")
        resolver.settimeout(10)
        assert resolver.recv(512)  # a question hangs now, and so does everything before it
        began = time.perf_counter()
        terminal.send("q")
        assert terminal.exit() == 0
        assert time.perf_counter() - began < 1.0
    assert terminal.closed_clean(), terminal.leftovers()
    assert consoles.kinds()[-1] == "session.ended"


def test_a_dumb_terminal_gets_one_sentence(consoles: Consoles) -> None:
    terminal = consoles.open(consoles.configure(), wait=False, env={"TERM": "dumb", "COLORTERM": None})
    assert terminal.exit() == 3
    assert "\x1b" not in terminal.written
    assert "opsconsole check" in terminal.text.replace("\n", "")
    assert "Traceback" not in terminal.written


def test_without_a_terminal_it_tells_what_to_use_instead(consoles: Consoles) -> None:
    argv = [*OPSCONSOLE, "--config", str(consoles.configure()), "--data-dir", str(consoles.data)]
    environment = terminal_environment(consoles.folder / "home", {})
    done = subprocess.run(
        argv,
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert "opsconsole check" in done.stderr
    assert len(done.stderr.splitlines()) == 1
