"""Configuration files for consoles in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

Value = str | int | float | bool


def configuration(
    path: Path,
    *,
    name: str = "acme-web",
    environment: str = "testing",
    host: bool = False,
    probes: Iterable[Mapping[str, Value]] = (),
    prometheus: Iterable[Mapping[str, Value]] = (),
    more: str = "",
) -> Path:
    """Write a configuration that only its owner may write; `host` False leaves this machine out.

    Returns:
        The path it was given.
    """
    parts = [_table("[project]", {"name": name, "environment": environment})]
    parts += [_table("[host]", {"enabled": host})]
    parts += [_table("[[probe]]", probe) for probe in probes]
    parts += [_table("[[prometheus]]", endpoint) for endpoint in prometheus]
    path.write_text("\n".join([*parts, more, ""]), encoding="utf-8")
    path.chmod(0o600)
    return path


def _table(head: str, values: Mapping[str, Value]) -> str:
    lines = [f"{key} = {_value(value)}" for key, value in values.items()]
    return "\n".join([head, *lines, ""])


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)
