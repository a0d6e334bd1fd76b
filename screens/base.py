"""What every screen has: the header, a body, a line that explains, the footer, and commands instead of code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import ClassVar, Final, Protocol, cast

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from opsconsole.commands import REGISTRY
from opsconsole.context import Context
from opsconsole.domain.reading import Status, worst
from opsconsole.domain.units import until_next_age
from opsconsole.monitor.board import GRACE, STALE_AFTER, Freshness
from screens.hints import hints
from widgets.lines import Lines
from widgets.row import ASCII, STATUS_ROLE, UNICODE, Glyphs, Row, Span, cells, cut, row_width

FLASH_SECONDS: Final = 6.0
LEAST_SIZE: Final = (40, 10)
"""Characters and lines below which nothing can be read that would be worth it."""
TABS: Final = (("screen.metrics", "metrics", "Metrics"), ("screen.log", "log", "Log"))


class Console(Protocol):
    """What a screen asks of the application it is shown in."""

    async def perform(self, command: str) -> None:
        """Run a command of the registry, or say why it cannot run now."""
        ...

    def ask(
        self,
        question: str,
        text: str,
        *,
        done: Callable[[str], object],
        changed: Callable[[str], object] | None = None,
        cancelled: Callable[[], object] | None = None,
    ) -> None:
        """Ask for one line over the footer."""
        ...


class ConsoleScreen(Screen[None]):
    """A screen of the console. A subclass names itself, gives its body, and paints it from the board.

    Attributes:
        NAME: the name its commands carry in the registry.
        ALSO: commands of no screen that its footer shows as well.
    """

    NAME: ClassVar[str] = ""
    ALSO: ClassVar[tuple[str, ...]] = ()
    AUTO_FOCUS = ""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.glyphs: Glyphs = ASCII if context.ascii_only else UNICODE
        self._flash: Row | None = None
        self._flashes = 0

    @property
    def console_app(self) -> Console:
        """The application, as far as screens need it."""
        return cast("Console", self.app)

    # -- the frame

    def compose(self) -> ComposeResult:
        """Header, body, explanation and footer, top to bottom."""
        plain = self.context.ascii_only
        yield Lines(id="header", ascii_only=plain)
        yield from self.body()
        yield Lines(id="footer", ascii_only=plain)

    def body(self) -> Iterable[Widget]:
        """What stands between header and footer."""
        return ()

    def on_mount(self) -> None:
        """Have the lines ready before the first frame; `on_resize` paints again once the sizes are known."""
        self.paint()

    def on_resize(self) -> None:
        """Fit everything to the new size."""
        self.call_later(self.paint)

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was in front."""
        self.paint()

    def paint(self) -> None:
        """Draw everything from the present state; what has not changed is not written."""
        if not self.is_mounted:
            return
        width = self.width
        if self.size and (width < LEAST_SIZE[0] or self.size.height < LEAST_SIZE[1]):
            self._say_too_small()
            return
        self.query_one("#header", Lines).show(self.header(width))
        self.paint_body()
        self.explain()

    def _say_too_small(self) -> None:
        """One sentence instead of lines that would be cut until they say something else."""
        for lines in self.query(Lines):
            lines.show([])
        width, height = LEAST_SIZE
        words = f"too small: {width}x{height} is the least"
        self.query_one("#header", Lines).show([(Span(words, "warn"),)])

    @property
    def width(self) -> int:
        """Characters in a line; the terminal's own before the screen has a size."""
        return self.size.width or self.app.size.width

    def explain(self) -> None:
        """Draw the two lines at the bottom: what is under the cursor (or was just done), and the keys."""
        width = self.width
        self.query_one("#footer", Lines).show([self._flash or self.detail(width), self.footer(width)])

    def paint_body(self) -> None:
        """Draw the body."""

    def detail(self, width: int) -> Row:
        """The line that explains what is under the cursor."""
        return ()

    def footer(self, width: int) -> Row:
        """The keys that are most worth knowing here."""
        return hints(self.NAME, self.context.keys, width, self.ALSO)

    def until_repaint(self) -> float:
        """Seconds until something shown here reads differently although nothing came in: an age, the clock."""
        step = 1.0 if self.context.config.ui.clock_seconds else 60.0
        pause = step - self.context.clocks.wall() % step
        for state in self.context.board.sources():
            if state.last_good is not None:
                age = self.context.clocks.monotonic() - state.last_good
                pause = min(pause, until_next_age(age), max(0.05, _until_stale(age, state.interval)))
        return pause + 0.01

    # -- header

    def header(self, width: int) -> list[Row]:
        """Who and where one is, the worst state, the clock; and the screens."""
        project = self.context.config.project
        left: list[Span] = [Span(f"{project.name} {self.glyphs.separator} {project.environment}", "strong")]
        if self.context.config.read_only:
            left.append(Span("  READ-ONLY", "mark"))
        left += self._summary()
        if self.context.distress:
            left.append(Span(f"  {self.glyphs.critical} {self.context.distress}", "critical"))
        if self.context.banner:
            left.append(Span(f"   {self.context.banner}", "mark"))
        right = self._right()
        room = width - row_width(right) - 1
        return [(*_fit(left, room, self.glyphs.ellipsis), Span(" "), *right), self._tabs(width)]

    def _summary(self) -> list[Span]:
        observations = self.context.board.observations()
        known = [o for o in observations if o.freshness is not Freshness.WAITING]
        if not known:
            return [Span(f"   {self.glyphs.unknown} waiting for the first readings", "muted")]
        status = worst(o.verdict.status for o in known)
        count = sum(1 for o in known if o.verdict.status is status)
        words = f"   {self.glyphs.of(status)} {status.value.upper()} "
        rest = f"{count} of {len(known)}" if status is not Status.OK else f"{count} readings"
        return [Span(words, STATUS_ROLE[status]), Span(rest, "text")]

    def _right(self) -> Row:
        now = datetime.fromtimestamp(self.context.clocks.wall(), UTC)
        clock = now.strftime("%H:%M:%S UTC" if self.context.config.ui.clock_seconds else "%H:%M UTC")
        role = f"  {self.glyphs.leader} {self.context.role}" if self.context.role else ""
        return (Span(clock, "text"), Span(role, "muted"))

    def _tabs(self, width: int) -> Row:
        spans: list[Span] = []
        for command, name, title in TABS:
            keys = self.context.keys[command]
            here = name == self.NAME
            spans.append(Span(f"{keys[0]} " if keys else "", "key"))
            spans.append(Span(title, "strong" if here else "muted"))
            spans.append(Span("  "))
        return tuple(spans)

    # -- commands

    def selection(self) -> str:
        """The id of the row under the cursor, "" for none."""
        return ""

    def why_not(self, command: str) -> str:
        """The reason a command cannot run now, "" when it can."""
        return REGISTRY[command].why_not(self.context.situation(self.NAME, self.selection()))

    def handler(self, command: str) -> Callable[[], None] | None:
        """What this screen does on a command, None where it does nothing of its own."""
        found = getattr(self, f"do_{command.replace('.', '_')}", None)
        return cast("Callable[[], None]", found) if callable(found) else None

    def flash(self, words: str, role: str = "info") -> None:
        """Say something for a moment in the line above the footer."""
        shape = {"info": self.glyphs.info, "ok": self.glyphs.passed, "warn": self.glyphs.warning}.get(
            role, self.glyphs.critical
        )
        self._flash = (Span(f"{shape} ", role), Span(words, "text"))
        self._flashes += 1
        mine = self._flashes

        def over() -> None:
            if self._flashes == mine:
                self._flash = None
                self.paint()

        self.set_timer(FLASH_SECONDS, over)
        self.paint()


def _until_stale(age: float, interval: float) -> float:
    left = STALE_AFTER * interval + GRACE - age
    return left if left > 0 else 3_600.0


def _fit(spans: list[Span], room: int, ellipsis: str) -> list[Span]:
    """The spans cut and padded to exactly so many characters."""
    fitted: list[Span] = []
    for span in spans:
        if room <= 0:
            break
        text = cut(span.text, room, ellipsis)
        fitted.append(Span(text, span.role))
        room -= cells(text)
    if room > 0:
        fitted.append(Span(" " * room))
    return fitted
