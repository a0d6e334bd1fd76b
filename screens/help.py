"""Help: the keys of the screen one came from, made from the command registry."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from opsconsole.commands import for_screen, shown_key
from opsconsole.context import Context
from screens.base import ConsoleScreen
from widgets.lines import Lines
from widgets.row import Row, Span, row_width, shown


class HelpScreen(ConsoleScreen):
    """The keys of one screen, and what the shapes mean."""

    NAME = "help"

    def __init__(self, context: Context, about: str) -> None:
        super().__init__(context)
        self._about = about

    def body(self) -> Iterable[Widget]:
        """The list of keys."""
        yield Lines(id="keys", classes="fill", ascii_only=self.context.ascii_only)

    def paint_body(self) -> None:
        """Draw the list."""
        self.query_one("#keys", Lines).show(self._rows())

    def _rows(self) -> list[Row]:
        rows: list[Row] = [(Span(f"KEYS on {self._about}", "title"), Span("   Esc goes back", "muted"))]
        for command in for_screen(self._about):
            keys = "  ".join(shown_key(key) for key in self.context.keys[command.id]) or ":"
            reason = shown(command.why_not(self.context.situation(self._about, "?")))
            row: Row = (Span(f"  {keys:<21}", "key"), Span(f"{command.title:<44}"))
            if reason and row_width(row) + len(reason) > self.width:
                rows += [row, (Span(f"{'':<23}{reason}", "warn"),)]
            else:
                rows.append((*row, Span(reason, "warn")))
        g = self.glyphs
        rows += [
            (),
            (Span("SHAPES", "title"),),
            (
                Span(f"  {g.ok} ok", "ok"),
                Span(f"   {g.warning} warning", "warn"),
                Span(f"   {g.critical} critical", "critical"),
                Span(f"   {g.unknown} no data, or too old to be believed", "unknown"),
            ),
            (
                Span(
                    "  A value is stale after two polling intervals, and is then shown as ? with its age.", "muted"
                ),
            ),
        ]
        return rows

    def do_back(self) -> None:
        """Close."""
        self.app.pop_screen()

    def do_help(self) -> None:
        """The same key closes it."""
        self.app.pop_screen()

    def do_move_down(self) -> None:
        """Scroll."""
        self.query_one("#keys", Lines).move(1)

    def do_move_up(self) -> None:
        """Scroll."""
        self.query_one("#keys", Lines).move(-1)
