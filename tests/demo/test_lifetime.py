"""How a demo begins and ends: it leaves nothing behind, whatever happens to it."""

from __future__ import annotations

import os
import pty
import select
import signal
import socket
import subprocess
import termios
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from opsconsole.demo.folder import NAME, base_folder, new_run
from opsconsole.demo.ports import LOOPBACK, Port, PortTakenError
from tests.demo.headless import OPSCONSOLE, Demo, demo, runs, until


def _is_gone(running: Demo) -> bool:
    return (
        not runs(running.said["stack_pid"])
        and not any(running.connects(name) for name in running.urls)
        and not running.folder.exists()
        and not running.folder.parent.exists()
    )


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_nothing_is_left_after(number: signal.Signals, code: int, tmp_path: Path) -> None:
    with demo(tmp_path) as running:
        running.process.send_signal(number)
        assert running.process.wait(5) == code
        until(lambda: _is_gone(running), within=5)
        assert list(tmp_path.iterdir()) == []


def test_a_stack_that_dies_is_told_and_ends_the_demo(tmp_path: Path) -> None:
    with demo(tmp_path) as running:
        os.kill(running.said["stack_pid"], signal.SIGKILL)
        assert running.process.wait(5) == 3
        assert _is_gone(running)


def test_two_at_once_do_not_meet(tmp_path: Path) -> None:
    with demo(tmp_path, "--scenario", "calm") as one, demo(tmp_path, "--scenario", "calm") as two:
        assert not set(one.urls.values()) & set(two.urls.values())
        assert one.said["config"] != two.said["config"]
        assert one.said["data_dir"] != two.said["data_dir"]
        two.process.terminate()
        assert two.process.wait(5) == 0
        assert one.health()[0] == 200
        assert one.folder.is_dir()


def test_what_a_console_wrote_is_kept_until_the_next_demo(tmp_path: Path) -> None:
    with demo(tmp_path, "--scenario", "calm") as first:
        written = Path(first.said["data_dir"]) / "project" / "journal"
        written.parent.mkdir()
        written.write_text("a note")
        first.process.terminate()
        assert first.process.wait(5) == 0
    assert sorted(each.name for each in first.folder.iterdir()) == ["data", "opsconsole.toml"]
    assert written.read_text() == "a note"
    with demo(tmp_path, "--scenario", "calm"):
        assert not first.folder.exists()


def test_a_run_that_was_killed_altogether_is_cleaned_up_by_the_next(tmp_path: Path) -> None:
    dead, held = new_run(tmp_path / NAME)
    alive, still_held = new_run(tmp_path / NAME)
    assert dead.path.is_dir()
    os.close(held)
    other, also_held = new_run(tmp_path / NAME)
    assert not dead.path.exists()
    assert alive.path.is_dir()
    os.close(still_held)
    os.close(also_held)
    alive.leave()
    other.leave()
    other.leave()
    assert list(tmp_path.iterdir()) == []


def test_the_demo_has_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert base_folder(None) == tmp_path / "opsconsole-demo"
    assert base_folder(tmp_path / "mine") == tmp_path / "mine" / "opsconsole-demo"


def test_ports_can_be_asked_for_and_a_taken_one_is_told(tmp_path: Path) -> None:
    base = _five_free_ports()
    with demo(tmp_path, "--scenario", "calm", "--port-base", str(base)) as running:
        assert running.urls["web"] == f"http://{LOOPBACK}:{base}"
        second = _opsconsole("demo", "--headless", "--data-dir", str(tmp_path), "--port-base", str(base))
        assert second.returncode == 3
        assert second.stdout == ""
        assert second.stderr == f"Port {base} on {LOOPBACK} cannot be used: Address already in use.\n"
    with demo(tmp_path, "--scenario", "calm", "--port-base", str(base)) as again:
        assert again.health()[0] == 200


def _five_free_ports() -> int:
    """The first of five free ports in a row."""
    for base in range(20_000 + os.getpid() % 10_000, 60_000, 5):
        try:
            for port in [Port(base + number) for number in range(5)]:
                port.give_back()
        except PortTakenError:
            continue
        return base
    raise AssertionError("no five free ports in a row")


def test_a_closed_port_refuses_connections_and_stays_ours() -> None:
    port = Port()
    try:
        port.listen().close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((LOOPBACK, port.number))
        with pytest.raises(PortTakenError):
            Port(port.number)
        with port.listen():
            socket.create_connection((LOOPBACK, port.number)).close()
    finally:
        port.give_back()


def _opsconsole(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*OPSCONSOLE, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def test_on_a_terminal_the_console_opens_on_the_stack_and_takes_it_along_when_it_ends(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(ours, (40, 120))
    process = subprocess.Popen(
        [*OPSCONSOLE, "demo", "--data-dir", str(tmp_path)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[2])},
        start_new_session=True,
    )
    os.close(theirs)
    try:
        shown = bytearray()

        def is_shown() -> bool:
            shown.extend(_taken(ours))
            return b"demo-shop" in shown and b"node-1" in shown

        until(is_shown, what="the console with the node of the stack")
        (stack,) = psutil.Process(process.pid).children()
        os.write(ours, b"q")
        until(lambda: (process.poll() is not None, _taken(ours))[0], within=5, what="the end")
        assert process.returncode == 0
        assert not runs(stack.pid)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _taken(terminal: int) -> bytes:
    """What was written to a terminal since this was last asked; its end (an error on Linux) is nothing, too."""
    with suppress(OSError):
        if select.select([terminal], [], [], 0)[0]:
            return os.read(terminal, 65_536)
    return b""


def test_without_a_terminal_it_says_what_works_and_starts_nothing(tmp_path: Path) -> None:
    done = _opsconsole("demo", "--data-dir", str(tmp_path))
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "opsconsole demo --headless" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_scenario_that_does_not_exist_is_told_with_those_that_do() -> None:
    done = _opsconsole("demo", "--headless", "--scenario", "earthquake")
    assert done.returncode == 3
    assert "downtime" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = _opsconsole("demo", "--headless", "--data-dir", str(tmp_path / "file"))
    assert done.returncode == 3
    assert "could not make a folder for itself" in done.stderr
    assert "Traceback" not in done.stderr
