"""The smallest Textual application: the floor under every console written with Textual.

It shows one label, which changes with every key. Started as a program: `python -m tests.benchmarks.floor`.
"""

from __future__ import annotations

from textual import events
from textual.app import App, ComposeResult
from textual.widgets import Static


class Floor(App[None]):
    """One label."""

    presses = 0

    def compose(self) -> ComposeResult:
        yield Static("one label, 0 keys", id="label")

    def on_key(self, event: events.Key) -> None:
        if event.key == "q":
            self.exit()
        self.presses += 1
        self.query_one("#label", Static).update(f"one label, {self.presses} keys")


if __name__ == "__main__":
    Floor().run()
