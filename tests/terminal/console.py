"""A program in a real terminal line (a pty), as a person would run it, for tests and benchmarks."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pyte.screens import Char

from tests.terminal import emulator
from tests.terminal.emulator import Emulator
from tests.terminal.shell import default_signals, terminal_environment

KEYS: Final[Mapping[str, str]] = {
    "enter": "\r", "escape": "\x1b", "tab": "\t", "space": " ", "backspace": "\x7f", "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~", "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H",
    "end": "\x1b[F", "ctrl+c": "\x03", "ctrl+p": "\x10", "ctrl+q": "\x11",
}  # fmt: skip
"""Names of keys → what xterm sends for them (cursor keys in normal mode)."""

_QUESTION: Final = re.compile(rb"\x1b\[[?>=]?[0-9]*(?:[nc]|\$p)|\x1b\][0-9]+;\?")
_CHUNK: Final = 65_536


class NotShown(AssertionError):  # noqa: N818 - it reads as a sentence in a failure
    """What was waited for did not come; the message shows the screen as it is."""


class Terminal:
    """A program with a terminal of its own as its controlling terminal.

    The program sees no environment but PATH, a terminal's usual variables, and what is given.

    Args:
        argv: the program and its arguments.
        home: becomes HOME, and holds the XDG folders.
        columns: the width in cells.
        rows: the height in cells.
        env: variables to add; a None takes one away.
        cwd: where the program starts; `home` when None.
        ignore_hangup: start it with SIGHUP ignored, as nohup does.
        rate: bytes a second that the line carries at most, None for as fast as it can be read.

    Attributes:
        started: `time.perf_counter()` just before the start.
        bytes: how much the program has written.
        raw: all of it.
        last_output: when the last byte was read, by `time.perf_counter()`; None before the first.
        last_change: when the bytes were read that last changed the screen, likewise.
        first_output: when the first byte was read, likewise.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        home: Path,
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        ignore_hangup: bool = False,
        rate: int | None = None,
    ) -> None:
        self.bytes = 0
        self.raw = bytearray()
        self.first_output: float | None = None
        self.last_output: float | None = None
        self.last_change: float | None = None
        self.on_change: Callable[[float], None] | None = None
        self._rate, self._allowance, self._refilled = rate, 0.0, time.perf_counter()
        self._arrived: deque[tuple[float, bytes]] = deque()
        self._outgoing = bytearray()
        self._ended = False
        self.emulator = Emulator(columns, rows, self._outgoing.extend)
        self._master, line = os.openpty()
        try:
            os.set_blocking(self._master, False)
            self._set_size(columns, rows)
            # A session leader that opens a terminal gets it as its controlling terminal: here the shell, which
            # then becomes the program.
            script = ("trap '' HUP; " if ignore_hangup else "") + 'exec "$@" <>"$0" >&0 2>&0'
            with default_signals():
                self.started = time.perf_counter()
                self.process = subprocess.Popen(
                    ["/bin/sh", "-c", script, os.ttyname(line), *map(str, argv)],
                    stdin=line,
                    stdout=line,
                    stderr=line,
                    start_new_session=True,
                    env=terminal_environment(home, env or {}),
                    cwd=cwd or home,
                )
        except BaseException:
            os.close(self._master)
            raise
        finally:
            os.close(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What is on the screen

    @property
    def text(self) -> str:
        """The screen as lines."""
        return self.emulator.text

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self.process.pid

    @property
    def written(self) -> str:
        """Everything the program wrote, escape sequences and all."""
        return self.raw.decode("utf-8", "replace")

    @property
    def after_screen(self) -> str:
        """What was written, as text, after the program gave the screen back."""
        last = max(self.raw.rfind(b"\x1b[?%dl" % mode) for mode in (1049, 1047, 47))
        rest = self.written if last < 0 else self.raw[last:].decode("utf-8", "replace")
        return re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]", "", rest).replace("\r\n", "\n").strip()

    def row(self, number: int) -> str:
        """One row's text; 0 is the top, -1 the bottom."""
        return self.emulator.row(number % self.emulator.rows)

    def cell(self, row: int, column: int) -> Char:
        """One cell with its style."""
        return self.emulator.cell(row, column)

    def find(self, pattern: str) -> re.Match[str] | None:
        """Where the pattern is on the screen, None where it is not. `^` and `$` are a row's ends."""
        return re.search(pattern, self.text, re.MULTILINE)

    def line_with(self, pattern: str) -> str:
        """The first row in which the pattern is found; "" where there is none."""
        return next((line for line in self.text.splitlines() if re.search(pattern, line)), "")

    # What the person does

    def send(self, *keys: str) -> None:
        """Press keys: names of `KEYS`, or text that is typed as it is."""
        self._outgoing += "".join(KEYS.get(key, key) for key in keys).encode()
        self._step(0.0)

    def resize(self, columns: int, rows: int) -> None:
        """Change the window's size; the program is told by SIGWINCH, as by any terminal."""
        self._drain(0.0)
        self._parse_all()
        self.emulator.resize(columns, rows)
        self._set_size(columns, rows)

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        self.process.send_signal(number)

    def hangup(self) -> None:
        """Close the line, as a dropped connection does. What the program writes afterwards goes nowhere."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1
            self._ended = True

    # Waiting

    def wait_for(self, wanted: str | Callable[[], object], timeout: float = 10.0, what: str = "") -> None:
        """Read until the screen shows the pattern, or the condition (called `what` in a failure) holds.

        Raises:
            NotShown: it did not within `timeout` seconds, or the program ended before.
        """
        holds = (lambda: self.find(wanted)) if isinstance(wanted, str) else wanted
        name = what or (repr(wanted) if isinstance(wanted, str) else "what was waited for")
        deadline = time.perf_counter() + timeout
        while not holds():
            if self._ended and not self._arrived and self._master >= 0:
                self.process.wait(max(deadline - time.perf_counter(), 0.1))
                raise NotShown(f"the program ended ({self.process.returncode}) before {name} came\n{self.shown()}")
            left = deadline - time.perf_counter()
            if left <= 0:
                raise NotShown(f"{name} did not come within {timeout:g} s\n{self.shown()}")
            self._step(min(left, 0.05))

    def wait_quiet(self, milliseconds: float = 300.0, timeout: float = 10.0) -> None:
        """Read until nothing was written for so long.

        Raises:
            NotShown: the program never fell silent within `timeout` seconds.
        """
        start = time.perf_counter()
        while True:
            now = time.perf_counter()
            silent_since = max(self.last_output or start, start)
            if not self._arrived and (now - silent_since >= milliseconds / 1_000 or self._ended):
                return
            if now - start > timeout:
                raise NotShown(f"the program was never silent for {milliseconds:g} ms\n{self.shown()}")
            self._step(min(milliseconds / 1_000, 0.05))

    def watch(self, seconds: float) -> None:
        """Read for so long: for measuring over a time, never for waiting until something has happened."""
        deadline = time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0 and not self._ended:
            self._step(min(left, 0.05))

    def exit(self, timeout: float = 10.0) -> int:
        """Wait until the program has ended and everything it wrote was read.

        Returns:
            Its exit code; a negative signal number if a signal killed it.

        Raises:
            NotShown: it goes on running.
        """
        deadline = time.perf_counter() + timeout
        while self.process.poll() is None or not (self._ended and not self._arrived):
            if time.perf_counter() > deadline:
                if self.process.poll() is not None:
                    break  # the program is gone; something it started still holds the line
                raise NotShown(f"the program did not end within {timeout:g} s\n{self.shown()}")
            if self._master < 0 or (self._ended and not self._arrived):
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(0.02)
            else:
                self._step(0.02)
        return self.process.returncode

    # The end

    def leftovers(self) -> list[str]:
        """What the program left behind in the terminal; empty when it put everything back."""
        modes = self.emulator.modes
        wrong = {
            "the alternate screen is still shown": self.emulator.alternate,
            "the mouse is still reported": bool(modes & emulator.MOUSE_MODES),
            "the cursor is still hidden": 25 not in modes,
            "pastes are still bracketed": emulator.PASTE in modes,
            "focus changes are still reported": emulator.FOCUS in modes,
            "size changes are still reported in band": emulator.IN_BAND_RESIZE in modes,
            "the cursor keys still send application codes": emulator.CURSOR_KEYS in modes,
            "lines no longer wrap": 7 not in modes,
            "the kitty keyboard protocol is still on": self.emulator.kitty > 0,
        }
        return [what for what, is_so in wrong.items() if is_so]

    def closed_clean(self) -> bool:
        """Whether the terminal is as it was before the program."""
        return not self.leftovers()

    def line_settings(self) -> list[object]:
        """The line's settings (echo, canonical input, …), to compare before and after."""
        return termios.tcgetattr(self._master)

    def close(self) -> None:
        """Kill the program and what runs in its session's first group, if it still runs, and close the line."""
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.hangup()

    def shown(self) -> str:
        """The screen with a frame around it, for messages."""
        columns, rows = self.emulator.columns, self.emulator.rows
        lines = [f"│{line.ljust(columns)}│" for line in self.text.split("\n")]
        code = self.process.poll()
        state = "still runs" if code is None else f"ended with {code}"
        head = f"┌─ {columns}x{rows}, {self.bytes} bytes written, the program {state} ".ljust(columns + 1, "─")
        return "\n".join([head + "┐", *lines, f"└{'─' * columns}┘"])

    # The line

    def _set_size(self, columns: int, rows: int) -> None:
        size = struct.pack("HHHH", rows, columns, columns * 10, rows * 20)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def _step(self, wait: float) -> None:
        """Write what is to be sent, read what has come, and let the emulator take one piece of it."""
        self._drain(0.0 if self._arrived else wait)
        if self._arrived:
            self._parse()

    def _drain(self, wait: float) -> None:
        while not self._ended:
            allowed = self._allowed()
            if allowed <= 0:
                time.sleep(min(wait, 0.005))  # the slow line itself, not a wait for something
                return
            writing = [self._master] if self._outgoing else []
            readable, writable, _ = select.select([self._master], writing, [], wait)
            if writable:
                with suppress(BlockingIOError):
                    del self._outgoing[: os.write(self._master, self._outgoing)]
            if not readable:
                if writable:
                    continue
                return
            stamp = time.perf_counter()
            try:
                data = os.read(self._master, min(_CHUNK, allowed))
            except BlockingIOError:
                return
            except OSError:  # EIO: nobody holds the other end any more
                data = b""
            if not data:
                self._ended = True
                return
            self._allowance -= len(data)
            self.first_output = self.first_output or stamp
            self.last_output = stamp
            self.bytes += len(data)
            self.raw += data
            self._arrived.append((stamp, data))
            if self._rate or _QUESTION.search(data):
                return  # a question waits for its answer
            wait = 0.0

    def _allowed(self) -> int:
        """How many bytes the line carries now."""
        if self._rate is None:
            return _CHUNK
        now = time.perf_counter()
        self._allowance = min(self._allowance + (now - self._refilled) * self._rate, self._rate * 0.02)
        self._refilled = now
        return int(self._allowance)

    def _parse(self) -> None:
        stamp, data = self._arrived.popleft()
        if self.emulator.feed(data):
            self.last_change = stamp
            if self.on_change is not None:
                self.on_change(stamp)

    def _parse_all(self) -> None:
        while self._arrived:
            self._parse()
