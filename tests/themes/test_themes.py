"""The themes: readable by the figures of the WCAG, and never a reason not to start."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from textual.color import Color

import themes
from opsconsole.app import OpsConsole
from opsconsole.config.model import Ui
from opsconsole.context import Context
from opsconsole.terminal import detect
from screens.theme import theme_of
from tests.screens.world import World

FOLDER = Path(themes.__file__).parent
READ: tuple[str, ...] = (
    "ok", "warn", "critical", "unknown", "info", "muted", "title", "key", "mark",
)  # fmt: skip
"""The tokens that text is written in."""


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1…21, as WCAG 2.2 defines it (relative luminance)."""

    def luminance(color: str) -> float:
        parts = [part / 255 for part in Color.parse(color).rgb]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_there_is_a_dark_a_light_and_a_sixteen_colour_theme_the_default_first() -> None:
    assert themes.names()[0] == themes.DEFAULT
    palettes = [themes.load(name) for name in themes.names()]
    assert {palette.dark for palette in palettes if not palette.ansi} == {True, False}
    assert themes.load(themes.SIXTEEN_COLORS).ansi


@pytest.mark.parametrize("name", themes.names())
def test_every_theme_gives_every_token_a_colour(name: str) -> None:
    palette = themes.load(name)
    assert set(palette.tokens) == set(themes.TOKENS)
    assert set(palette.base) == set(themes.BASE)
    for color in (*palette.tokens.values(), *palette.base.values()):
        Color.parse(color)
    assert palette.title
    assert theme_of(palette).variables["ops-critical"] == palette.tokens["critical"]


@pytest.mark.parametrize("name", [name for name in themes.names() if not themes.load(name).ansi])
@pytest.mark.parametrize("behind", ["background", "surface", "panel", "header", "cursor"])
def test_text_and_states_can_be_read_on_everything_they_stand_on(name: str, behind: str) -> None:
    palette = themes.load(name)
    ground = {**palette.base, **palette.tokens}[behind]
    colors = {token: palette.tokens[token] for token in READ} | {"foreground": palette.base["foreground"]}
    weak = {token: round(ratio, 2) for token, c in colors.items() if (ratio := contrast(c, ground)) < 4.5}
    assert weak == {}, "WCAG 2.2, 1.4.3: text has a contrast of 4.5 to 1 at least"
    assert contrast(palette.tokens["spark"], ground) >= 3, "1.4.11: graphics have 3 to 1 at least"


def test_contrast_is_measured_as_the_standard_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", [name for name in themes.names() if not themes.load(name).ansi])
def test_no_two_states_share_a_colour(name: str) -> None:
    tokens = themes.load(name).tokens
    assert len({tokens[state] for state in ("ok", "warn", "critical", "unknown", "info")}) == 5


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("", "not = [toml"), "cannot be read"),
        (('critical = "#ff6b6b"', 'critical = "reddish"'), "[tokens] critical must be a colour such as"),
        (('critical = "#ff6b6b"', ""), "[tokens] critical must be a colour such as"),
        (("[tokens]", "[token]"), "has no table [tokens]"),
        (("[tokens]", '[tokens]\ncriticle = "#ffffff"'), "[tokens] does not know criticle"),
        (('"#14171c"', "5"), "[base] background must be a colour"),
    ],
)
def test_a_broken_theme_is_told_with_its_file_and_key(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    text = (FOLDER / f"{themes.DEFAULT}.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(*change) if change[0] else change[1], encoding="utf-8")
    with pytest.raises(themes.ThemeError) as raised:
        themes.load("mine", tmp_path)
    assert told in str(raised.value)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_theme_that_is_no_text_file_is_told(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "mine.toml").write_bytes(content)
    with pytest.raises(themes.ThemeError):
        themes.load("mine", tmp_path)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "", "a/b", "opsconsole-dark.toml"])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(themes.ThemeError, match="there is no theme"):
        themes.load(name)


async def test_a_theme_that_is_not_there_is_told_and_the_console_starts_with_the_default() -> None:
    world = World(Ui(theme="solarised"))
    async with world.app.run_test(size=(160, 24)) as pilot:
        await pilot.pause()
        assert world.app.theme == themes.DEFAULT
        assert "there is no theme 'solarised'" in world.frame()


async def test_a_broken_theme_file_does_not_stop_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in FOLDER.glob("*.toml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "a-broken.toml").write_text("[base]\n", encoding="utf-8")
    monkeypatch.setattr(themes, "_folder", lambda: tmp_path)
    world = World()
    async with world.app.run_test(size=(160, 24)) as pilot:
        await pilot.pause()
        for _ in themes.names():
            await world.app.perform("theme")
            await pilot.pause()
        assert world.app.is_running


@pytest.mark.parametrize("name", [name for name in themes.names() if not themes.load(name).ansi])
async def test_every_theme_can_be_used_one_after_the_other(name: str) -> None:
    world = World(Ui(theme=name))
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert world.app.theme == name
        for _ in themes.names():
            await world.app.perform("theme")
            await pilot.pause()
        assert world.app.theme == name


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "linux", "COLORTERM": ""}])
async def test_without_colours_only_the_terminals_own_are_written(variables: dict[str, str]) -> None:
    world = World()
    profile = detect(
        {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"} | variables, is_tty=True
    )
    context = world.context
    app = OpsConsole(
        Context(context.config, profile, context.board, context.clocks, context.keys, history=world.history)
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.theme == themes.SIXTEEN_COLORS
        strips = app.screen._compositor.render_strips()
        colors = {
            color.number
            for strip in strips
            for segment in strip
            if segment.style
            for color in (segment.style.color, segment.style.bgcolor)
            if color is not None and not color.is_default
        }
    assert all(number is not None and number < 16 for number in colors), "no colour of the theme's own"
