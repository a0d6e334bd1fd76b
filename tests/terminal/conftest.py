"""Terminals that are closed when their test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.console import Terminal

Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(argv, **options of Terminal)`: a program in a terminal, with its home below the test's folder."""
    home = tmp_path / "home"
    home.mkdir()
    with ExitStack() as stack:
        yield lambda argv, **options: stack.enter_context(Terminal(argv, **{"home": home, **options}))


@pytest.fixture
def python(start: Start) -> Callable[..., Terminal]:
    """`python(source)`: a Python program of a few lines in a terminal."""
    import sys

    def run(source: str, **options: Any) -> Terminal:
        return start([sys.executable, "-S", "-c", source], **options)

    return run
