"""The two clocks of a monitor, passed in wherever time is needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Clocks(NamedTuple):
    """The two clocks.

    Attributes:
        wall: seconds since the epoch, UTC; may jump when it is set.
        monotonic: seconds since some moment; never jumps.
    """

    wall: Callable[[], float]
    monotonic: Callable[[], float]
