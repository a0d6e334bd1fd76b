"""A port that belongs to the demo for as long as it runs, whether or not anything answers on it at the moment."""

from __future__ import annotations

import socket
from typing import Final

LOOPBACK: Final = "127.0.0.1"


class PortTakenError(Exception):
    """A port that was asked for is in use. The text is a sentence for a person."""


class Port:
    """A TCP port on the loopback address.

    A scenario closes a service and opens it again on the same port. In between, connections must be refused, and
    nobody else may get the port: a second socket, bound and never listening, keeps it (SO_REUSEPORT lets the two
    share the address; only a socket that listens gets connections). A new port listens already, so that who comes
    before its service has started waits instead of being refused.
    """

    def __init__(self, number: int = 0) -> None:
        """Take the port `number`, or any free one for 0.

        Raises:
            PortTakenError: it is in use.
        """
        try:
            # Asked for without SO_REUSEPORT, so that a port of another demo counts as taken; SO_REUSEADDR passes
            # over connections of an earlier demo that the system still remembers.
            with _bound(number, socket.SO_REUSEADDR) as free:
                number = free.getsockname()[1]
            self._keeper = _bound(number, socket.SO_REUSEPORT)
            self._first: socket.socket | None = _listening(number)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "there is no such port"
            raise PortTakenError(f"Port {number} on {LOOPBACK} cannot be used: {reason}.") from None
        self.number: Final = number

    def listen(self) -> socket.socket:
        """A socket that listens on the port. Whoever gets it closes it; then connections are refused again."""
        first, self._first = self._first, None
        return first or _listening(self.number)

    def give_back(self) -> None:
        """Let others have the port."""
        self._keeper.close()
        if self._first is not None:
            self._first.close()


def _listening(number: int) -> socket.socket:
    new = _bound(number, socket.SO_REUSEADDR, socket.SO_REUSEPORT)
    new.setblocking(False)
    new.listen(128)
    return new


def _bound(number: int, *allowances: int) -> socket.socket:
    new = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        for allowance in allowances:
            new.setsockopt(socket.SOL_SOCKET, allowance, 1)
        new.bind((LOOPBACK, number))
    except BaseException:
        new.close()
        raise
    return new
