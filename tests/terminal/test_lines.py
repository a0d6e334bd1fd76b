"""The console on other terminals: few colours, none, ASCII only, over SSH, and a line that carries little."""

from __future__ import annotations

import re
import time
from typing import Any

from tests.terminal.conftest import Consoles
from tests.terminal.console import Terminal
from tests.terminal.site import Site, unused_port

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def mixed(consoles: Consoles, site: Site, **options: Any) -> Terminal:
    """A console with one probe that is up and one that is down."""
    probes = [
        {"id": "web", "url": site.url()},
        {"id": "gone", "url": f"tcp://127.0.0.1:{unused_port()}"},
    ]
    terminal = consoles.open(consoles.configure(probes=probes), **options)
    terminal.wait_for("web")
    return terminal


def colours(terminal: Terminal) -> set[str]:
    """The colours of all cells on the screen."""
    emulator = terminal.emulator
    cells = (terminal.cell(row, column) for row in range(emulator.rows) for column in range(emulator.columns))
    return {colour for cell in cells for colour in (cell.fg, cell.bg)}


def test_without_colour_shapes_and_words_still_tell(consoles: Consoles, site: Site) -> None:
    terminal = mixed(consoles, site, env={"NO_COLOR": "1"})
    terminal.wait_for("● web ")
    terminal.wait_for("■ gone ")
    assert "CRITICAL" in terminal.text
    assert colours(terminal) == {"default"}


def test_sixteen_colours_are_enough(consoles: Consoles, site: Site) -> None:
    terminal = mixed(consoles, site, env={"TERM": "linux", "COLORTERM": None})
    terminal.wait_for("● web ")
    terminal.wait_for("■ gone ")
    assert "CRITICAL" in terminal.text
    wide = [s for s in COLOUR.findall(terminal.written) if re.search(r"[34]8;[25]", s)]
    assert wide == []
    assert colours(terminal) != {"default"}


def test_an_ascii_locale_gets_ascii_only(consoles: Consoles, site: Site) -> None:
    terminal = mixed(consoles, site, env={"LANG": "C", "LC_ALL": "C"})
    terminal.wait_for("CRITICAL +gone .*")
    terminal.wait_quiet(200)
    assert terminal.text.isascii(), terminal.shown()


def test_over_ssh_the_mouse_is_left_alone(consoles: Consoles, site: Site) -> None:
    over_ssh = {"SSH_CONNECTION": "192.0.2.1 5000 192.0.2.2 22"}
    remote, local = mixed(consoles, site, env=over_ssh), mixed(consoles, site)
    assert "\x1b[?1000h" not in remote.written
    assert "\x1b[?1000h" in local.written


def test_a_key_echoes_soon_on_a_slow_line(consoles: Consoles) -> None:
    with Site(20) as site:
        probes = [{"id": f"web-{n}", "url": site.url(number=n), "interval": "1s"} for n in range(20)]
        terminal = consoles.open(consoles.configure(probes=probes), rate=20_000)
        terminal.wait_for("● web-1 ")
        terminal.wait_for(lambda: "session.started" in consoles.kinds())
        terminal.watch(2.0)  # readings come in, frames are on the line
        terminal.send("n")
        terminal.wait_for("^note >")
        slowest = 0.0
        for letter in "abcdefgh":
            pressed = time.perf_counter()
            terminal.send(letter)
            terminal.wait_for(lambda: terminal.find("abcdefgh"[: "abcdefgh".index(letter) + 1]))  # noqa: B023
            slowest = max(slowest, time.perf_counter() - pressed)
    assert slowest < 0.5
