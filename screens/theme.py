"""From a theme of ours to one of the screen library's."""

from __future__ import annotations

from typing import Any, cast

from textual.theme import BUILTIN_THEMES, Theme

import themes


def theme_of(palette: themes.Palette) -> Theme:
    """A theme as the screen library has it; our tokens become its variables "ops-…"."""
    variables = {f"ops-{token}": color for token, color in palette.tokens.items()}
    if palette.ansi:
        # The library's own widgets name these for themes that use the terminal's colours.
        variables |= BUILTIN_THEMES["ansi-dark" if palette.dark else "ansi-light"].variables
    return Theme(
        name=palette.name,
        dark=palette.dark,
        ansi=palette.ansi,
        variables=variables,
        **cast("dict[str, Any]", palette.base),
    )


def choose(wanted: str, colors: int) -> tuple[themes.Palette, str]:
    """The theme for a terminal.

    Args:
        wanted: the name in the configuration, "" for the default.
        colors: how many colours the terminal has; with 0 or 16 the theme of the terminal's own colours is used.

    Returns:
        The theme, and what the operator should know of the choice ("" when it is the one that was wanted).
    """
    if colors in (0, 16):
        return themes.load(themes.SIXTEEN_COLORS), ""
    try:
        return themes.load(wanted or themes.DEFAULT), ""
    except themes.ThemeError as error:
        return themes.load(themes.DEFAULT), f"{error}; using {themes.DEFAULT}"
