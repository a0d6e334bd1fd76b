"""What is loaded when: each case in a Python of its own, which tells the modules it ended with."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.terminal.configuration import configuration
from tests.terminal.imports import SDKS
from tests.terminal.site import REPOSITORY, Site

SCREEN: Final = {"textual", "rich"}
ROOMS: Final = ("opsconsole", "screens", "widgets", "themes")
_REPORT: Final = """
import atexit, json, sys
atexit.register(lambda: open({path!r}, "w").write(json.dumps(sorted(sys.modules))))
"""


def modules_after(program: str, folder: Path, *, accepted: Sequence[int] = (0,)) -> set[str]:
    """The top-level modules a Python has loaded when it has run this program."""
    path = folder / "modules.json"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", _REPORT.format(path=str(path)) + program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in accepted, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    names: list[str] = json.loads(path.read_text(encoding="utf-8"))
    return {name.partition(".")[0] for name in names}


def command(*arguments: str) -> str:
    """A program that runs the command line."""
    return f"from opsconsole.cli.main import main\nmain({list(arguments)!r})"


def test_the_command_line_itself_loads_nothing_heavy(tmp_path: Path) -> None:
    loaded = modules_after("import opsconsole.cli.main", tmp_path)
    assert not loaded & (SDKS | SCREEN | {"asyncio", "sqlite3", "ssl"})


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["check", "--help"]])
def test_help_and_version_load_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    loaded = modules_after(command(*arguments), tmp_path)
    assert not loaded & (SDKS | SCREEN)


def test_a_check_of_this_machine_loads_no_screen_and_no_http_client(tmp_path: Path) -> None:
    config = configuration(tmp_path / "host.toml", host=True)
    loaded = modules_after(command("check", "--json", "--config", str(config)), tmp_path, accepted=(0, 1, 2))
    assert not loaded & (SCREEN | SDKS - {"psutil"})


def test_a_check_of_a_web_site_loads_no_screen_and_no_sdk(tmp_path: Path) -> None:
    with Site() as site:
        config = configuration(tmp_path / "web.toml", probes=[{"id": "web", "url": site.url()}])
        loaded = modules_after(command("check", "--json", "--config", str(config)), tmp_path)
    assert not loaded & (SCREEN | {"supabase", "sentry_sdk", "psycopg", "tomlkit"})


@pytest.mark.parametrize(
    "arguments",
    [
        ["log", "show", "--json"],
        ["log", "add", "a note"],
        ["log", "verify"],
        ["themes", "list"],
        ["doctor", "--json"],
    ],
)
def test_commands_without_a_screen_never_load_one(arguments: list[str], tmp_path: Path) -> None:
    config = configuration(tmp_path / "nothing.toml")
    modules_after(command("log", "add", "the first entry", "--config", str(config)), tmp_path)
    loaded = modules_after(command(*arguments, "--config", str(config)), tmp_path, accepted=(0, 1))
    assert not loaded & (SCREEN | {"httpx", "supabase", "sentry_sdk"})


def test_the_application_is_loaded_without_any_sdk(tmp_path: Path) -> None:
    loaded = modules_after("import opsconsole.app", tmp_path)
    assert "textual" in loaded
    assert not loaded & (SDKS | {"sqlite3", "click"})


def test_only_the_screens_and_what_they_are_made_of_import_the_screen_library() -> None:
    importing = {
        path.relative_to(REPOSITORY).as_posix()
        for room in ROOMS
        for path in (REPOSITORY / room).rglob("*.py")
        if SCREEN & imported(path)
    }
    outside = {name for name in importing if not name.startswith(("screens/", "widgets/"))}
    assert outside == {"opsconsole/app.py"}


def imported(path: Path) -> set[str]:
    """The top-level names of everything a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names
