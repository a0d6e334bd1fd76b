"""`opsconsole themes`: which there are, and what they look like."""

from __future__ import annotations

import json
import re

import pytest

import themes
from tests.cli.test_init import run


def test_the_list_names_every_theme_the_default_first(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "themes", "list")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in lines] == themes.names()
    assert [line.endswith("(default)") for line in lines] == [True] + [False] * (len(lines) - 1)


def test_the_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(run(capsys, "themes", "list", "--json")[1])
    assert list(document) == ["schema", "generated_at", "themes"]
    assert document["schema"] == "opsconsole/themes/1"
    assert [row["name"] for row in document["themes"]] == themes.names()
    assert [row["name"] for row in document["themes"] if row["default"]] == [themes.DEFAULT]
    assert {row["dark"] for row in document["themes"]} == {True, False}


@pytest.mark.parametrize("name", themes.names())
def test_a_preview_tells_every_colour(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "themes", "preview", name)
    told = dict(line.split()[:2] for line in out.splitlines())
    palette = themes.load(name)
    assert code == 0
    assert told == {**palette.base, **palette.tokens}
    assert "\x1b" not in out  # nobody reads colours here
    document = json.loads(run(capsys, "themes", "preview", name, "--json")[1])
    assert (document["id"], document["tokens"]) == (name, palette.tokens)


@pytest.mark.parametrize("name", ["nope", "../themes/opsconsole-dark", "", "opsconsole-dark.toml"])
def test_a_theme_that_is_not_there_is_told_with_those_that_are(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "themes", "preview", name)
    assert (code, out) == (3, "")
    assert re.fullmatch(r"there is no theme .*; there are opsconsole-dark, .*\n", err)
