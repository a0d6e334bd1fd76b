"""Asking for one line of text over the footer, for an application whose screens are ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.widgets import Input

from screens.base import ConsoleScreen

if TYPE_CHECKING:
    from textual.app import App

    from widgets.prompt import Prompt


class Question(NamedTuple):
    """What happens with a line that is asked for.

    Attributes:
        done: called with the text on Enter.
        changed: called with the text whenever it changes, None where nobody follows.
        cancelled: called on Esc, None where nothing is to be taken back.
    """

    done: Callable[[str], object]
    changed: Callable[[str], object] | None = None
    cancelled: Callable[[], object] | None = None


class Asking:
    """The part of the application that asks for a line and hands over the answer.

    Attributes:
        opening: what has to be there before the next key may be taken, None when nothing is being opened.
    """

    opening: Awaitable[object] | None = None
    _question: Question | None = None

    @property
    def _application(self) -> App[int]:
        return cast("App[int]", self)

    def ask(
        self,
        question: str,
        text: str,
        *,
        done: Callable[[str], object],
        changed: Callable[[str], object] | None = None,
        cancelled: Callable[[], object] | None = None,
    ) -> None:
        """Ask for one line over the footer; further keys go into it."""
        from widgets.prompt import Prompt

        screen = self._application.screen
        if not isinstance(screen, ConsoleScreen) or screen.query(Prompt):
            return
        self._question = Question(done, changed, cancelled)
        self.opening = screen.mount(Prompt(question, text))

    async def settle(self) -> None:
        """Wait until what is being opened to be written into is there, and give it the keys."""
        if self.opening is not None:
            opening, self.opening = self.opening, None
            await opening
            screen = self._application.screen
            screen.set_focus(screen.query(Input).first())

    def on_prompt_changed(self, message: Prompt.Changed) -> None:
        """Somebody types."""
        if self._question is not None and self._question.changed is not None:
            self._question.changed(message.text)

    async def on_prompt_answered(self, message: Prompt.Answered) -> None:
        """Enter was pressed."""
        question = await self._end()
        if question is not None:
            question.done(message.text)

    async def on_prompt_cancelled(self, message: Prompt.Cancelled) -> None:
        """Esc was pressed."""
        question = await self._end()
        if question is not None and question.cancelled is not None:
            question.cancelled()

    async def _end(self) -> Question | None:
        from widgets.prompt import Prompt

        question, self._question = self._question, None
        await self._application.screen.query(Prompt).remove()
        return question
