"""The widgets that draw: only what changed is written again, and nothing that a terminal would act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

import screens
import themes
from screens.theme import theme_of
from widgets.columns import ColumnLines
from widgets.lines import Lines
from widgets.row import ROLES, Row, Span, row_text


class Stage(App[None]):
    """One widget on an empty screen."""

    CSS_PATH = screens.STYLES
    CSS = "Screen > Lines, ColumnLines { height: 1fr; }"

    def __init__(self, widget: Lines | ColumnLines) -> None:
        super().__init__()
        self.widget = widget
        self.opened: list[int] = []
        palette = themes.load(themes.DEFAULT)
        self.register_theme(theme_of(palette))
        self.theme = palette.name

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_lines_opened(self, message: Lines.Opened) -> None:
        self.opened.append(message.index)

    def on_column_lines_opened(self, message: ColumnLines.Opened) -> None:
        self.opened.append(message.index)

    def text(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.screen._compositor.render_strips()]


@contextmanager
def watched(*widgets: Lines) -> Iterator[list[Region]]:
    """The regions that these widgets ask to be written again; the whole widget where they name none."""
    asked: list[Region] = []
    with pytest.MonkeyPatch.context() as patch:
        for widget in widgets:
            refresh = widget.refresh

            def heard(*regions: Region, widget: Lines = widget, refresh: Any = refresh, **more: Any) -> Any:
                asked.extend(regions or [widget.size.region])
                return refresh(*regions, **more)

            patch.setattr(widget, "refresh", heard)
        yield asked


def numbered(count: int, age: int = 4) -> list[Row]:
    """So many lines as the Metrics screen has them."""
    return [(Span("● ", "ok"), Span(f"web-{n:02}{'':30}"), Span(f"{age} s", "muted")) for n in range(count)]


async def settled(pilot: Pilot[None]) -> None:
    """Wait until everything asked for is drawn."""
    await pilot.pause()


async def test_equal_lines_write_nothing() -> None:
    lines = Lines()
    async with Stage(lines).run_test(size=(60, 10)) as pilot:
        lines.show(numbered(8))
        await settled(pilot)
        with watched(lines) as asked:
            lines.show(numbered(8))
            lines.show(tuple(lines.rows))
        assert asked == []


async def test_only_the_cells_that_changed_are_written() -> None:
    lines = Lines()
    app = Stage(lines)
    async with app.run_test(size=(60, 10)) as pilot:
        lines.show(numbered(8))
        await settled(pilot)
        rows = numbered(8)
        rows[3] = (Span("▲ ", "warn"), *rows[3][1:2], Span("5 s", "muted"))
        with watched(lines) as asked:
            lines.show(rows)
        assert asked == [Region(0, 3, 1, 1), Region(38, 3, 1, 1)]
        await settled(pilot)
        assert app.text()[3] == row_text(rows[3])


async def test_a_line_with_wide_characters_is_written_whole() -> None:
    lines = Lines()
    async with Stage(lines).run_test(size=(60, 4)) as pilot:
        lines.show([(Span("東京 4 s"),)])
        await settled(pilot)
        with watched(lines) as asked:
            lines.show([(Span("東京 5 s"),)])
        assert asked == [Region(0, 0, 60, 1)]


async def test_lines_that_came_or_went_are_written_and_no_others() -> None:
    lines = Lines()
    app = Stage(lines)
    async with app.run_test(size=(60, 10)) as pilot:
        lines.show(numbered(5))
        await settled(pilot)
        with watched(lines) as asked:
            lines.show(numbered(4))
        assert {region.y for region in asked} == {4}
        await settled(pilot)
        assert app.text()[3:5] == [row_text(numbered(4)[3]), ""]
        with watched(lines) as asked:
            lines.show([*lines.rows, (Span("new"),)])
        assert {region.y for region in asked} == {4}


async def test_a_line_below_the_window_is_not_written() -> None:
    lines = Lines()
    async with Stage(lines).run_test(size=(60, 5)) as pilot:
        lines.show(numbered(20))
        await settled(pilot)
        rows = list(lines.rows)
        rows[12] = (Span("elsewhere"),)
        with watched(lines) as asked:
            lines.show(rows)
        assert asked == []


async def test_moving_the_cursor_writes_two_lines_and_scrolling_all() -> None:
    lines = Lines(with_cursor=True)
    async with Stage(lines).run_test(size=(60, 5)) as pilot:
        lines.show(numbered(20))
        await settled(pilot)
        with watched(lines) as asked:
            lines.move(1)
        assert asked == [Region(0, 0, 60, 1), Region(0, 1, 60, 1)]
        with watched(lines) as asked:
            lines.go_to(10)
        assert asked == [Region(0, 0, 60, 5)]
        assert (lines.cursor, lines.top) == (10, 6)
        with watched(lines) as asked:
            lines.go_to(10)
        assert asked == []


async def test_the_cursor_stays_within_the_lines_and_in_view() -> None:
    lines = Lines(with_cursor=True)
    async with Stage(lines).run_test(size=(60, 5)) as pilot:
        lines.show(numbered(20))
        lines.go_to(99)
        assert (lines.cursor, lines.top, lines.at_end) == (19, 15, True)
        lines.move(-99)
        assert (lines.cursor, lines.top, lines.at_end) == (0, 0, False)
        lines.go_to(19)
        lines.show(numbered(3))
        assert (lines.cursor, lines.top) == (2, 0)
        lines.show([])
        assert (lines.cursor, lines.top) == (0, 0)
        lines.show(numbered(20))
        lines.go_to(9)
        await pilot.resize_terminal(60, 3)
        await settled(pilot)
        assert lines.top <= 9 < lines.top + 3


async def test_a_line_that_is_too_long_is_cut_and_never_wrapped() -> None:
    lines = Lines()
    app = Stage(lines)
    async with app.run_test(size=(20, 3)) as pilot:
        lines.show([(Span("x" * 50),), (Span("東京" * 20),)])
        await settled(pilot)
        assert [cell_len(line) for line in app.text()] == [20, 20, 0]


async def test_what_a_terminal_would_act_on_is_never_drawn() -> None:
    lines = Lines()
    app = Stage(lines)
    async with app.run_test(size=(60, 3)) as pilot:
        lines.show([(Span("a\x1b[2Jb\x07c\nd\u202ee"),)])
        await settled(pilot)
        assert app.text()[0] == "abc de"


async def test_ascii_only_lines_are_ascii_and_as_wide() -> None:
    lines = Lines(ascii_only=True)
    app = Stage(lines)
    async with app.run_test(size=(60, 3)) as pilot:
        lines.show([(Span("東京 – 3 µs│"),)])
        await settled(pilot)
        assert app.text()[0] == "???? - 3 us?"


async def test_every_role_has_a_colour_and_the_theme_can_change() -> None:
    lines = Lines(with_cursor=True)
    app = Stage(lines)
    async with app.run_test(size=(100, 3)) as pilot:
        lines.show([(), tuple(Span(f"{role} ", role) for role in ROLES)])
        await settled(pilot)

        def colors() -> dict[str, Any]:
            return {s.text.strip(): s.style.color for s in lines.render_line(1) if s.style and s.text.strip()}

        dark = colors()
        assert set(dark) == set(ROLES)
        assert dark["critical"] != dark["ok"] != dark["warn"]
        app.register_theme(theme_of(themes.load("opsconsole-light")))
        app.theme = "opsconsole-light"
        await settled(pilot)
        assert colors()["critical"] != dark["critical"]


async def test_a_double_click_opens_a_line_and_the_wheel_scrolls() -> None:
    lines = Lines(with_cursor=True)
    app = Stage(lines)
    async with app.run_test(size=(60, 5)) as pilot:
        lines.show(numbered(20))
        await settled(pilot)
        await pilot.click(Lines, offset=(5, 2), times=2)
        assert app.opened == [2]
        assert lines.cursor == 2
        await pilot._post_mouse_events([_wheel_down()], Lines, offset=(5, 2))
        await settled(pilot)
        assert lines.top == 3


def _wheel_down() -> type[Any]:
    from textual.events import MouseScrollDown

    return MouseScrollDown


# -- in columns


async def test_an_age_that_changed_is_written_in_its_column_alone() -> None:
    columns = ColumnLines(3)
    app = Stage(columns)
    async with app.run_test(size=(60, 10)) as pilot:
        rows = numbered(8)
        columns.show(rows, (2, 37))
        await settled(pilot)
        assert app.text()[3] == row_text(rows[3])
        parts = list(columns.query(Lines))
        changed = [*rows[:3], *numbered(8, age=5)[3:4], *rows[4:]]
        with watched(*parts[:2]) as left, watched(parts[2]) as right:
            columns.show(changed, (2, 37))
        assert left == []
        assert right == [Region(1, 3, 1, 1)]
        await settled(pilot)
        assert app.text()[3] == row_text(changed[3])


async def test_equal_rows_in_columns_write_nothing() -> None:
    columns = ColumnLines(3)
    async with Stage(columns).run_test(size=(60, 10)) as pilot:
        rows = numbered(8)
        columns.show(rows, (2, 37))
        await settled(pilot)
        with watched(*columns.query(Lines)) as asked:
            columns.show(rows, (2, 37))
            columns.show(numbered(8), (2, 37), cursor=0)
        assert asked == []


async def test_the_columns_move_together_and_fit_a_new_size() -> None:
    columns = ColumnLines(3)
    app = Stage(columns)
    async with app.run_test(size=(60, 5)) as pilot:
        rows = numbered(20)
        columns.show(rows, (2, 37))
        await settled(pilot)
        columns.go_to(10)
        assert {(part.cursor, part.top) for part in columns.query(Lines)} == {(10, 6)}
        columns.scroll_rows(-2)
        await settled(pilot)
        assert app.text() == [row_text(row) for row in rows[4:9]]
        columns.show(rows, (5, 20))
        await settled(pilot)
        assert app.text() == [row_text(row) for row in rows[4:9]]
        columns.show([], (5, 20))
        await settled(pilot)
        assert app.text() == [""] * 5


async def test_a_double_click_opens_the_row_in_whichever_column() -> None:
    columns = ColumnLines(3)
    app = Stage(columns)
    async with app.run_test(size=(60, 5)) as pilot:
        columns.show(numbered(4), (2, 37))
        await settled(pilot)
        await pilot.click(ColumnLines, offset=(45, 1), times=2)
        assert app.opened == [1]
        assert columns.cursor == 1
        await pilot.click(ColumnLines, offset=(45, 4), times=2)
        assert app.opened == [1], "there is no row below the last"
