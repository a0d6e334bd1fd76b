"""The recent past of a value in one line of bars."""

from __future__ import annotations

import math
from collections.abc import Sequence

from widgets.row import UNICODE, Glyphs


def sparkline(values: Sequence[float], *, top: float | None = None, glyphs: Glyphs = UNICODE) -> str:
    """One character a value: its height between zero and `top`; a gap (NaN) is a blank, zero is the lowest bar.

    Args:
        values: oldest first, none of them negative.
        top: the value that fills the height; the greatest value by default.
        glyphs: the shapes to draw with.
    """
    known = [value for value in values if not math.isnan(value)]
    if top is None:
        top = max(known, default=0.0)
    steps = len(glyphs.bars) - 1
    drawn = []
    for value in values:
        if math.isnan(value):
            drawn.append(glyphs.bars[0])
        elif top <= 0:
            drawn.append(glyphs.bars[1])
        elif value >= top:  # asked first: the division may exceed every number
            drawn.append(glyphs.bars[steps])
        else:
            drawn.append(glyphs.bars[max(1, math.ceil(value / top * steps))])
    return "".join(drawn)


def round_top(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 5, 7 times a power of ten: a scale that does not jump with every new value."""
    if value <= 0 or not math.isfinite(value):
        return 0.0
    power: float = 10.0 ** math.floor(math.log10(value))
    for step in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0):
        if value <= step * power * (1 + 1e-9):
            return step * power
    return 10 * power
