"""A body as it comes in: counted, unpacked and cut off at its limit, whatever the server makes of it."""

from __future__ import annotations

import zlib
from typing import Final

from opsconsole.domain.reading import Layer
from opsconsole.domain.text import plain
from opsconsole.domain.units import size
from opsconsole.sources.probe_attempt import Failure

_EITHER: Final = 32 + zlib.MAX_WBITS
"""zlib finds out by itself whether the data begins with gzip's or with zlib's header."""
_RAW: Final = -zlib.MAX_WBITS
_PACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})


class Body:
    """The body of one answer.

    Never more than `limit` + 1 bytes are kept, and never more than that are unpacked: a few bytes that would
    become gigabytes (a "bomb") cost nothing.

    Attributes:
        content: what has come so far, unpacked.
        readable: whether its content encoding is one that is unpacked here.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        self._encoding = encoding.strip().lower()
        self._limit = limit
        self._wire = 0
        self._unpacker = zlib.decompressobj(_EITHER) if self._encoding in _PACKED else None
        self.content = bytearray()
        self.readable = self._encoding in _PACKED or self._encoding in ("", "identity")

    def add(self, data: bytes | bytearray) -> None:
        """Take what came.

        Raises:
            Failure: it is too long, or cannot be unpacked; its layer is BODY.
        """
        self._wire += len(data)
        self.content += self._unpacked(data) if self._unpacker else data[: self._limit + 1 - len(self.content)]
        if max(len(self.content), self._wire) > self._limit:
            raise self.too_long(self._limit)

    @staticmethod
    def too_long(limit: int) -> Failure:
        """The failure of a body that is longer than is read."""
        return Failure(Layer.BODY, f"it is longer than {size(limit)}, the most that is read (max_body)")

    def _unpacked(self, data: bytes | bytearray) -> bytes:
        assert self._unpacker is not None  # noqa: S101 - for the type checker
        room = self._limit + 1 - len(self.content)
        try:
            return self._unpacker.decompress(data, room)
        except zlib.error:
            if self._encoding != "deflate" or self.content or self._wire != len(data):
                raise Failure(Layer.BODY, f"it is said to be {self._encoding}, and cannot be unpacked") from None
        self._unpacker = zlib.decompressobj(_RAW)  # what "deflate" was long taken for
        try:
            return self._unpacker.decompress(data, room)
        except zlib.error:
            raise Failure(Layer.BODY, "it is said to be deflate, and cannot be unpacked") from None

    def end(self, *, needed: bool) -> None:
        """Note that it is complete.

        Args:
            needed: whether something is expected of the content.

        Raises:
            Failure: what was packed ends too early, or it is needed and cannot be unpacked; its layer is BODY.
        """
        if self._unpacker is not None and self._wire and not self._unpacker.eof:
            raise Failure(Layer.BODY, f"its {self._encoding} data ends too early")
        if needed and not self.readable and self._wire:
            raise Failure(Layer.BODY, f"its encoding, {plain(self._encoding, 40)!r}, cannot be unpacked")
