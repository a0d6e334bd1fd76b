"""The one widget that draws: lines of spans, of which only the cells that changed are written again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from widgets.row import ROLES, Row, as_ascii, changed_cells, is_narrow, row_text, shown

WHEEL_ROWS: Final = 3
_TOKENS: Final = {role: f"ops-{role}" for role in ROLES if role not in ("text", "strong")}
_BOLD: Final = frozenset({"critical", "title", "key", "strong"})


class Lines(Widget):
    """Lines of spans, optionally with a cursor row, scrolled by whole rows.

    Its style sheet is the application's: a sheet of its own would cost every start two milliseconds.

    Rows are given whole; what is on the screen already is not written again. A row wider than the widget is cut,
    never wrapped.
    """

    class Opened(Message):
        """A row was clicked twice."""

        def __init__(self, lines: Lines, index: int) -> None:
            super().__init__()
            self.lines = lines
            self.index = index

        @property
        def control(self) -> Lines:
            """The widget it happened in."""
            return self.lines

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - the library's name
        classes: str | None = None,
        ascii_only: bool = False,
        with_cursor: bool = False,
        column: bool = False,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._column = column
        self._rows: list[Row] = []
        self._cursor = 0
        self._top = 0
        self._ascii_only = ascii_only
        self._with_cursor = with_cursor
        self._styles: dict[str, Style] = {}
        self._base: Style | None = None

    # -- what is shown

    @property
    def rows(self) -> Sequence[Row]:
        """The lines as they were given."""
        return self._rows

    @property
    def cursor(self) -> int:
        """The index of the row under the cursor."""
        return self._cursor

    @property
    def top(self) -> int:
        """The index of the first row on the screen."""
        return self._top

    @property
    def at_end(self) -> bool:
        """Whether the last row is on the screen."""
        return self._top + self.size.height >= len(self._rows)

    def show(self, rows: Sequence[Row], *, cursor: int | None = None) -> None:
        """Show these lines; only cells that differ from what is on the screen are written.

        Args:
            rows: every line, top to bottom.
            cursor: put the cursor there.
        """
        rows = [self._printable(row) for row in rows] if self._ascii_only else list(rows)
        old, self._rows = self._rows, rows
        before = self._cursor, self._top
        if cursor is not None:
            self._cursor = cursor
        self._settle()
        if not self.is_mounted or not self.size:
            return
        if before != (self._cursor, self._top) and before[1] != self._top:
            self.refresh()
            return
        regions: list[Region] = []
        for y in range(self.size.height):
            index = self._top + y
            one = old[index] if index < len(old) else ()
            other = rows[index] if index < len(rows) else ()
            if one is other or one == other:
                continue
            if is_narrow(row_text(one)) and is_narrow(row_text(other)):
                regions += [Region(start, y, end - start, 1) for start, end in changed_cells(one, other)]
            else:
                regions.append(Region(0, y, self.size.width, 1))
        if before[0] != self._cursor and self._with_cursor:
            regions += [Region(0, at - self._top, self.size.width, 1) for at in (before[0], self._cursor)]
        if regions:
            self.refresh(*regions)

    def _printable(self, row: Row) -> Row:
        return tuple(type(span)(as_ascii(span.text), span.role) for span in row)

    # -- moving about

    def move(self, step: int) -> None:
        """Move the cursor (or, without one, the view) by so many rows."""
        if self._with_cursor:
            self.go_to(self._cursor + step)
        else:
            self.scroll_rows(step)

    def go_to(self, index: int) -> None:
        """Put the cursor on a row and bring it into view; beyond the ends it stays at them."""
        before, top = self._cursor, self._top
        self._cursor = index
        self._settle(follow=True)
        if self._top != top:
            self.refresh()
        elif self._cursor != before:
            width = self.size.width
            self.refresh(*(Region(0, at - self._top, width, 1) for at in (before, self._cursor)))

    def scroll_rows(self, step: int) -> None:
        """Move the view by so many rows."""
        top = self._top
        self._top = max(0, min(self._top + step, len(self._rows) - self.size.height))
        if self._top != top:
            self.refresh()

    def scroll_to_end(self) -> None:
        """Show the last row."""
        self.scroll_rows(len(self._rows))

    @property
    def page(self) -> int:
        """The rows of a page."""
        return max(1, self.size.height - 1)

    def _settle(self, *, follow: bool = False) -> None:
        if not self._column:
            follow = follow and self._with_cursor
            self._cursor, self._top = settled(
                self._cursor, self._top, len(self._rows), self.size.height, follow=follow
            )

    def place(self, cursor: int, top: int) -> None:
        """Put cursor and view where the columns beside it have them, whatever this one's own size says."""
        before = self._cursor, self._top
        self._cursor, self._top = cursor, top
        if top != before[1]:
            self.refresh()
        elif cursor != before[0]:
            width = self.size.width
            self.refresh(*(Region(0, at - top, width, 1) for at in (before[0], cursor)))

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self._settle(follow=True)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move the view down."""
        if not self._column:
            self.scroll_rows(WHEEL_ROWS)
            event.stop()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move the view up."""
        if not self._column:
            self.scroll_rows(-WHEEL_ROWS)
            event.stop()

    def on_click(self, event: events.Click) -> None:
        """Select the row that was clicked; a second click opens it."""
        index = self._top + event.y
        if self._with_cursor and not self._column and index < len(self._rows):
            self.go_to(index)
            if event.chain == 2:
                self.post_message(self.Opened(self, index))

    # -- drawing

    def notify_style_update(self) -> None:
        """The theme or the style sheet changed."""
        self._styles.clear()
        self._base = None
        super().notify_style_update()

    def _style(self, role: str, base: Style, *, on_cursor: bool) -> Style:
        # Straight from the theme: a component class for each role would cost every widget a style
        # calculation a role at start, 25 ms in all.
        name = f"{role}+cursor" if on_cursor else role
        style = self._styles.get(name)
        if style is None:
            variables = self.app.theme_variables
            token = _TOKENS.get(role)
            color = Color.parse(variables[token]).rich_color if token else None
            style = base + Style(color=color, bold=True if role in _BOLD else None)
            if on_cursor:
                style += self._cursor_style(variables["ops-cursor"])
            self._styles[name] = style
        return style

    def _cursor_style(self, color: str) -> Style:
        # The terminal's own colours have no tint of the background to spare: there the cursor is reversed.
        if self.app.native_ansi_color:
            return Style(reverse=True)
        return Style(bgcolor=Color.parse(color).rich_color)

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.size.width
        index = self._top + y
        base = self._base
        if base is None:
            base = self._base = self.rich_style
        if index >= len(self._rows):
            return Strip.blank(width, base)
        on_cursor = self._with_cursor and index == self._cursor
        segments = [
            # Nothing unprintable may reach the terminal, whichever way it came here.
            Segment(
                span.text if span.text.isprintable() else shown(span.text),
                self._style(span.role, base, on_cursor=on_cursor),
            )
            for span in self._rows[index]
        ]
        fill = self._style("text", base, on_cursor=on_cursor)
        return Strip(segments).adjust_cell_length(width, fill)


def settled(cursor: int, top: int, count: int, height: int, *, follow: bool) -> tuple[int, int]:
    """Cursor and first row on the screen, within their bounds.

    Args:
        cursor: the index of the row under the cursor, as wanted.
        top: the index of the first row on the screen, as wanted.
        count: how many rows there are.
        height: how many rows the screen shows; 0 before it has a size.
        follow: move the view so that it holds the cursor.
    """
    cursor = max(0, min(cursor, count - 1))
    if not height:
        return cursor, top
    if follow:
        top = max(min(top, cursor), cursor - height + 1)
    return cursor, max(0, min(top, count - height))
