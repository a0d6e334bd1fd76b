"""What a screen is given to work with: the board, the journal, the configuration and the clocks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from opsconsole.commands import Situation
from opsconsole.config.model import Config
from opsconsole.monitor.board import Board
from opsconsole.monitor.clocks import Clocks
from opsconsole.terminal import Profile

if TYPE_CHECKING:
    from opsconsole.domain.entries import Entry, NewEntry
    from opsconsole.domain.series import Bucket


class History(Protocol):
    """What happened, as far as a screen may ask and add to it."""

    @property
    def problem(self) -> str:
        """Why nothing can be recorded now, "" when it can."""
        ...

    def append(self, entry: NewEntry) -> Awaitable[Entry]:
        """Record an entry; the result is there when it is durable."""
        ...

    def newest(self, limit: int, text: str = "") -> Awaitable[Sequence[Entry]]:
        """The newest entries, oldest first, optionally only those that contain a text."""
        ...

    def buckets(self, series: str, start: float, end: float, count: int) -> Awaitable[Sequence[Bucket]]:
        """A stored series cut into spans of time."""
        ...


@dataclass(slots=True)
class Context:
    """What a screen is given.

    Attributes:
        config: the configuration.
        profile: what the terminal can do.
        board: what is true now.
        clocks: both clocks.
        keys: command id → its keys.
        history: the journal and the stored series; None until it is open.
        history_problem: why the journal could not be opened, "" when it could or is still being opened.
        session: the id that this session's entries carry, "" before it has one.
        distress: what the operator has to know of the disk or the journal now, "" when all is well.
        role: "leader" when this console records what it polls, "second" when another one does.
        banner: a line about where one is ("demo: downtime"), "" for none.
        poll_now: polls every source at once.
    """

    config: Config
    profile: Profile
    board: Board
    clocks: Clocks
    keys: Mapping[str, tuple[str, ...]]
    history: History | None = None
    history_problem: str = ""
    session: str = ""
    distress: str = ""
    role: str = ""
    banner: str = ""
    poll_now: Callable[[], None] = field(default=lambda: None)

    @property
    def ascii_only(self) -> bool:
        """Whether only ASCII may be drawn."""
        asked = self.config.ui.ascii
        return not self.profile.unicode if asked is None else asked

    def situation(self, screen: str, selection: str = "") -> Situation:
        """What a command needs to know to say whether it can run now."""
        problem = self.history_problem
        if self.history is None and not problem:
            problem = "the journal is still being opened"
        elif self.history is not None:
            problem = self.history.problem
        return Situation(screen, selection, self.config.read_only, problem)
