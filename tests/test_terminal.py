"""What the console makes of a terminal, from the variables alone."""

from __future__ import annotations

import pytest

from opsconsole.terminal import LOCAL_FPS, REMOTE_FPS, detect, textual_environment

LOCAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "en_US.UTF-8"}


def test_a_local_terminal_gets_everything() -> None:
    profile = detect(LOCAL, is_tty=True)
    assert profile.problem == ""
    assert profile.words() == f"local, 16,777,216 colours, Unicode, {LOCAL_FPS} frames/s, mouse"


@pytest.mark.parametrize("name", ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"])
def test_over_ssh_there_are_few_frames_and_no_mouse(name: str) -> None:
    profile = detect({**LOCAL, name: "198.51.100.7 50000 192.0.2.1 22"}, is_tty=True)
    assert profile.ssh
    assert profile.fps == REMOTE_FPS
    assert not profile.mouse
    assert profile.words().startswith("over SSH, ")


@pytest.mark.parametrize(
    ("variables", "multiplexer"),
    [({"TMUX": "/tmp/tmux-1000/default,1,0"}, "tmux"), ({"STY": "1234.pts-0.host"}, "screen"), ({}, "")],
)
def test_tmux_and_screen_are_known(variables: dict[str, str], multiplexer: str) -> None:
    profile = detect({**LOCAL, **variables}, is_tty=True)
    assert profile.multiplexer == multiplexer
    assert (f" in {multiplexer}," in profile.words()) == bool(multiplexer)


@pytest.mark.parametrize("term", ["dumb", "", "unknown"])
def test_a_dumb_terminal_gets_one_sentence_with_what_to_use_instead(term: str) -> None:
    problem = detect({**LOCAL, "TERM": term}, is_tty=True).problem
    assert f"(TERM={term or 'unset'})" in problem
    assert "`opsconsole check`" in problem
    assert "\n" not in problem


def test_without_a_terminal_there_is_one_sentence_with_what_to_use_instead() -> None:
    problem = detect(LOCAL, is_tty=False).problem
    assert "needs a terminal" in problem
    assert "`opsconsole check`" in problem
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("variables", "colors"),
    [
        ({"TERM": "xterm"}, 16),
        ({"TERM": "linux"}, 16),
        ({"TERM": "screen"}, 16),
        ({"TERM": "vt220"}, 16),
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "tmux-256color"}, 256),
        ({"TERM": "xterm-kitty"}, 256),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, 16_777_216),
        ({"TERM": "xterm", "COLORTERM": "24bit"}, 16_777_216),
        ({"TERM": "xterm-direct"}, 16_777_216),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, 0),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, 256),
    ],
)
def test_colours_are_those_the_terminal_names(variables: dict[str, str], colors: int) -> None:
    assert detect(variables, is_tty=True).colors == colors


def test_colour_can_be_declined_on_the_command_line() -> None:
    profile = detect(LOCAL, is_tty=True, color=False)
    assert profile.colors == 0
    assert "no colour" in profile.words()


@pytest.mark.parametrize(
    ("variables", "unicode"),
    [
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "en_US.utf8"}, True),
        ({"LANG": "C.UTF-8"}, True),
        ({"LANG": "ca_ES.UTF-8@valencia"}, True),
        ({"LC_CTYPE": "UTF-8"}, True),  # as macOS sends it over SSH
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, True),
        ({"LC_ALL": "C"}, False),
        ({"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, False),
        ({"LC_ALL": "C", "LC_CTYPE": "C.UTF-8", "LANG": "en_US.UTF-8"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),  # LC_CTYPE was set by Python itself, PEP 538
        ({"LANG": "POSIX", "LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, False),
        ({"LANG": "de_DE@euro"}, False),
        ({"LANG": "en_US.UTF-8", "LC_CTYPE": "de_DE.ISO-8859-1"}, False),
        ({"LANG": "de_DE.ISO-8859-1", "LC_CTYPE": "de_DE.UTF-8"}, True),
        ({"LC_ALL": "", "LANG": "en_US.UTF-8"}, True),
        ({}, False),
    ],
)
def test_only_a_utf8_locale_gets_more_than_ascii(variables: dict[str, str], unicode: bool) -> None:
    profile = detect({"TERM": "xterm", **variables}, is_tty=True)
    assert profile.unicode is unicode
    assert ("Unicode" if unicode else "ASCII") in profile.words()


def test_the_screen_library_is_told_before_it_is_loaded() -> None:
    assert textual_environment(detect(LOCAL, is_tty=True)) == {
        "TEXTUAL_FPS": str(LOCAL_FPS),
        "TEXTUAL_ANIMATIONS": "none",
        "TEXTUAL_SMOOTH_SCROLL": "0",
    }
    assert textual_environment(detect(LOCAL, is_tty=True), fps=5)["TEXTUAL_FPS"] == "5"
    sixteen = textual_environment(detect({"TERM": "linux"}, is_tty=True))
    assert sixteen["TEXTUAL_COLOR_SYSTEM"] == "standard"
    assert "NO_COLOR" not in sixteen
    assert textual_environment(detect({**LOCAL, "NO_COLOR": "1"}, is_tty=True))["NO_COLOR"] == "1"
