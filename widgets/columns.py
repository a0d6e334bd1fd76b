"""Lines in columns: the same lines, drawn by one narrow widget a column.

The screen library writes a changed line from the left edge of the widget it lies in. In one wide widget a new age
at the end of a line would carry the whole line across the wire: 250 bytes instead of 55.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from widgets.lines import WHEEL_ROWS, Lines, settled
from widgets.row import Row, split


class ColumnLines(Widget):
    """Lines of spans with a cursor row, cut into columns.

    Args:
        columns: how many there are.
        ascii_only: draw with ASCII only.
        id: the widget's id.
        classes: its style classes.
    """

    class Opened(Message):
        """A row was clicked twice."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(
        self,
        columns: int,
        *,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002 - the library's name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._parts = [Lines(ascii_only=ascii_only, with_cursor=True, column=True) for _ in range(columns)]
        self._cuts: Sequence[int] = ()
        self._count = 0
        self._cursor = 0
        self._top = 0
        self._split: dict[int, tuple[Row, list[Row]]] = {}

    def compose(self) -> ComposeResult:
        """The columns, left to right."""
        yield from self._parts

    def show(self, rows: Sequence[Row], cuts: Sequence[int], *, cursor: int | None = None) -> None:
        """Show these lines, cut at these cells.

        Args:
            rows: every line, top to bottom.
            cuts: where each column but the first begins, in cells; one fewer than there are columns.
            cursor: put the cursor there.
        """
        if tuple(cuts) != tuple(self._cuts):
            self._cuts = tuple(cuts)
            self._split.clear()
            for part, start, end in zip(self._parts, (0, *cuts), (*cuts, None), strict=True):
                part.styles.width = "1fr" if end is None else end - start
        self._count = len(rows)
        if cursor is not None:
            self._cursor = cursor
        known, self._split = self._split, {}
        for row in rows:
            # By identity: a row that has not changed is handed in as the same object.
            found = known.get(id(row))
            self._split[id(row)] = found if found is not None and found[0] is row else (row, split(row, cuts))
        columns = zip(*(self._split[id(row)][1] for row in rows), strict=True) if rows else [()] * len(self._parts)
        for part, column in zip(self._parts, columns, strict=True):
            part.show(column)
        self._settle()

    @property
    def cursor(self) -> int:
        """The index of the row under the cursor."""
        return self._cursor

    @property
    def top(self) -> int:
        """The index of the first row on the screen."""
        return self._top

    @property
    def page(self) -> int:
        """The rows of a page."""
        return max(1, self.size.height - 1)

    def _settle(self, *, follow: bool = False) -> None:
        """Keep cursor and view within bounds and alike: a value never stands beside another's name."""
        self._cursor, self._top = settled(self._cursor, self._top, self._count, self.size.height, follow=follow)
        for part in self._parts:
            part.place(self._cursor, self._top)

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self._settle(follow=True)

    def go_to(self, index: int) -> None:
        """Put the cursor on a row and bring it into view."""
        self._cursor = index
        self._settle(follow=True)

    def reveal(self, index: int) -> None:
        """Bring a row into view that lies above it, the cursor staying where it is."""
        if index < self._top:
            self._top = index
            self._settle()

    def scroll_rows(self, step: int) -> None:
        """Move the view by so many rows."""
        self._top += step
        self._settle()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move the view down."""
        self.scroll_rows(WHEEL_ROWS)
        event.stop()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move the view up."""
        self.scroll_rows(-WHEEL_ROWS)
        event.stop()

    def on_click(self, event: events.Click) -> None:
        """Select the row that was clicked; a second click opens it."""
        index = self._top + event.y
        if index < self._count:
            self.go_to(index)
            if event.chain == 2:
                self.post_message(self.Opened(index))
