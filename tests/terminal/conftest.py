"""Terminals that are closed when their test ends, and consoles in them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.terminal.configuration import Value, configuration
from tests.terminal.console import Terminal
from tests.terminal.shell import terminal_environment
from tests.terminal.site import REPOSITORY, Site

Start = Callable[..., Terminal]
OPSCONSOLE: Final = (sys.executable, "-m", "opsconsole")


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

    def run(source: str, **options: Any) -> Terminal:
        return start([sys.executable, "-S", "-c", source], **options)

    return run


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A site of four ports that answers; tests that break one start their own."""
    with Site(4) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Consoles:
    """Consoles of one test: one data folder, one home.

    Attributes:
        folder: the test's folder.
        start: starts a program in a terminal.
    """

    folder: Path
    start: Start

    @property
    def data(self) -> Path:
        """The data folder of them all."""
        return self.folder / "data"

    def configure(self, **content: Any) -> Path:
        """A configuration file with this content; see `configuration`."""
        return configuration(self.folder / "opsconsole.toml", **content)

    def open(self, config: Path, *arguments: str, wait: bool = True, **options: Any) -> Terminal:
        """A console on this configuration; `wait` for its first frame."""
        argv = [*OPSCONSOLE, "--config", str(config), "--data-dir", str(self.data), *arguments]
        terminal = self.start(argv, cwd=REPOSITORY, **options)
        if wait:
            terminal.wait_for("acme-web")
        return terminal

    def watching(self, *probes: Mapping[str, Value], **options: Any) -> Terminal:
        """A console on these probes, with their first readings on the screen."""
        terminal = self.open(self.configure(probes=probes), **options)
        for probe in probes:
            terminal.wait_for(rf"[●■▲] {probe['id']} ")
        return terminal

    def journal(self) -> list[dict[str, Any]]:
        """The entries of the session log, by `opsconsole log show --json` in another process."""
        argv = [*OPSCONSOLE, "log", "show", "--json"]
        argv += ["--config", str(self.folder / "opsconsole.toml"), "--data-dir", str(self.data)]
        environment = terminal_environment(self.folder / "home", {})
        done = subprocess.run(argv, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        entries: list[dict[str, Any]] = json.loads(done.stdout)["entries"]
        return entries

    def kinds(self) -> list[str]:
        """The kinds of the journal's entries, oldest first."""
        return [str(entry["kind"]) for entry in self.journal()]


@pytest.fixture(scope="module")
def one_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consoles]:
    """Consoles that several tests of a file share, as a person opens one in the morning and walks about in it."""
    folder = tmp_path_factory.mktemp("day")
    home = folder / "home"
    home.mkdir()
    with ExitStack() as stack:
        yield Consoles(
            folder, lambda argv, **given: stack.enter_context(Terminal(argv, **{"home": home, **given}))
        )


@pytest.fixture
def consoles(start: Start, tmp_path: Path) -> Consoles:
    """Consoles in terminals, all of one operator."""
    return Consoles(tmp_path, start)
