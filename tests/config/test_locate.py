"""At which line of a TOML file each value stands."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opsconsole.config.locate import Lines
from opsconsole.config.problems import KeyPath

EVERYTHING = '''\
# a comment = 1
top = 1
dotted.key . here = { inner = 2, "quoted \\u0041" = [1, 2] }

[project] # [not] a = header
"name.with.dots" = "a # b"
'literal key' = """
[no]
key = 1 \\"""
"""   # done
long = \'\'\'
x = """ \'\'\'
list = [ # first
  "one",  # ]
  [ "deep",
    "]" ],
  { a = 1, b = [
     5,
     6 ] },
]

[[probe]]
id = "first"
[probe.expect]
status = ["2xx"]
[[probe.check]]
id = 1
[[probe.check]]
id = 2
[[probe]]
  id = "second"
  [probe.expect.json]
  a.b = 1
[x.y.z]
[x]
w = 2024-01-01 00:00:00
'''

PLACES: list[tuple[KeyPath, int]] = [
    (("top",), 2),
    (("dotted",), 3),
    (("dotted", "key", "here"), 3),
    (("dotted", "key", "here", "inner"), 3),
    (("dotted", "key", "here", "quoted A", 1), 3),
    (("project",), 5),
    (("project", "name.with.dots"), 6),
    (("project", "literal key"), 7),
    (("project", "long"), 11),
    (("project", "list"), 13),
    (("project", "list", 0), 14),
    (("project", "list", 1), 15),
    (("project", "list", 1, 1), 16),
    (("project", "list", 2, "a"), 17),
    (("project", "list", 2, "b", 1), 19),
    (("probe",), 22),
    (("probe", 0), 22),
    (("probe", 0, "id"), 23),
    (("probe", 0, "expect"), 24),
    (("probe", 0, "expect", "status", 0), 25),
    (("probe", 0, "check", 0, "id"), 27),
    (("probe", 0, "check", 1), 28),
    (("probe", 0, "check", 1, "id"), 29),
    (("probe", 1), 30),
    (("probe", 1, "id"), 31),
    (("probe", 1, "expect"), 32),
    (("probe", 1, "expect", "json", "a", "b"), 33),
    (("x", "y", "z"), 34),
    (("x",), 35),
    (("x", "w"), 36),
]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(("path", "line"), PLACES)
def test_every_way_of_writing_a_key_is_found(path: KeyPath, line: int, ending: str) -> None:
    text = EVERYTHING.replace("\n", ending)
    tomllib.loads(text)
    assert Lines(text).of(path) == line


def test_a_missing_key_is_told_at_its_table() -> None:
    lines = Lines(EVERYTHING)
    assert lines.of(("probe", 1, "url")) == 30
    assert lines.of(("nowhere", "x")) is None


KEYS = st.one_of(st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True), st.text(max_size=5))
SCALARS = st.one_of(
    st.integers(-5, 5), st.booleans(), st.text(max_size=8), st.sampled_from(["]", "}", "#", "'''"])
)
WRITTEN = (
    '"""a = 1\n[x]\n[[y]]\n"""', '"""say ""\n"""', '""""""', '"""\\\n  rest"""', '"""# no\n""\\""""',
    "'''\n\"\"\"'''", "'''x'''''", "'a # \" ] }'", "'\\'", "2024-01-01 00:00:00", "1e3", "-inf",
)  # fmt: skip
NOISE = ("", "", "# [x]\n", '# """\n', "\n", "  # a = 1 '\n\n")


def quoted(text: str) -> str:
    """A basic string of TOML."""
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08X}" for c in text) + '"'


class Writer:
    """Writes a random TOML text and notes at which line it wrote what."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.places: list[tuple[KeyPath, int]] = []

    def note(self, path: KeyPath) -> None:
        self.places.append((path, self.text.count("\n") + 1))

    def noise(self) -> None:
        self.text += self.draw(st.sampled_from(NOISE))

    def pairs(self, table: KeyPath) -> None:
        for key in self.draw(st.lists(KEYS, max_size=3, unique=True)):
            self.noise()
            self.note((*table, key))
            self.text += f" {quoted(key)} ="
            self.value((*table, key), 2)
            self.text += self.draw(st.sampled_from(["\n", " # ' end\n"]))

    def value(self, path: KeyPath, depth: int) -> None:
        sort = self.draw(st.sampled_from(["scalar", "written", "list", "table"][: 4 if depth else 2]))
        getattr(self, sort)(path, depth)

    def scalar(self, path: KeyPath, depth: int) -> None:
        each = self.draw(SCALARS)
        self.text += " " + (quoted(each) if isinstance(each, str) else str(each).lower())

    def written(self, path: KeyPath, depth: int) -> None:
        self.text += self.draw(st.sampled_from(WRITTEN))

    def list(self, path: KeyPath, depth: int) -> None:
        self.text += "["
        for index in range(self.draw(st.integers(0, 3))):
            self.noise()
            self.note((*path, index))
            self.value((*path, index), depth - 1)
            self.noise()
            self.text += ","
        self.noise()
        self.text += "]"

    def table(self, path: KeyPath, depth: int) -> None:
        self.text += "{"
        for index, key in enumerate(self.draw(st.lists(KEYS, max_size=2, unique=True))):
            self.text += "," if index else ""
            self.note((*path, key))
            self.text += f"{quoted(key)}="
            self.scalar(path, depth)
        self.text += "}"


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[tuple[KeyPath, int]]]:
    """A TOML text, and the line at which each of its keys stands, known from writing it."""
    writer = Writer(draw)
    writer.pairs(())
    counts: dict[str, int] = {}
    for name in draw(st.lists(st.sampled_from("abc"), max_size=4)):
        path: KeyPath = (f"table {name}", counts.get(name, 0))
        counts[name] = counts.get(name, 0) + 1
        writer.noise()
        writer.note(path)
        writer.text += f'[[ "table {name}" ]]\n'
        writer.pairs(path)
    return writer.text, writer.places


def reached(values: Any, path: KeyPath) -> bool:
    """Whether the parser, which is the truth, has something at this path."""
    for step in path:
        try:
            values = values[step]
        except (KeyError, IndexError, TypeError):
            return False
    return True


@settings(max_examples=80, deadline=None)
@given(documents())
def test_the_line_of_every_key_is_right_in_any_document(made: tuple[str, list[tuple[KeyPath, int]]]) -> None:
    text, places = made
    values = tomllib.loads(text)
    lines = Lines(text)
    for path, line in places:
        assert reached(values, path), path
        assert lines.of(path) == line, (path, text)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab1.=[]{}\"'\\#, \n\t\r"), max_size=80))
@example("[" * 5_000)
@example("a = " + "[" * 5_000)
@example('a = "' + "\\" * 5_001)
@example("[[a]\n[a]]\n[]\n=\n")
@example('"\\ud800" = 1')
def test_no_text_makes_it_fail(text: str) -> None:
    lines = Lines(text)
    assert lines.of(("a",)) is None or 1 <= (lines.of(("a",)) or 0) <= text.count("\n") + 1
