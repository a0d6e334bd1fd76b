"""How the project is laid out: small files, named by what they hold, typed, and free of what belongs elsewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from tests.terminal.site import REPOSITORY

PACKAGES: Final = ("opsconsole", "screens", "widgets", "themes")
LONGEST: Final = 400
VAGUE: Final = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}


def sources(*rooms: str) -> list[Path]:
    """Every Python file below these folders."""
    return sorted(path for room in rooms for path in (REPOSITORY / room).rglob("*.py"))


def test_no_file_is_long() -> None:
    lengths = {
        path.relative_to(REPOSITORY).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources(*PACKAGES, "tests")
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_that_it_is_typed(package: str) -> None:
    assert (REPOSITORY / package / "py.typed").is_file()


def test_files_are_named_by_what_they_hold() -> None:
    assert [path for path in sources(*PACKAGES, "tests") if set(path.stem.split("_")) & VAGUE] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        path for path in sources(*PACKAGES, "tests") if not path.read_text(encoding="utf-8").startswith('"""')
    ]
    assert [path for path in silent if path.read_text(encoding="utf-8").strip()] == []


def test_every_room_of_the_core_has_tests() -> None:
    rooms = {path.name for path in (REPOSITORY / "opsconsole").iterdir() if (path / "__init__.py").is_file()}
    rooms |= set(PACKAGES) - {"opsconsole"}
    without = {room for room in rooms if not list((REPOSITORY / "tests" / room).glob("test_*.py"))}
    assert without == set()


def test_no_test_waits_by_sleeping() -> None:
    """Steps of a polling loop, 0.1 s at most, are all that `sleep` is for."""
    sleeping = {
        f"{path.relative_to(REPOSITORY)}:{node.lineno}"
        for path in sources("tests")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "sleep"
        for seconds in node.args
        if isinstance(seconds, ast.Constant) and float(str(seconds.value)) > 0.1
    }
    assert sleeping == set()


def test_the_locks_name_no_index() -> None:
    for lock in (REPOSITORY / "requirements").glob("*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert not re.search(r"https?://|--(?:extra-)?index-url|--find-links", text), lock.name
        assert "--hash=sha256:" in text
