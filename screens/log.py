"""Log: the newest entries of the session log, as they come in."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

from textual.widget import Widget

from opsconsole.context import Context
from opsconsole.domain.entries import Entry
from screens.base import ConsoleScreen
from widgets.lines import Lines
from widgets.row import Row, Span, cut, padded, shown

logger = logging.getLogger(__name__)

NEWEST = 500


class LogScreen(ConsoleScreen):
    """The timeline, oldest first; it follows the newest entry until one moves away from it."""

    NAME = "log"
    ALSO = ("open",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._entries: Sequence[Entry] = ()
        self._wanted = ""
        self._following = True
        self._problem = ""
        self._loading = False

    def body(self) -> Iterable[Widget]:
        """The list of entries."""
        yield Lines(id="entries", classes="fill", ascii_only=self.context.ascii_only, with_cursor=True)

    @property
    def entries(self) -> Lines:
        """The list."""
        return self.query_one("#entries", Lines)

    def paint_body(self) -> None:
        """Draw what is known, and look for what is new."""
        width = self.width
        rows = [self._row(entry, width) for entry in self._entries]
        if not rows:
            rows = [(Span(f"  {cut(self._why_empty(), width - 2, self.glyphs.ellipsis)}", "muted"),)]
        self.entries.show(rows)
        if self._following:
            self.entries.go_to(len(rows) - 1)
        self._refresh()

    def _why_empty(self) -> str:
        if self._problem or self.context.history_problem:
            return self._problem or self.context.history_problem
        if self.context.history is None:
            return "the journal is still being opened"
        if self._wanted:
            return "no entry contains this; Esc ends the filter"
        return "nothing has been recorded yet; n writes a note"

    def _row(self, entry: Entry, width: int) -> Row:
        moment = entry.occurred_at[11:19] if width < 100 else entry.occurred_at[:19].replace("T", " ")
        kind = padded(shown(entry.kind, 40), 16, self.glyphs.ellipsis)
        who = padded(shown(entry.actor.name, 40), 10, self.glyphs.ellipsis)
        text = shown(entry.text, 400)
        room = max(10, width - len(moment) - 32)
        return (
            Span(f"{moment}  ", "muted"),
            Span(f"{who}  ", "text"),
            Span(f"{kind}  ", "key"),
            Span(cut(text, room, self.glyphs.ellipsis), "strong" if entry.kind == "note" else "text"),
        )

    def _refresh(self) -> None:
        if self.context.history is not None and not self._loading:
            self._loading = True
            load: Callable[[], Awaitable[None]] = self._load
            self.run_worker(load, group="log", exit_on_error=False)

    async def _load(self) -> None:
        history = self.context.history
        try:
            if history is None:
                return
            found = await history.newest(NEWEST, self._wanted)
        except Exception as error:
            words = f"the session log could not be read: {shown(str(error))}"
            if words != self._problem:  # it is tried again every second
                logger.exception("the session log could not be read")
                self._problem = words
                self.paint()
            return
        finally:
            self._loading = False
        mended, self._problem = bool(self._problem), ""
        if mended or [entry.id for entry in found] != [entry.id for entry in self._entries]:
            self._entries = found
            self.paint()

    def until_repaint(self) -> float:
        """Entries of other consoles are looked for every second."""
        return min(1.0, super().until_repaint())

    def selection(self) -> str:
        """The entry under the cursor."""
        cursor = self.entries.cursor
        return self._entries[cursor].id if cursor < len(self._entries) else ""

    def detail(self, width: int) -> Row:
        """Times and actor of the entry under the cursor; before that, why the list may not be the newest."""
        if self._problem:
            words = cut(f"{self.glyphs.critical} {self._problem}", width, self.glyphs.ellipsis)
            return (Span(words, "critical"),)
        if self._wanted:
            return (Span("filter: ", "muted"), Span(self._wanted, "strong"), Span("   Esc ends it", "muted"))
        cursor = self.entries.cursor
        if cursor >= len(self._entries):
            return ()
        entry = self._entries[cursor]
        actor = entry.actor
        where = f" from {actor.ssh_client}" if actor.ssh_client else ""
        words = f"#{entry.seq} {entry.occurred_at} by {actor.name}@{actor.host}{where}"
        return (Span(shown(words), "text"), Span(f"   {entry.hash[:12]}", "muted"))

    # -- commands

    def do_open(self) -> None:
        """Show the entry under the cursor whole."""
        from screens.entry import EntryScreen

        self.app.push_screen(EntryScreen(self.context, self._entries[self.entries.cursor]))

    def _move(self, step: int) -> None:
        self.entries.move(step)
        self._following = self.entries.cursor >= len(self._entries) - 1
        self.explain()

    def do_move_down(self) -> None:
        """One entry down."""
        self._move(1)

    def do_move_up(self) -> None:
        """One entry up."""
        self._move(-1)

    def do_move_page_down(self) -> None:
        """A page down."""
        self._move(self.entries.page)

    def do_move_page_up(self) -> None:
        """A page up."""
        self._move(-self.entries.page)

    def do_move_top(self) -> None:
        """The oldest entry here."""
        self._move(-len(self._entries))

    def do_move_bottom(self) -> None:
        """The newest entry."""
        self._move(len(self._entries))

    def do_log_follow(self) -> None:
        """Follow the newest entry."""
        self._following = True
        self.paint()

    def do_filter(self) -> None:
        """Ask for a text that entries must contain."""

        def typed(text: str) -> None:
            self._wanted = text
            self._refresh()
            self.paint()

        self.console_app.ask("filter", self._wanted, done=typed, changed=typed, cancelled=lambda: typed(""))

    def do_back(self) -> None:
        """End the filter."""
        if self._wanted:
            self._wanted = ""
            self.paint()
