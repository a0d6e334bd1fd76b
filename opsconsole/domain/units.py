"""Values in words: how durations, sizes, ratios and ages are written, everywhere alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from opsconsole.domain.metrics import Unit

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def duration(seconds: float) -> str:
    """A length of time: "340 µs", "85 ms", "2.41 s", "6 min", "3 h 20 min", "12 d"."""
    if not math.isfinite(seconds):
        return "∞" if seconds > 0 else "–"
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return sign + _positive_duration(seconds)


def _positive_duration(seconds: float) -> str:
    if seconds == 0:
        return "0 s"
    if seconds < 0.0009995:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.0f} ms"
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    if minutes < 99.5:
        return f"{minutes:.0f} min"
    hours, rest = divmod(round(minutes), 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{seconds / 86_400:.0f} d"


def size(count: float) -> str:
    """A number of bytes in binary steps: "512 B", "1.5 GiB"."""
    if not math.isfinite(count):
        return "–"
    magnitude = abs(count)
    step = 0
    while magnitude >= 999.5 and step < len(_BINARY) - 1:
        magnitude /= 1024
        step += 1
    number = f"{magnitude:.0f}" if step == 0 or magnitude >= 99.5 else f"{magnitude:.1f}"
    return f"{'-' if count < 0 else ''}{number} {_BINARY[step]}"


def ratio(value: float) -> str:
    """A share of one in per cent: "7.8 %", "99.98 %"; never rounded up to a full 100 %."""
    percent = value * 100
    if not math.isfinite(percent):
        return "–"
    if 99 <= percent < 100:
        # Rounded first, because 0.9998 is stored as a little less; and then never up to 100.
        return f"{min(math.floor(round(percent * 100, 6)), 9_999) / 100:.2f} %"
    percent = round(percent, 9)  # 0.07 * 100 is 7.000000000000001
    if percent == round(percent) or abs(percent) >= 100:
        return f"{percent:.0f} %"
    return f"{percent:.2f} %" if abs(percent) < 1 else f"{percent:.1f} %"


def number(value: float) -> str:
    """A plain number with three figures or so: "41.2", "0.03", "12,400"."""
    if not math.isfinite(value):
        return "–"
    if value == round(value) and abs(value) < 1e15:
        return f"{value:,.0f}"
    magnitude = abs(value)
    digits = 0 if magnitude >= 1000 else 1 if magnitude >= 10 else 2
    return f"{value:,.{digits}f}"


_WRITTEN: Final[Mapping[Unit, Callable[[float], str]]] = {
    Unit.SECONDS: duration,
    Unit.RATIO: ratio,
    Unit.BYTES: size,
    Unit.BYTES_PER_SECOND: lambda value: f"{size(value)}/s",
    Unit.PER_SECOND: lambda value: f"{number(value)} /s",
    Unit.COUNT: number,
    Unit.DAYS: lambda value: f"{math.floor(value)} d",
}


def quantity(value: float | None, unit: Unit) -> str:
    """A value with its unit; "?" where there is none: no value is never written as 0."""
    if value is None or math.isnan(value):
        return "?"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return _WRITTEN[unit](value)


def limit_quantity(value: float, unit: Unit) -> str:
    """A limit with its unit, as people set them: "2 s", not "2.00 s"."""
    if unit is Unit.SECONDS and 1 <= value < 100:
        return f"{value:g} s"
    return quantity(value, unit)


def age(seconds: float) -> str:
    """How old a value is, in steps that keep a slow line quiet: every second to 5, then every 5, then minutes.

    Negative ages (a clock that jumped) are written as 0 s; what never was is "∞" old.
    """
    if seconds == math.inf:
        return "∞"
    seconds = max(0.0, seconds)
    if seconds < 5:
        return f"{int(seconds)} s"
    if seconds < 60:
        return f"{int(seconds) // 5 * 5} s"
    if seconds < 3_600:
        return f"{int(seconds) // 60} min"
    if seconds < 172_800:
        return f"{int(seconds) // 3_600} h"
    return f"{int(seconds) // 86_400} d"


def until_next_age(seconds: float) -> float:
    """Seconds until `age` would read differently; the screen sleeps that long."""
    seconds = max(0.0, seconds)
    for limit, step in ((5, 1), (60, 5), (3_600, 60), (172_800, 3_600)):
        if seconds < limit:
            return step - seconds % step
    return 86_400 - seconds % 86_400


def utc(epoch: float, *, milliseconds: bool = False) -> str:
    """A moment as RFC 3339 in UTC with a Z, the form every document and log of ours carries."""
    moment = datetime.fromtimestamp(epoch, UTC)
    return moment.isoformat(timespec="milliseconds" if milliseconds else "seconds").replace("+00:00", "Z")
