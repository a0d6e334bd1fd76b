"""The themes: one TOML file each, and a loader that cannot keep the program from starting."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final, NamedTuple

DEFAULT: Final = "opsconsole-dark"
SIXTEEN_COLORS: Final = "opsconsole-ansi"
"""The theme for terminals with 16 colours and for NO_COLOR: it names the terminal's own colours only."""

BASE: Final = (
    "primary", "secondary", "accent", "foreground", "background", "surface", "panel",
    "success", "warning", "error",
)  # fmt: skip
TOKENS: Final = (
    "ok", "warn", "critical", "unknown", "info", "muted", "title", "key", "spark", "cursor", "header", "mark",
)  # fmt: skip
"""What our widgets paint with; every theme gives each of them a colour."""

_COLOR: Final = re.compile(
    r"#[0-9a-fA-F]{6}|ansi_(bright_)?(black|red|green|yellow|blue|magenta|cyan|white)|ansi_default"
)


class ThemeError(ValueError):
    """A theme file cannot be used. The text says which, where and why."""


class Palette(NamedTuple):
    """One theme as its file has it.

    Attributes:
        name: the name it is chosen by.
        title: what a person reads.
        dark: whether its background is dark.
        ansi: whether it uses the terminal's own colours.
        base: colours by the names of `BASE`.
        tokens: colours by the names of `TOKENS`.
    """

    name: str
    title: str
    dark: bool
    ansi: bool
    base: dict[str, str]
    tokens: dict[str, str]


def _folder() -> Path:
    return Path(__file__).parent


def names() -> list[str]:
    """The built-in themes, the default first."""
    found = sorted(path.stem for path in _folder().glob("*.toml"))
    return sorted(found, key=lambda name: name != DEFAULT)


def load(name: str, folder: Path | None = None) -> Palette:
    """Read one theme.

    Raises:
        ThemeError: there is no such theme, its file is no TOML, or a colour is missing or is none.
    """
    path = (folder or _folder()) / f"{name}.toml"
    if path.name != f"{name}.toml" or not path.is_file():
        raise ThemeError(f"there is no theme {name!r}; there are {', '.join(names())}")
    try:
        read = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ThemeError(f"the theme {path} cannot be read: {error}") from None
    return Palette(
        name=name,
        title=str(read.get("title", name)),
        dark=bool(read.get("dark", True)),
        ansi=bool(read.get("ansi", False)),
        base=_colors(path, read, "base", BASE),
        tokens=_colors(path, read, "tokens", TOKENS),
    )


def _colors(path: Path, read: dict[str, object], table: str, wanted: tuple[str, ...]) -> dict[str, str]:
    given = read.get(table)
    if not isinstance(given, dict):
        raise ThemeError(f"the theme {path} has no table [{table}]")
    for key in wanted:
        value = given.get(key)
        if not isinstance(value, str) or not _COLOR.fullmatch(value):
            raise ThemeError(
                f'the theme {path}: [{table}] {key} must be a colour such as "#4ebf71", not {value!r}'
            )
    unknown = sorted(set(given) - set(wanted))
    if unknown:
        raise ThemeError(f"the theme {path}: [{table}] does not know {', '.join(unknown)}")
    return {key: given[key] for key in wanted}
