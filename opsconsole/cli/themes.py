"""`opsconsole themes`: which there are, and what they look like."""

from __future__ import annotations

import click

import themes
from opsconsole.cli.options import NotDone
from opsconsole.cli.parser import command as shared_command
from opsconsole.cli.parser import group, options


@shared_command("list")
def list_themes() -> None:
    """Print the themes' names; the default comes first."""
    from opsconsole.cli.output import document, emit

    palettes = [themes.load(name) for name in themes.names()]
    if options().json:
        rows = [
            {"name": p.name, "title": p.title, "dark": p.dark, "default": p.name == themes.DEFAULT}
            for p in palettes
        ]
        emit(document("themes", themes=rows))
        return
    for palette in palettes:
        default = "  (default)" if palette.name == themes.DEFAULT else ""
        emit(f"{palette.name:<20} {palette.title}{default}")


@shared_command("preview")
@click.argument("name")
def preview(name: str) -> None:
    """Print a theme's colours, each on its own ground."""
    from opsconsole.cli.output import document, emit

    try:
        palette = themes.load(name)
    except themes.ThemeError as error:
        raise NotDone(str(error)) from None
    if options().json:
        emit(document("theme", id=palette.name, title=palette.title, base=palette.base, tokens=palette.tokens))
        return
    colors = {**palette.base, **palette.tokens}
    for token, color in colors.items():
        shown = _painted("  sample  ", color, palette.base["background"]) if options().color else ""
        emit(f"{token:<12} {color:<20} {shown}".rstrip())


def _painted(text: str, color: str, ground: str) -> str:
    if color.startswith("ansi_"):
        name = color.removeprefix("ansi_")
        return click.style(text, fg=None if name == "default" else name)
    return click.style(text, fg=_rgb(color), bg=_rgb(ground))


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


command = group("themes", list_themes, preview, help="The themes: list, preview.")
