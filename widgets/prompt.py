"""One line to write into, over the footer: for a note, a filter, a name."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static


class Prompt(Horizontal):
    """A question and one line for the answer. Enter gives it, Esc takes it back.

    Args:
        question: what is asked.
        text: what stands there at first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel", show=False)]

    DEFAULT_CSS = """
    Prompt {
        layer: above;
        dock: bottom;
        height: 1;
        background: $panel;
        & > Static { width: auto; color: $ops-key; text-style: bold; background: $panel; }
        & > Input, & > Input:focus {
            width: 1fr; height: 1; border: none; padding: 0; background: $panel; color: $foreground;
        }
    }
    """

    class Changed(Message):
        """The text was changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Answered(Message):
        """Enter was pressed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Cancelled(Message):
        """Esc was pressed."""

    def __init__(self, question: str, text: str = "") -> None:
        super().__init__()
        self._question = question
        self._text = text

    def compose(self) -> ComposeResult:
        """The question, then the line."""
        yield Static(f"{self._question} > ", markup=False)
        line = Input(self._text, compact=True, select_on_focus=False)
        line.cursor_blink = False
        yield line

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what is typed."""
        event.stop()
        self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the answer."""
        event.stop()
        self.post_message(self.Answered(event.value))

    def action_cancel(self) -> None:
        """Take the question back."""
        self.post_message(self.Cancelled())
