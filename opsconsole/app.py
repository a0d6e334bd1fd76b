"""The Textual application: puts the parts together, and nothing more."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from textual import events
from textual.app import App
from textual.timer import Timer
from textual.widgets import Input

import screens
import themes
from opsconsole.commands import REGISTRY
from opsconsole.context import Context
from opsconsole.domain.reading import Reading
from opsconsole.ending import end_in_any_case, terminal_is_gone
from opsconsole.sources.threads import in_thread
from screens.asking import Asking
from screens.base import ConsoleScreen
from screens.metrics import MetricsScreen
from screens.theme import choose, theme_of

if TYPE_CHECKING:
    from opsconsole.services import Services

logger = logging.getLogger(__name__)

FIRST_LOOK: Final = 0.4
"""Seconds after the first frame at which the first readings are drawn, together: one repaint instead of many."""
LOCAL_GAP: Final = 0.7
REMOTE_GAP: Final = 1.0
"""Seconds between two repaints for new readings at least. Keys are answered at once."""
GARBAGE: Final = 20_000
"""Objects made since the last look for garbage; Python's 700 would look at every repaint several times."""
TERMINAL_CHECK: Final = 2.0
"""Seconds between two looks whether the terminal is still there."""


class OpsConsole(Asking, App[int], inherit_bindings=False):
    """The console. Screens choose, widgets draw; this starts and ends what they look at.

    Args:
        context: what the screens are given.
        with_services: open the journal and the sources, once the first frame is on the screen.
    """

    DEFAULT_MODE = "metrics"
    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = screens.STYLES

    def __init__(self, context: Context, *, with_services: bool = False) -> None:
        self.context = context
        self._palette, told = choose(context.config.ui.theme, context.profile.colors)
        context.banner = context.banner or told
        # Textual picks its filters before it knows our theme; without this NO_COLOR would draw black on black.
        super().__init__(ansi_color=True if self._palette.ansi else None)
        self.animation_level = "none"
        self._services: Services | None = None
        self._with_services = with_services
        self._keys = _by_key(context.keys)
        self._paint_timer: Timer | None = None
        self._age_timer: Timer | None = None
        self._last_paint = 0.0
        self._looking = False
        self._first_css = True
        self.crash_line = ""
        self.ended_by = ""
        self.last_words = ""
        for name, build in _SCREENS.items():
            self.add_mode(name, partial(build, context))
        self._dress()

    # -- looks

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our tokens, for themes that are not ours."""
        return {f"ops-{token}": color for token, color in self._palette.tokens.items()}

    def _dress(self) -> None:
        palette = self._palette
        self.register_theme(theme_of(palette))
        # Before anything is parsed: set as usual, it would have every style sheet parsed twice at start.
        self.set_reactive(App.theme, palette.name)
        self.stylesheet.set_variables(self.get_css_variables())

    def refresh_css(self, animate: bool = True) -> None:
        """Apply the theme that was chosen; not again for the one that everything was parsed with at start."""
        if self._first_css:
            self._first_css = False
            return
        super().refresh_css(animate)

    # -- start and end

    def on_mount(self) -> None:
        """Arrange for an orderly end whatever happens, then look at the world once the first frame is out."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)
        self.set_interval(TERMINAL_CHECK, self._check_terminal)
        self.call_after_refresh(self._open)

    async def _open(self) -> None:
        if not self._with_services:
            return
        gc.freeze()  # what is there by now stays to the end; the collector need not look at it again
        gc.set_threshold(GARBAGE)
        gc.enable()
        self._last_paint = self.context.clocks.monotonic() + FIRST_LOOK - self._gap
        self.context.board.subscribe(self._heard)
        self._looking = True
        self._wait_for_age()
        # Its imports are heavy (HTTP, SQLite): in a thread, keys are answered meanwhile.
        services = await in_thread(_services, name="import-services")
        self._services = services(self.context)
        await self._services.open()
        self._soon()
        if os.environ.get("OPSCONSOLE_CRASH"):
            self.call_later(self._rehearse_crash)

    def _rehearse_crash(self) -> None:
        """Fail, with the configuration's secrets in a variable: what a crash leaves behind can be looked at."""
        from opsconsole import crash

        secrets = crash.known_secrets(self.context.config)
        raise RuntimeError(f"a crash was asked for, with {len(secrets)} secrets at hand")

    def _signalled(self, number: signal.Signals) -> None:
        self.end(128 + number, f"ended by {number.name}")

    def end(self, code: int, reason: str) -> None:
        """End in order: screen restored, journal flushed. If that hangs, the process ends all the same."""
        self.ended_by = self.ended_by or reason
        if not self.is_headless:
            end_in_any_case(code)
        self.exit(code, return_code=code)

    def _check_terminal(self) -> None:
        """End when the terminal is gone: a console nobody can see must not go on, let alone spin."""
        if not self.is_headless and terminal_is_gone():
            self.end(128 + signal.SIGHUP, "the terminal went away")

    async def on_unmount(self) -> None:
        """Close the sources and the journal."""
        if self._services is not None:
            self.last_words = await self._services.close(self.ended_by or "quit")

    # -- repainting

    @property
    def _gap(self) -> float:
        return REMOTE_GAP if self.context.profile.ssh else LOCAL_GAP

    def _heard(self, reading: Reading) -> None:
        self._soon()

    def _soon(self) -> None:
        """Repaint, but not more often than the gap allows."""
        if self._paint_timer is not None or not self._looking:
            return
        wait = max(0.0, self._last_paint + self._gap - self.context.clocks.monotonic())
        self._paint_timer = self.set_timer(wait, self._repaint)

    def _repaint(self) -> None:
        self._paint_timer = None
        self._last_paint = self.context.clocks.monotonic()
        if isinstance(self.screen, ConsoleScreen):
            self.screen.paint()
        self._wait_for_age()

    def _wait_for_age(self) -> None:
        """Repaint when an age or the clock reads differently, although nothing came in."""
        if self._age_timer is not None:
            self._age_timer.stop()
        pause = self.screen.until_repaint() if isinstance(self.screen, ConsoleScreen) else 1.0
        self._age_timer = self.set_timer(max(pause, self._gap / 2), self._repaint)

    # -- commands

    async def on_event(self, event: events.Event) -> None:
        """Run the command that a key has here, before the next key is looked at.

        As bindings the keys would wait in the screen's queue, and what is typed right after "n" would run
        commands instead of going into the note. While a line is written every key goes there.
        """
        if isinstance(event, events.Key) and not isinstance(self.focused, Input):
            command = self._command_of(event.key)
            if command:
                await self.perform(command)
                return
        await super().on_event(event)

    async def perform(self, command: str) -> None:
        """Run a command of the registry; returns when a line that it asks for takes the keys."""
        self.run_command(command)
        await self.settle()

    def _command_of(self, key: str) -> str:
        name = self.screen.NAME if isinstance(self.screen, ConsoleScreen) else ""
        return self._keys.get((name, key)) or self._keys.get(("", key)) or ""

    def run_command(self, command: str) -> None:
        """Run a command of the registry, or say why it cannot run now."""
        screen = self.screen
        if not isinstance(screen, ConsoleScreen):
            return
        reason = screen.why_not(command)
        if reason:
            screen.flash(f"{REGISTRY[command].title}: {reason}", "warn")
            return
        own = getattr(self, f"do_{command.replace('.', '_')}", None)
        run = screen.handler(command) or (own if callable(own) else None)
        if run is None:
            screen.flash(f"{REGISTRY[command].title}: there is nothing to do that with on this screen", "warn")
            return
        run()

    def do_quit(self) -> None:
        """Quit."""
        self.end(0, "quit")

    def do_screen_metrics(self) -> None:
        """Go to Metrics."""
        self._go("metrics")

    def do_screen_log(self) -> None:
        """Go to Log."""
        self._go("log")

    def _go(self, name: str) -> None:
        """Show a top-level screen as it was left."""
        if self.current_mode != name:
            self.switch_mode(name)
            return
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def do_back(self) -> None:
        """Close what was opened last."""
        if len(self.screen_stack) > 1:
            self.pop_screen()

    def do_help(self) -> None:
        """Show the keys of this screen."""
        from screens.help import HelpScreen

        if isinstance(self.screen, ConsoleScreen):
            self.push_screen(HelpScreen(self.context, self.screen.NAME))

    def do_palette(self) -> None:
        """Find a command."""
        from screens.palette import PaletteScreen

        if isinstance(self.screen, ConsoleScreen):
            reasons = {command: self.screen.why_not(command) for command in REGISTRY}
            self.opening = self.push_screen(PaletteScreen(self.context, self.screen.NAME, reasons))

    def do_note(self) -> None:
        """Write a note into the session log."""

        def write(text: str) -> None:
            if text.strip():
                self._record_note(text)

        self.ask("note", "", done=write)

    def _record_note(self, text: str) -> None:
        write: Callable[[], Awaitable[None]] = partial(self._write_note, text)
        self.run_worker(write, group="note", exit_on_error=False)

    async def _write_note(self, text: str) -> None:
        from opsconsole.domain.entries import NewEntry

        screen = cast("ConsoleScreen", self.screen)
        history = self.context.history
        problem = self.context.history_problem or "the journal is not open"
        if history is not None:
            try:
                entry = await history.append(NewEntry("note", text, session=self.context.session))
            except Exception as error:
                logger.exception("a note could not be recorded")
                problem = str(error)
            else:
                screen.flash(f"noted as #{entry.seq}", "ok")
                return
        screen.flash(f"the note was NOT recorded: {problem}", "critical")
        self.ask("note", text, done=self._record_note)
        await self.settle()

    def do_theme(self) -> None:
        """Use the next theme that can be used."""
        names = themes.names()
        here = names.index(self.theme) if self.theme in names else -1
        told = ""
        for step in range(1, len(names) + 1):
            try:
                palette = themes.load(names[(here + step) % len(names)])
            except themes.ThemeError as error:
                told = str(error)
                continue
            self.register_theme(theme_of(palette))
            self.theme = palette.name
            words = f"theme {palette.name}; [ui] theme keeps it"
            cast("ConsoleScreen", self.screen).flash(told or words, "warn" if told else "info")
            return

    def do_screenshot(self) -> None:
        """Save a picture of the screen."""
        folder = self.context.config.data_dir
        try:
            saved = self.save_screenshot(path=str(folder))
        except OSError as error:
            cast("ConsoleScreen", self.screen).flash(f"no picture was saved: {error.strerror}", "critical")
            return
        cast("ConsoleScreen", self.screen).flash(f"saved {saved}", "ok")

    # -- the console's own failures

    def _handle_exception(self, error: Exception) -> None:
        """End with one line and a report without variables; Textual's own traceback would print every local.

        Private in Textual 8.2 and the only place that sees every error (handlers, timers, workers).
        """
        if self.crash_line:
            return
        from opsconsole import crash
        from opsconsole.telemetry import report

        original = getattr(error, "error", error)
        cause = original if isinstance(original, BaseException) else error
        config = self.context.config
        path = crash.write_report(cause, _folder(config.data_dir), config, self.context.profile.words())
        where = f"the details are in {path}" if path else "the details could not be written to the data folder"
        self.crash_line = f"opsconsole ended by an error of its own ({crash.describe(cause)}); {where}."
        logger.error("%s", self.crash_line)
        if self.is_headless:
            super()._handle_exception(error)
            return
        report(cause, config)
        self.end(3, self.crash_line)

    def _fatal_error(self) -> None:
        """Nothing is printed here: `crash_line` is, once the screen is restored."""
        self._close_messages_no_wait()


def _services() -> type[Services]:
    from opsconsole.services import Services

    return Services


def _folder(data_dir: Path) -> Path:
    return data_dir if str(data_dir) not in ("", ".") else Path.cwd()


def _by_key(keys: Mapping[str, tuple[str, ...]]) -> dict[tuple[str, str], str]:
    """(screen, key) → command."""
    return {(REGISTRY[command].screen, key): command for command, bound in keys.items() for key in bound}


def _log_screen(context: Context) -> ConsoleScreen:
    from screens.log import LogScreen

    return LogScreen(context)


_SCREENS: Final[Mapping[str, Callable[[Context], ConsoleScreen]]] = {"metrics": MetricsScreen, "log": _log_screen}
"""The top-level screens, each built when it is first entered."""
