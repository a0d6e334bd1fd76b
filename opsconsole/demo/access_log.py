"""The access log of the demo application: combined format, with the request's time in seconds at the end.

203.0.113.7 - alice [23/Nov/2026:14:03:22 +0000] "GET /api/orders HTTP/1.1" 200 512 "-" "Mozilla/5.0 …" 0.173
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class AccessLog:
    """The file, written line by line.

    A full file is moved aside to `access.log.1`, so that a demo left alone never takes more than twice the limit.
    """

    def __init__(self, path: Path, limit: int = 16 * 1024 * 1024) -> None:
        """Begin an empty file at `path`; it is full at `limit` bytes."""
        self._path = path
        self._limit = limit
        self._begin()

    def _begin(self) -> None:
        self._file = self._path.open("w", encoding="ascii", buffering=1)
        self._size = 0

    def write(
        self,
        *,
        client: str,
        user: str,
        request: str,
        status: int,
        size: int,
        referrer: str,
        agent: str,
        took: float,
    ) -> None:
        """One request that ended just now: `took` in seconds, `size` in bytes of the body, `user` "-" for none."""
        line = (
            f"{client} - {user} [{_moment(time.time())}] {_quoted(request)} {status} {size}"
            f" {_quoted(referrer)} {_quoted(agent)} {took:.3f}\n"
        )
        self._file.write(line)
        self._size += len(line)
        if self._size >= self._limit:
            self._file.close()
            self._path.replace(self._path.with_name(self._path.name + ".1"))
            self._begin()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _moment(epoch: float) -> str:
    """In UTC, with English months whatever the locale says."""
    at = time.gmtime(epoch)
    clock = f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}"
    return f"{at.tm_mday:02}/{_MONTHS[at.tm_mon - 1]}/{at.tm_year}:{clock} +0000"


def _quoted(text: str) -> str:
    r"""In quotes, escaped as nginx does it: \xNN for all but printable ASCII; "-" for nothing at all."""
    letters = (text or "-").encode("latin-1", "replace").decode("latin-1")
    safe = (each if " " <= each <= "~" and each not in '"\\' else f"\\x{ord(each):02X}" for each in letters)
    return f'"{"".join(safe)}"'


def field(text: str) -> str:
    """A field that stands without quotes: one word of printable ASCII, "-" for nothing."""
    return "".join(each for each in text if "!" <= each <= "~" and each != '"') or "-"
