"""The console as a person meets it: in a terminal, with keys, in windows of several sizes."""

from __future__ import annotations

import re
import time

import pytest

from tests.terminal.conftest import Consoles
from tests.terminal.console import Terminal
from tests.terminal.imports import SDKS, imports_before
from tests.terminal.site import Site

_open: list[Terminal] = []


@pytest.fixture
def terminal(one_day: Consoles, site: Site) -> Terminal:
    """A console that watches two probes, on its first screen: the one the last test left there, if it did."""
    if not _open or _open[-1].process.poll() is not None or not _open[-1].find("^● web "):
        probes = ({"id": "web", "url": site.url()}, {"id": "api", "url": site.url(number=1)})
        _open.append(one_day.watching(*probes))
        _open[-1].wait_for(lambda: "session.started" in one_day.kinds())
    return _open[-1]


def notes(consoles: Consoles) -> list[str]:
    """The notes in the journal, oldest first."""
    return [str(entry["text"]) for entry in consoles.journal() if entry["kind"] == "note"]


def test_the_first_frame_names_the_project_and_claims_nothing(consoles: Consoles, site: Site) -> None:
    config = consoles.configure(probes=[{"id": "web", "url": site.url()}])
    terminal = consoles.open(config)
    terminal.wait_for(lambda: "quit" in terminal.row(-1))  # the frame's last bytes
    first = terminal.text
    assert "testing" in first
    assert "APPLICATION" in first
    assert "●" not in first, "nothing was read yet, so nothing can be ok"
    terminal.wait_for("● web ")


def test_no_sdk_is_loaded_before_the_first_frame(consoles: Consoles, site: Site) -> None:
    config = consoles.configure(probes=[{"id": "web", "url": site.url()}], host=True)
    assert not imports_before("acme-web", config) & SDKS


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_every_value_has_an_age(consoles: Consoles, site: Site, size: tuple[int, int]) -> None:
    metrics = {"id": "shop", "url": site.url("/metrics"), "interval": "1s"}
    config = consoles.configure(probes=[{"id": "web", "url": site.url()}], prometheus=[metrics], host=True)
    terminal = consoles.open(config, columns=size[0], rows=size[1])
    terminal.wait_for("● web ")
    terminal.wait_for(r"● Throughput")
    terminal.wait_for(r"[●▲■] CPU ")

    def all_aged() -> bool:
        values = re.findall(r"^[●▲■] .*$", terminal.text, re.MULTILINE)
        rows = [line for line in values if not re.match(r"[●▲■] (?:OK|WARNING|CRITICAL|UNKNOWN) ", line)]
        return len(rows) >= 5 and all(re.search(r" \d+ (?:s|min|h|d)$", line) for line in rows)

    terminal.wait_for(all_aged, timeout=3)


def test_question_mark_shows_the_keys_and_escape_hides_them(terminal: Terminal) -> None:
    terminal.send("?")
    terminal.wait_for("Write a note into the session log")
    terminal.send("escape")
    terminal.wait_for("^● web ")
    assert "Write a note" not in terminal.text


@pytest.mark.parametrize("key", [":", "ctrl+p"])
def test_the_palette_finds_a_command_and_runs_it(terminal: Terminal, key: str) -> None:
    terminal.send(key)
    terminal.wait_for("Go to Log")
    terminal.send("to log")
    terminal.wait_for(lambda: "Go to Metrics" not in terminal.text and "Go to Log" in terminal.text)
    terminal.send("enter")
    terminal.wait_for("(?i)session.*(?:began|start|open)")
    terminal.send("1")
    terminal.wait_for("^● web ")


def test_digits_switch_screens(terminal: Terminal) -> None:
    terminal.send("8")
    terminal.wait_for(lambda: "● web " not in terminal.text)
    terminal.wait_for("(?i)session.*(?:began|start|open)")
    terminal.send("1")
    terminal.wait_for("^● web ")


def test_a_note_is_in_the_journal_when_the_screen_says_so(terminal: Terminal, one_day: Consoles) -> None:
    terminal.send("n")
    terminal.wait_for("^note >")
    terminal.send("grüße from the bridge", "enter")
    terminal.wait_for("noted")
    assert notes(one_day)[-1] == "grüße from the bridge"
    terminal.send("8")
    terminal.wait_for("grüße from the bridge")
    terminal.send("1")
    terminal.wait_for("^● web ")


