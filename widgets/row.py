"""What a line on the screen is made of: spans of text, each with the role that gives it its colour."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from rich.cells import cell_len

from opsconsole.domain.reading import Status
from opsconsole.domain.text import plain

ROLES: Final = (
    "text", "ok", "warn", "critical", "unknown", "info", "muted", "title", "key", "spark", "mark", "strong",
)  # fmt: skip
"""Every role; the theme gives each a colour, and no meaning hangs on the colour alone."""


class Span(NamedTuple):
    """A piece of a line: printable text without line breaks, and its role."""

    text: str
    role: str = "text"


Row = tuple[Span, ...]
"""One line, left to right."""


class Glyphs(NamedTuple):
    """The shapes, one set for terminals that show Unicode and one for those that do not.

    Attributes:
        ok, warning, critical, info, unknown, silenced, passed, failed, todo, skipped: the states' shapes.
        bars: from nothing to full, for sparklines.
        separator: between things in a line.
        ellipsis: where text was cut.
        horizontal, vertical, corner, tick: a chart's axes.
        dots: whether braille dots may be drawn.
    """

    ok: str = "●"
    warning: str = "▲"
    critical: str = "■"
    info: str = "◆"
    unknown: str = "?"
    silenced: str = "‖"
    passed: str = "✓"
    failed: str = "✗"
    todo: str = "○"
    skipped: str = "–"
    bars: str = " ▁▂▃▄▅▆▇█"
    separator: str = "·"
    ellipsis: str = "…"
    horizontal: str = "─"
    vertical: str = "│"
    corner: str = "└"
    tick: str = "┤"
    down: str = "▼"
    up: str = "▲"
    leader: str = "⇄"
    dots: bool = True

    def of(self, status: Status) -> str:
        """The shape of a status."""
        return {
            Status.OK: self.ok,
            Status.WARNING: self.warning,
            Status.CRITICAL: self.critical,
            Status.UNKNOWN: self.unknown,
        }[status]


UNICODE: Final = Glyphs()
ASCII: Final = Glyphs(
    ok="*", warning="!", critical="#", info="i", unknown="?", silenced="=", passed="+", failed="x", todo="o",
    skipped="-", bars=" .:-=+*%@", separator="-", ellipsis="~", horizontal="-", vertical="|", corner="+", tick="+",
    down="v", up="^", leader="<>", dots=False,
)  # fmt: skip

STATUS_ROLE: Final = {
    Status.OK: "ok",
    Status.WARNING: "warn",
    Status.CRITICAL: "critical",
    Status.UNKNOWN: "unknown",
}


def as_ascii(text: str) -> str:
    """Text for a terminal that shows ASCII only, as wide as before: what has no ASCII form becomes "?"."""
    if text.isascii():
        return text
    # "inf" is wider than its sign and takes the blanks before it; where there are none, the sign becomes "~".
    return "".join(_ascii_character(character) for character in text.replace("  ∞", "inf"))


_NEAREST: Final = {
    "…": "~", "–": "-", "—": "-", "µ": "u", "·": "-", "→": ">", "×": "x", "∞": "~", "’": "'", "‘": "'",
    "“": '"', "”": '"', "•": "*", "\N{NO-BREAK SPACE}": " ",
}  # fmt: skip


@lru_cache(maxsize=1_024)
def _ascii_character(character: str) -> str:
    if character.isascii():
        return character
    if character in _NEAREST:
        return _NEAREST[character]
    base = unicodedata.normalize("NFD", character)[0]
    return base if base.isascii() else "?" * cell_len(character)


_JOINERS: Final = {0x200D: None, 0xFE0F: None}


def shown(text: str, limit: int = 2_000, *, lines: bool = False) -> str:
    """Text from outside as it may stand in a line, see `domain.text.plain`; and so that its width is beyond doubt.

    Terminals disagree how wide joined emoji are; without what joins them each takes two cells everywhere.
    """
    text = plain(text, limit, lines=lines)
    return text if text.isascii() else text.translate(_JOINERS)


_NARROW: Final = re.compile("[ -~\u00a1-\u00ac\u00ae-\u02ff–…‖●○◆■▲▼✓✗⇄─-╿▀-▟⠀-⣿]*")


def is_narrow(text: str) -> bool:
    """Whether each character takes one cell, so that characters are columns."""
    return bool(_NARROW.fullmatch(text)) or all(cell_len(character) == 1 for character in text)


def cells(text: str) -> int:
    """The columns that a text takes on the screen."""
    return len(text) if _NARROW.fullmatch(text) else cell_len(text)


def cut(text: str, width: int, ellipsis: str = "…") -> str:
    """At most `width` columns of a text; a text that was cut says so."""
    if cells(text) <= width:
        return text
    room = width - len(ellipsis)
    if width <= 0:
        return ""
    if is_narrow(text):
        return text[: max(room, 0)] + ellipsis
    kept = 0
    for character in text:
        room -= cell_len(character)
        if room < 0:
            break
        kept += 1
    return text[:kept] + ellipsis


def padded(text: str, width: int, ellipsis: str = "…") -> str:
    """Exactly `width` columns: the text cut, or followed by blanks."""
    text = cut(text, width, ellipsis)
    return text + " " * (width - cells(text))


def row_text(row: Row) -> str:
    """A line without its colours."""
    return "".join(span.text for span in row)


def row_width(row: Row) -> int:
    """The columns that a line takes."""
    return sum(cells(span.text) for span in row)


def changed_cells(old: Row, new: Row, gap: int = 12) -> list[tuple[int, int]]:
    """Where two lines differ: (start, end) in characters, runs nearer than `gap` joined.

    Writing a run of cells costs some forty bytes of colour and position, so near runs are cheaper as one.
    """
    before = [(character, span.role) for span in old for character in span.text]
    after = [(character, span.role) for span in new for character in span.text]
    longest = max(len(before), len(after))
    blank = (" ", "text")
    before += [blank] * (longest - len(before))
    after += [blank] * (longest - len(after))
    runs: list[tuple[int, int]] = []
    for place, (one, other) in enumerate(zip(before, after, strict=True)):
        if one == other or (one[0] == other[0] == " "):
            continue
        if runs and place - runs[-1][1] < gap:
            runs[-1] = (runs[-1][0], place + 1)
        else:
            runs.append((place, place + 1))
    return runs


def split(row: Row, cuts: Sequence[int]) -> list[Row]:
    """A line cut into columns.

    Args:
        row: the line.
        cuts: where each further column begins, in cells, ascending.

    Returns:
        One row more than there are cuts. A wide character that lies across a cut becomes two blanks; a mark
        without a width of its own stays with the character it belongs to.
    """
    parts: list[list[Span]] = [[] for _ in range(len(cuts) + 1)]
    place = 0
    column = 0
    for span in row:
        text = span.text
        if is_narrow(text):
            column = _cut_narrow(span, place, cuts, column, parts)
            place += len(text)
            continue
        text = "".join(_in_cells(text, place, cuts))
        start = 0
        for index, character in enumerate(text):
            width = cell_len(character)
            while width and column < len(cuts) and place >= cuts[column]:
                if index > start:
                    parts[column].append(Span(text[start:index], span.role))
                start = index
                column += 1
            place += width
        if start < len(text):
            parts[column].append(Span(text[start:], span.role))
    return [tuple(part) for part in parts]


def _cut_narrow(span: Span, place: int, cuts: Sequence[int], column: int, parts: list[list[Span]]) -> int:
    """Cut a span whose characters take one cell each; returns the column that it ends in."""
    start = 0
    while column < len(cuts) and place + len(span.text) > cuts[column]:
        at = max(cuts[column] - place, 0)
        if at > start:
            parts[column].append(Span(span.text[start:at], span.role))
        start = max(start, at)
        column += 1
    if start < len(span.text):
        parts[column].append(Span(span.text[start:], span.role) if start else span)
    return column


def _in_cells(text: str, place: int, cuts: Sequence[int]) -> Iterator[str]:
    """The characters of a text that begins at a cell; those that would lie across a cut are blanked."""
    for character in text:
        width = cell_len(character)
        yield "  " if width == 2 and place + 1 in cuts else character
        place += width
