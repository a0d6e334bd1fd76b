"""One entry of the session log, whole: its text, its data, who made it, and where it stands in the chain."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable

from textual.widget import Widget

from opsconsole.context import Context
from opsconsole.domain.entries import Entry
from screens.base import ConsoleScreen
from widgets.lines import Lines
from widgets.row import Row, Span, shown


class EntryScreen(ConsoleScreen):
    """One entry.

    Args:
        context: what every screen is given.
        entry: the entry.
    """

    NAME = "entry"

    def __init__(self, context: Context, entry: Entry) -> None:
        super().__init__(context)
        self._entry = entry

    def body(self) -> Iterable[Widget]:
        """The lines."""
        yield Lines(id="entry", classes="fill", ascii_only=self.context.ascii_only)

    def paint_body(self) -> None:
        """Draw it."""
        self.query_one("#entry", Lines).show(self._rows(self.width))

    def _rows(self, width: int) -> list[Row]:
        entry, actor = self._entry, self._entry.actor
        came = f" from {actor.ssh_client}" if actor.ssh_client else ""
        became = f" as {actor.login}" if actor.login != actor.name else ""
        facts = {
            "happened": entry.occurred_at,
            "recorded": entry.recorded_at,
            "by": f"{actor.name}{became} on {actor.host}{came} {actor.tty}".rstrip(),
            "kind": entry.kind,
            "incident": entry.incident or self.glyphs.skipped,
            "hash": entry.hash,
            "before": entry.prev_hash,
        }
        rows: list[Row] = [(Span(f"ENTRY #{entry.seq}", "title"), Span("   Esc goes back", "muted"))]
        rows += [(Span(f"  {name:<10}", "muted"), Span(shown(value))) for name, value in facts.items()]
        rows.append(())
        for line in shown(entry.text, 100_000, lines=True).splitlines():
            rows += [(Span(f"  {part}", "strong"),) for part in textwrap.wrap(line, max(20, width - 4)) or [""]]
        if entry.data:
            rows.append(())
            told = shown(json.dumps(dict(entry.data), indent=2, ensure_ascii=False), 100_000, lines=True)
            rows += [(Span(f"  {line}", "text"),) for line in told.splitlines()]
        return rows

    def selection(self) -> str:
        """The entry that is shown."""
        return self._entry.id

    def do_move_down(self) -> None:
        """Scroll."""
        self.query_one("#entry", Lines).move(1)

    def do_move_up(self) -> None:
        """Scroll."""
        self.query_one("#entry", Lines).move(-1)

    def do_move_page_down(self) -> None:
        """Scroll a page."""
        lines = self.query_one("#entry", Lines)
        lines.move(lines.page)

    def do_move_page_up(self) -> None:
        """Scroll a page."""
        lines = self.query_one("#entry", Lines)
        lines.move(-lines.page)

    def do_open(self) -> None:
        """Enter goes back as well."""
        self.app.pop_screen()