def test_a_note_can_be_given_up(terminal: Terminal, one_day: Consoles) -> None:
    terminal.send("n")
    terminal.wait_for("^note >")
    terminal.send("never mind q")
    terminal.wait_for("never mind q")
    terminal.send("escape")
    terminal.wait_for(lambda: "never mind" not in terminal.text)
    assert "never mind q" not in notes(one_day)


def test_what_is_typed_ahead_goes_into_the_question(terminal: Terminal, one_day: Consoles) -> None:
    """Over a slow line, or pasted, a key and the text after it come together: none of it may act as a command."""
    terminal.send("n", "quit? 8 no: /wait!", "enter")
    terminal.wait_for(lambda: "quit? 8 no: /wait!" in notes(one_day)[-1:])
    terminal.wait_for("^● web ")


def test_the_filter_narrows_the_list_while_it_is_typed(terminal: Terminal) -> None:
    terminal.send("/")
    terminal.wait_for("^filter >")
    terminal.send("api")
    terminal.wait_for(lambda: terminal.find("^● api ") and not terminal.find("^● web "))
    terminal.send("escape")
    terminal.wait_for("^● web ")


def test_enter_opens_the_chart_of_the_row_and_escape_closes_it(terminal: Terminal) -> None:
    terminal.send("g", "enter")
    terminal.wait_for(lambda: not terminal.find("^● api "))
    terminal.wait_for("web|api")
    terminal.wait_for(r"min\b.*avg\b.*p95\b.*max\b")
    terminal.send("]")
    terminal.wait_quiet(100)
    terminal.send("escape")
    terminal.wait_for("^● api ")


def test_q_quits_and_leaves_the_terminal_as_it_was(consoles: Consoles, site: Site) -> None:
    terminal = consoles.watching({"id": "web", "url": site.url()})
    began = time.perf_counter()
    terminal.send("q")
    assert terminal.exit() == 0
    assert time.perf_counter() - began < 1.0
    assert terminal.closed_clean(), terminal.leftovers()
    assert terminal.after_screen == ""
    assert consoles.kinds()[-1] == "session.ended"


def test_the_window_may_change_its_size_at_any_time(terminal: Terminal) -> None:
    for columns, rows in ((120, 40), (60, 20), (200, 60), (80, 24)):
        terminal.resize(columns, rows)
        terminal.wait_for(
            lambda: "acme-web" in terminal.row(0) and "help" in terminal.row(-1) and terminal.find("^● web "),
            what=f"the screen at {columns}x{rows}",
        )
        terminal.wait_quiet(150)
        assert re.search(r"^● api .*\d s$", terminal.text, re.MULTILINE), terminal.shown()
        assert "acme-web" in terminal.row(0)
        assert "quit" in terminal.row(-1)
        assert terminal.text.count("acme-web") == 1, terminal.shown()


def test_a_window_too_small_for_anything_does_no_harm(terminal: Terminal) -> None:
    for columns, rows in ((10, 3), (1, 1), (20, 5)):
        terminal.resize(columns, rows)
        terminal.wait_quiet(150)
    terminal.resize(80, 24)
    terminal.wait_for("^● web ")


def test_keys_of_the_configuration_replace_the_usual_ones(consoles: Consoles, site: Site) -> None:
    config = consoles.configure(
        probes=[{"id": "web", "url": site.url()}], more='[ui]\nkeys = { "screen.log" = ["L"], quit = ["X"] }'
    )
    terminal = consoles.open(config)
    terminal.wait_for("● web ")
    terminal.send("8", "q", "L")
    terminal.wait_for(lambda: not terminal.find("^● web "))
    terminal.send("X")
    assert terminal.exit() == 0


def test_two_consoles_of_one_operator_write_one_journal(consoles: Consoles, site: Site) -> None:
    probe = {"id": "web", "url": site.url()}
    first, second = consoles.watching(probe), consoles.watching(probe)
    for terminal, words in ((first, "from the first"), (second, "from the second")):
        terminal.wait_for(lambda: consoles.kinds().count("session.started") == 2)
        terminal.send("n")
        terminal.wait_for("^note >")
        terminal.send(words, "enter")
        terminal.wait_for("noted")
    assert notes(consoles) == ["from the first", "from the second"]
