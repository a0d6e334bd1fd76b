"""What commands print."""

from __future__ import annotations

import io
import json
import math
import re
import sys
from pathlib import Path

import pytest

from opsconsole.cli.output import document, emit, mark
from opsconsole.domain.reading import Status


def test_a_document_names_its_schema_and_when_it_was_made() -> None:
    found = json.loads(document("check", status=Status.OK, checks=[]))
    assert list(found) == ["schema", "generated_at", "status", "checks"]
    assert found["schema"] == "opsconsole/check/1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["generated_at"])


def test_a_document_carries_null_where_json_has_no_word() -> None:
    found = json.loads(document("x", nan=math.nan, deep={"far": [math.inf, 1.5]}, path=Path("/é"), pair=(1, "ä")))
    assert found["nan"] is None
    assert found["deep"] == {"far": [None, 1.5]}
    assert found["path"] == "/é"
    assert found["pair"] == [1, "ä"]


def test_an_ascii_terminal_gets_ascii_shapes_and_never_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    emit(f"{mark(Status.WARNING)} Köln")
    stream.seek(0)
    assert stream.read() == "! warning  K?ln\n"


def test_a_status_is_a_shape_and_a_word_not_a_colour_alone(capsys: pytest.CaptureFixture[str]) -> None:
    emit(mark(Status.CRITICAL, color=True))
    assert capsys.readouterr().out == "■ critical\n"
