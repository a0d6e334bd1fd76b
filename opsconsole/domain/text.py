"""The one function that everything from outside passes before it is shown or stored.

A server's banner, an error's message or a process's name may carry escape sequences that move the cursor, set
the clipboard or answer questions in the operator's name, and bidirectional overrides that make a command read
as another one (CVE-2021-42574). `plain` takes them out; what it returns is shown as text, never as markup.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SEQUENCES: Final = re.compile(
    r"""
      \x1b\][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?   # OSC: titles, clipboard, links
    | [\x1b][PX^_][^\x1b\x9c]*(?:\x1b\\|\x9c)?      # DCS, SOS, PM, APC
    | (?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?             # CSI: cursor, colour, modes
    | \x1b[ -/]*[0-~]?                              # any other escape
    """,
    re.VERBOSE,
)
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE: Final = frozenset("\u200b\u2060\ufeff\u00ad\u2028\u2029")
_SIMPLE: Final = re.compile(r"[ -~]*\Z")


def plain(text: str, limit: int = 2_000, *, lines: bool = False) -> str:
    """Text from outside, without anything that a terminal would act on.

    Args:
        text: whatever came.
        limit: the most characters to keep; a longer text ends in "…".
        lines: keep line breaks and tabs; otherwise every run of white space becomes one blank.

    Returns:
        Printable characters only: escape sequences, control characters, bidirectional overrides and invisible
        characters are gone, lone surrogates are shown as "\N{REPLACEMENT CHARACTER}".
    """
    if len(text) > 4 * limit:
        text = text[: 4 * limit]
    if not _SIMPLE.match(text):
        text = _SEQUENCES.sub("", text.replace("\r\n", "\n"))
        text = "".join(_visible(character) for character in text)
    text = text.replace("\t", "    ") if lines else " ".join(text.split())
    return text if len(text) <= limit else (text[: limit - 1] + "…" if limit > 0 else "")


def _visible(character: str) -> str:
    if character in "\n\t":
        return character
    if character in _BIDI or character in _INVISIBLE:
        return ""
    category = unicodedata.category(character)
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    if category in ("Cc", "Zl", "Zp"):
        return " " if character in "\r\v\f\x85" else ""
    return "" if category == "Cn" or (category == "Cf" and character != "\u200d") else character
