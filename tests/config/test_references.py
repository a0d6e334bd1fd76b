"""Secrets: named by where they are kept; as text only where nobody else can read it."""
# ruff: noqa: E501 - one example a line

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from opsconsole.config.loading import load, parse
from opsconsole.config.problems import ConfigError
from opsconsole.config.secrets import SecretRef
from tests.config.test_loading import problems, written


def dsn(value: str) -> str:
    return f"[telemetry]\ndsn = {value}\n"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("3", "telemetry.dsn: this is not a secret; write where it is kept: { env ="),
        ("{}", "telemetry.dsn: a secret is kept in one place, and it names no place"),
        ('{ env = "A", file = "b" }', "telemetry.dsn: a secret is kept in one place, and it names 2 places"),
        ('{ enf = "A" }', "telemetry.dsn.enf: a secret is not kept this way; did you mean env?"),
        ('{ vault = "A" }', "telemetry.dsn.vault: a secret is not kept this way; the ways are: command, env, file, keyring"),
        ('{ env = "" }', "telemetry.dsn.env: this is not the name of a variable"),
        ('{ env = "$A" }', "telemetry.dsn.env: this is not the name of a variable"),
        ('{ file = "" }', "telemetry.dsn.file: this is not the path of a file"),
        ('{ command = "pass show x" }', "telemetry.dsn.command: this is not a command with its arguments"),
        ("{ command = [] }", "telemetry.dsn.command: this is not a command with its arguments"),
        ('{ command = ["a", 3] }', "telemetry.dsn.command: this is not a command with its arguments"),
        ('{ keyring = "service" }', "telemetry.dsn.keyring: this is not an entry of a keyring"),
        ('""', "telemetry.dsn: this secret is empty"),
    ],
)  # fmt: skip
def test_a_wrong_reference_is_told_with_the_right_form(value: str, told: str) -> None:
    (found,) = problems(dsn(value))
    assert found.startswith(f"c.toml:2: {told}")


@pytest.mark.parametrize(
    ("value", "way", "place"),
    [
        ('{ env = "NAME" }', "env", "NAME"),
        ('{ file = "/run/x" }', "file", "/run/x"),
        ('{ file = "x" }', "file", "/etc/x"),
        ('{ file = "~/x" }', "file", "~/x"),
        ('{ command = ["pass", "show", "x"] }', "command", ("pass", "show", "x")),
        ('{ keyring = "service/user" }', "keyring", "service/user"),
    ],
)
def test_each_way_becomes_a_reference(value: str, way: str, place: object) -> None:
    reference = parse(dsn(value), Path("/etc/c.toml")).config.telemetry.dsn
    assert reference == SecretRef("telemetry.dsn", way, place)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_secret_as_text_is_taken_from_a_private_file_with_a_warning(tmp_path: Path, mode: int) -> None:
    loaded = load(written(tmp_path, dsn('"hunter2"'), mode), environment={}, cwd=tmp_path)
    reference = loaded.config.telemetry.dsn
    assert reference is not None
    assert reference.resolve({}).reveal() == "hunter2"
    (warning,) = loaded.warnings
    assert warning.line == 2
    assert "a secret stands here as text" in warning.message
    assert "hunter2" not in f"{loaded!r} {loaded} {warning}"
    with pytest.raises(TypeError):
        pickle.dumps(loaded)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o700])
def test_a_secret_as_text_is_refused_from_a_file_that_others_may_read(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, dsn('"hunter2"'), mode), environment={}, cwd=tmp_path)
    assert "a secret stands here as text, and others may read this file" in str(caught.value)
    assert "chmod 600" in str(caught.value)
    assert "hunter2" not in f"{caught.value!r}{caught.value}"


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Api-Key", "x-auth-token", "Proxy-Authorization"])
def test_a_header_named_like_a_secret_is_one(name: str) -> None:
    (found,) = problems(f'[[probe]]\nid = "a"\nurl = "http://h"\nheaders = {{ {name} = "hunter2" }}')
    assert f"probe[1].headers.{name}: a secret stands here as text" in found
    assert "hunter2" not in found
