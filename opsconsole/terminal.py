"""What this terminal can do, and how the console behaves on it: decided once, before the screen library loads."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Final, NamedTuple

LOCAL_FPS: Final = 120
"""Frames a second on this machine's own terminals: a key that meets a repaint waits for the next frame."""
REMOTE_FPS: Final = 8
"""Frames a second over SSH: at 5–10 a key still echoes at once on a 20 kB/s line, at 60 it takes seconds."""

_DUMB: Final = frozenset({"", "dumb", "unknown", "cons25"})


class Profile(NamedTuple):
    """How the console behaves on this terminal.

    Attributes:
        problem: why no screen can be opened here, one sentence with what to use instead; "" when one can.
        ssh: whether the terminal is at the other end of an SSH connection.
        multiplexer: "tmux", "screen" or "".
        colors: 0 (none wanted), 16, 256 or 16,777,216.
        unicode: whether the locale can show more than ASCII.
        fps: frames a second at most.
        mouse: whether the mouse is watched; over SSH every movement would cross the line.
    """

    problem: str
    ssh: bool
    multiplexer: str
    colors: int
    unicode: bool
    fps: int
    mouse: bool

    def words(self) -> str:
        """The profile in a line, for the log and `doctor`."""
        place = "over SSH" if self.ssh else "local"
        inside = f" in {self.multiplexer}" if self.multiplexer else ""
        letters = "Unicode" if self.unicode else "ASCII"
        colors = f"{self.colors:,} colours" if self.colors else "no colour"
        mouse = "mouse" if self.mouse else "no mouse"
        return f"{place}{inside}, {colors}, {letters}, {self.fps} frames/s, {mouse}"


def detect(
    environment: Mapping[str, str] | None = None,
    *,
    is_tty: bool | None = None,
    color: bool = True,
) -> Profile:
    """The profile of this terminal.

    Args:
        environment: the environment variables; the process's own by default.
        is_tty: whether standard input and output are a terminal; asked of the system by default.
        color: False when colour was declined on the command line.
    """
    environment = os.environ if environment is None else environment
    if is_tty is None:
        is_tty = sys.stdin.isatty() and sys.stdout.isatty()
    term = environment.get("TERM", "")
    ssh = any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"))
    multiplexer = "tmux" if environment.get("TMUX") else "screen" if environment.get("STY") else ""
    return Profile(
        problem=_problem(term, is_tty),
        ssh=ssh,
        multiplexer=multiplexer,
        colors=0 if environment.get("NO_COLOR") or not color else _colors(term, environment.get("COLORTERM", "")),
        unicode=_speaks_unicode(environment),
        fps=REMOTE_FPS if ssh else LOCAL_FPS,
        mouse=not ssh,
    )


def _problem(term: str, is_tty: bool) -> str:
    instead = "`opsconsole check` and `opsconsole log show` print the same as plain text"
    if not is_tty:
        return f"The console needs a terminal, and its input or output is none; {instead}."
    if term in _DUMB:
        return f"The console cannot draw on this terminal (TERM={term or 'unset'}); {instead}."
    return ""


def _speaks_unicode(environment: Mapping[str, str]) -> bool:
    """Whether the person's locale is UTF-8, from the variables.

    Python itself is no witness: in the C locale it says UTF-8 (PEP 540), and sets LC_CTYPE to say so (PEP 538).
    """
    names = ("LC_ALL", "LANG") if environment.get("LANG") in ("C", "POSIX") else ("LC_ALL", "LC_CTYPE", "LANG")
    chosen = next((environment[name] for name in names if environment.get(name)), "")
    encoding = chosen.partition("@")[0].lower()
    return encoding.replace("-", "").endswith("utf8")


def _colors(term: str, colorterm: str) -> int:
    if colorterm in ("truecolor", "24bit") or "direct" in term:
        return 16_777_216
    if "256color" in term or "kitty" in term or "ghostty" in term or "alacritty" in term:
        return 256
    return 16


def textual_environment(profile: Profile, fps: int | None = None) -> dict[str, str]:
    """The variables that Textual reads when it is imported, for this profile; set them before."""
    wanted = {
        "TEXTUAL_FPS": str(fps or profile.fps),
        "TEXTUAL_ANIMATIONS": "none",
        "TEXTUAL_SMOOTH_SCROLL": "0",
    }
    if profile.colors == 0:
        wanted["NO_COLOR"] = "1"
    if profile.colors in (0, 16):
        wanted["TEXTUAL_COLOR_SYSTEM"] = "standard"
    return wanted
