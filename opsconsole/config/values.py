"""Values in words: durations, sizes and ratios as a person writes them in the configuration.

A number without a unit is accepted where TOML writes it as a number: seconds, bytes, a share of one. In quotes a
unit is required, because `"30"` is more often a forgotten unit than thirty seconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from opsconsole.config.problems import said

_DURATION_UNITS: Final[Mapping[str, tuple[float, float]]] = {
    # unit → (multiply by, divide by): dividing keeps "300ms" exactly 0.3
    "w": (604_800.0, 1.0),
    "d": (86_400.0, 1.0),
    "h": (3_600.0, 1.0),
    "m": (60.0, 1.0),
    "s": (1.0, 1.0),
    "ms": (1.0, 1_000.0),
}
_MOST: Final = 10**18
_NUMBER: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,40})?")
_DURATION: Final = re.compile(rf"(?P<number>{_NUMBER.pattern}) ?(?P<unit>ms|[wdhms])")
_DURATION_WHOLE: Final = re.compile(rf"(?:{_NUMBER.pattern} ?(?:ms|[wdhms]) ?)+")
_DURATION_EXAMPLES: Final = 'write it like "30s", "5m", "2h", "7d", "1h30m" or "500ms"'

_SIZE_UNITS: Final[Mapping[str, int]] = {
    "B": 1,
    "kB": 1_000, "KB": 1_000, "MB": 1_000**2, "GB": 1_000**3, "TB": 1_000**4,
    "KiB": 1_024, "MiB": 1_024**2, "GiB": 1_024**3, "TiB": 1_024**4,
}  # fmt: skip
_SIZE: Final = re.compile(rf"(?P<number>{_NUMBER.pattern}) ?(?P<unit>[A-Za-z]+)")
_SIZE_EXAMPLES: Final = 'write it like "512MiB", "10MB" or "1GiB"'

_PERCENT: Final = re.compile(rf"(?P<number>{_NUMBER.pattern}) ?%")
_RATIO_EXAMPLES: Final = 'write it like "5%" or 0.05'


class ValueInWordsError(ValueError):
    """A value could not be understood.

    Attributes:
        message: what is wrong with it, without naming the key.
        advice: what to write instead.
    """

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(f"{message}; {advice}")
        self.message = message
        self.advice = advice


def parse_duration(value: object) -> float:
    """Seconds of "30s", "5m", "2h", "7d", "1w", "500ms", "1h30m"; a bare number is seconds.

    Raises:
        ValueInWordsError: it is no duration, or a negative or endless one.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(_finite(value, "a duration", _DURATION_EXAMPLES))
    if not isinstance(value, str):
        raise ValueInWordsError(f"{said(value)} is no duration", _DURATION_EXAMPLES)
    text = value.strip()
    if not _DURATION_WHOLE.fullmatch(text):
        why = "negative" if text.startswith("-") else "no duration"
        unit = " without a unit" if _NUMBER.fullmatch(text) else ""
        raise ValueInWordsError(f"{said(value)} is {why}{unit}", _DURATION_EXAMPLES)
    parts = list(_DURATION.finditer(text))
    units = [part["unit"] for part in parts]
    order = list(_DURATION_UNITS)
    if sorted(set(units), key=order.index) != units:
        raise ValueInWordsError(f"{said(value)} names a unit twice or out of order", _DURATION_EXAMPLES)
    seconds = 0.0
    for part in parts:
        times, over = _DURATION_UNITS[part["unit"]]
        seconds += float(part["number"]) * times / over
    return _finite(seconds, "a duration", _DURATION_EXAMPLES)


def duration_in_words(seconds: float) -> str:
    """The text that `parse_duration` reads as exactly these seconds: "1h30m", "500ms", "0.25ms" as "0.00025s".

    Raises:
        ValueError: a duration is neither negative nor endless.
    """
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError("a duration is neither negative nor endless")
    if seconds == int(seconds):
        rest, said = int(seconds), ""
        for unit in ("d", "h", "m", "s"):
            count, rest = divmod(rest, int(_DURATION_UNITS[unit][0]))
            said += f"{count}{unit}" if count else ""
        if not said or parse_duration(said) == seconds:
            return said or "0s"
    milliseconds = round(seconds * 1_000)
    if seconds < 1 and milliseconds / 1_000 == seconds:
        return f"{milliseconds}ms"
    return f"{_plain_number(seconds)}s"


def parse_size(value: object) -> int:
    """Bytes of "512MiB" (binary steps), "10MB" (decimal steps), "100B"; a bare whole number is bytes.

    Raises:
        ValueInWordsError: it is no size, or a negative one.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return int(_finite(value, "a size", _SIZE_EXAMPLES))
    if not isinstance(value, str):
        raise ValueInWordsError(f"{said(value)} is no size", _SIZE_EXAMPLES)
    found = _SIZE.fullmatch(value.strip())
    if found is None:
        raise ValueInWordsError(f"{said(value)} is no size", _SIZE_EXAMPLES)
    unit = found["unit"]
    if unit not in _SIZE_UNITS:
        raise ValueInWordsError(f"{said(value)} has the unknown unit {unit}", _near_unit(unit))
    whole, _, fraction = found["number"].partition(".")
    scale: int = 10 ** len(fraction)
    return int(whole + fraction) * _SIZE_UNITS[unit] // scale


def _near_unit(unit: str) -> str:
    steps = {"k": "KiB or kB", "m": "MiB or MB", "g": "GiB or GB", "t": "TiB or TB"}
    first = unit[0].lower()
    return f"write {steps[first]}" if first in steps else _SIZE_EXAMPLES


def size_in_words(count: int) -> str:
    """The text that `parse_size` reads as exactly these bytes, in the largest binary step that divides them."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if count and count % _SIZE_UNITS[unit] == 0:
            return f"{count // _SIZE_UNITS[unit]}{unit}"
    return f"{count}B"


def parse_ratio(value: object) -> float:
    """A share of one, 0…1, of "5%" or 0.05.

    Raises:
        ValueInWordsError: it is no ratio, or not between 0 and 100 %.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        share = float(_finite(value, "a ratio", _RATIO_EXAMPLES))
        if share > 1:
            better = f'write "{value:g}%" if that is meant' if share <= 100 else _RATIO_EXAMPLES
            raise ValueInWordsError(f"{value:g} is more than 1, which is 100 %", better)
        return share
    found = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueInWordsError(f"{said(value)} is no ratio", _RATIO_EXAMPLES)
    share = float(found["number"]) / 100
    if share > 1:
        raise ValueInWordsError(f"{said(value)} is more than 100 %", _RATIO_EXAMPLES)
    return share


def ratio_in_words(share: float) -> str:
    """The text that `parse_ratio` reads as exactly this share: "5%"; a number where per cent are not exact."""
    percent = f"{_plain_number(round(share * 100, 10))}%"
    return percent if parse_ratio(percent) == share else _plain_number(share)


def _finite(value: float, what: str, examples: str) -> float:
    if value > _MOST:
        raise ValueInWordsError(f"this number is too large for {what}", examples)
    if value < 0:
        raise ValueInWordsError(f"{said(value)} is negative", examples)
    if math.isnan(value):
        raise ValueInWordsError(f"{value} is not {what}", examples)
    return value


def _plain_number(value: float) -> str:
    """The shortest decimal that reads back the same, never with an exponent."""
    said = repr(float(value))
    if "e" in said:
        mantissa, _, exponent = said.partition("e")
        digits = len(mantissa.partition(".")[2])
        said = f"{value:.{max(0, digits - int(exponent))}f}"
    return said.removesuffix(".0")
