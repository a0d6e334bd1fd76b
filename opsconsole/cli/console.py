"""Opening the console: what must be known before the screen library is loaded, in the order that costs least."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from typing import NoReturn

from opsconsole.cli.configuration import load_config
from opsconsole.cli.options import NotDone, Options


def open_console(options: Options, banner: str = "") -> NoReturn:
    """Open the console and end the process with its exit code.

    Args:
        options: the shared options.
        banner: a line about where one is, "" for none.

    Raises:
        NotDone: there is no terminal to draw on, or the configuration cannot be used.
    """
    from opsconsole.terminal import detect, textual_environment

    profile = detect(color=options.color)
    if profile.problem:
        raise NotDone(profile.problem)
    config = load_config(options)
    if not os.environ.get("NO_COLOR"):
        os.environ.pop("NO_COLOR", None)  # set but empty declines nothing; Textual looks only whether it is there
    os.environ.update(textual_environment(profile, config.ui.fps))

    from opsconsole.app import OpsConsole
    from opsconsole.commands import keymap
    from opsconsole.context import Context
    from opsconsole.domain.thresholds import limits
    from opsconsole.ending import let_go_of_terminal
    from opsconsole.monitor.board import Board
    from opsconsole.monitor.clocks import Clocks

    keys = keymap(config.ui.keys)
    clocks = Clocks(time.time, time.monotonic)
    board = Board(clocks.monotonic, limits(config.thresholds))
    if config.path is None and not banner:
        banner = "no configuration: this machine only; `opsconsole init` writes one"
    context = Context(config, profile, board, clocks, keys, banner=banner)
    app = OpsConsole(context, with_services=True)
    mouse = profile.mouse if config.ui.mouse is None else config.ui.mouse
    app.run(mouse=mouse)
    for words in (app.crash_line, app.last_words):
        if words:
            with suppress(OSError):
                print(words, file=sys.stderr)  # noqa: T201 - the screen is gone; this is for the shell
    let_go_of_terminal()
    sys.exit(app.return_code or 0)
