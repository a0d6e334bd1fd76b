"""Ids that are unique everywhere and sort by the time of making: UUID version 7 (RFC 9562, section 5.7)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable


class IdMaker:
    """Makes ids that never fall back, also within a millisecond or when the clock jumps back a little."""

    CLOCK_JUMP = 10_000
    """Milliseconds; a clock that went back further than this was set right, and is followed."""

    def __init__(
        self, clock: Callable[[], float] = time.time, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._clock = clock
        self._random = random
        self._guard = threading.Lock()
        self._newest = 0
        self._counter = 0

    def __call__(self) -> str:
        """The next id, in the usual form: "0190…-7…-…"."""
        with self._guard:
            now = max(int(self._clock() * 1_000), 0)
            if now > self._newest or now < self._newest - self.CLOCK_JUMP:
                self._newest, self._counter = now, 0
            elif self._counter < 0xFFF:
                self._counter += 1
            else:
                self._newest, self._counter = self._newest + 1, 0
            milliseconds, counter = self._newest & (1 << 48) - 1, self._counter
        rest = int.from_bytes(self._random(8), "big") & (1 << 62) - 1
        digits = f"{milliseconds << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | rest:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
