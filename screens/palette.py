"""The palette: every command of the program, found by a few of its letters, with its key beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.fuzzy import Matcher
from textual.widget import Widget
from textual.widgets import Input

from opsconsole.commands import REGISTRY, Command, shown_key
from opsconsole.context import Context
from screens.base import ConsoleScreen
from widgets.lines import Lines
from widgets.row import Row, Span, cut, row_width, shown


class PaletteScreen(ConsoleScreen):
    """Finds a command. What cannot run now is listed too, with the reason.

    Args:
        context: what every screen is given.
        origin: the screen one came from.
        reasons: command id → why it cannot run there now, "" when it can.
    """

    NAME = "palette"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "step(1)", show=False, priority=True),
        Binding("up,ctrl+p", "step(-1)", show=False, priority=True),
        Binding("escape", "leave", show=False, priority=True),
    ]

    def __init__(self, context: Context, origin: str, reasons: Mapping[str, str]) -> None:
        super().__init__(context)
        self._origin = origin
        self._reasons = reasons
        self._found: list[Command] = []

    def body(self) -> Iterable[Widget]:
        """The line to type into, and what matches."""
        line = Input(id="wanted", placeholder="a few letters of what you want to do", compact=True)
        line.cursor_blink = False
        yield line
        yield Lines(id="found", classes="fill", ascii_only=self.context.ascii_only, with_cursor=True)

    def paint_body(self) -> None:
        """Draw what matches, the best first."""
        wanted = self.query_one(Input).value
        commands = [command for command in REGISTRY.values() if self._belongs(command)]
        if wanted:
            matcher = Matcher(wanted)
            scored = [(matcher.match(f"{command.title} {command.id}"), command) for command in commands]
            commands = [command for score, command in sorted(scored, key=lambda each: -each[0]) if score > 0]
        self._found = commands
        width = self.width
        self.query_one("#found", Lines).show([self._row(command, width) for command in commands])

    def _belongs(self, command: Command) -> bool:
        own = command.screen in ("", self._origin)
        return own and command.id != "palette" and not command.id.startswith("move.")

    def _row(self, command: Command, width: int) -> Row:
        keys = "  ".join(shown_key(key) for key in self.context.keys[command.id])
        reason = self._reasons.get(command.id, "")
        title = Span(f"  {command.title:<{max(20, min(50, width - 30))}}", "muted" if reason else "text")
        row: Row = (title, Span(f"{keys:<14}", "key"))
        return (*row, Span(cut(shown(reason), width - row_width(row), self.glyphs.ellipsis), "warn"))

    def detail(self, width: int) -> Row:
        """Why the command under the cursor cannot run now, whole."""
        cursor = self.query_one("#found", Lines).cursor
        reason = self._reasons.get(self._found[cursor].id, "") if cursor < len(self._found) else ""
        words = f"{self.glyphs.warning} {shown(reason)}" if reason else ""
        return (Span(cut(words, width, self.glyphs.ellipsis), "warn"),)

    def on_input_changed(self, event: Input.Changed) -> None:
        """The list follows what is typed."""
        event.stop()
        self.query_one("#found", Lines).go_to(0)
        self.paint()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Run the command under the cursor."""
        event.stop()
        cursor = self.query_one("#found", Lines).cursor
        chosen = self._found[cursor].id if cursor < len(self._found) else ""
        self.app.pop_screen()
        if chosen:
            self.app.call_later(self.console_app.perform, chosen)

    def on_lines_opened(self, message: Lines.Opened) -> None:
        """A double click runs a command as well."""
        chosen = self._found[message.index].id
        self.app.pop_screen()
        self.app.call_later(self.console_app.perform, chosen)

    def action_step(self, step: int) -> None:
        """Move the cursor in the list while the line keeps the keys."""
        self.query_one("#found", Lines).move(step)
        self.paint()

    def action_leave(self) -> None:
        """Close without running anything."""
        self.app.pop_screen()
