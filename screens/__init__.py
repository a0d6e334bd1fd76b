"""The screens: one a file; each decides what is shown and which command is meant."""

from pathlib import Path
from typing import Final

STYLES: Final = Path(__file__).parent / "console.tcss"
"""The layout of every screen. One file: each style sheet that is read later makes all others be parsed again."""
