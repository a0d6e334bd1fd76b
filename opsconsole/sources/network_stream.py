"""A connection as a probe needs it: bytes in, bytes out, TLS on top, closed at once and without waiting.

Built on a plain non-blocking socket instead of asyncio's transports: a transport reads ahead, closes later, and
reports a handshake that was refused in its log; here every byte, every error and the close belong to one poll.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from typing import Final

READ_SIZE: Final = 16 * 1024
"""Bytes taken at once: one TLS record, and little enough that reading them never holds the console up."""

_BREATH: Final = 8
"""After so many reads that did not have to wait, others get their turn: a fast sender must not keep the loop."""


class Stream:
    """One connected socket, which it closes.

    Attributes:
        tls: the TLS layer once `start_tls` has begun, else None.
    """

    __slots__ = ("_ended", "_incoming", "_loop", "_outgoing", "_reads", "_socket", "tls")

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._loop = asyncio.get_running_loop()
        self._reads = 0
        self._ended = False
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls: ssl.SSLObject | None = None

    async def start_tls(self, context: ssl.SSLContext, server_name: str) -> None:
        """Shake hands.

        Raises:
            ssl.SSLError: refused by either side; `ssl.SSLEOFError` when the other side hung up.
            OSError: the connection broke.
        """
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self.tls = tls
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                self._take(await self._receive(READ_SIZE))
            except ssl.SSLError as error:
                self._send_what_goes()  # the alert tells the server's log why
                if self._ended and not error.reason:
                    # OpenSSL does not always name the end of a connection as such.
                    raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "the connection was closed") from error
                raise
            else:
                return  # the last message of the handshake goes with whatever is sent first, or with the goodbye

    async def read(self) -> bytes:
        """Up to `READ_SIZE` bytes; b"" when the other side has ended, even without a TLS goodbye.

        Raises:
            OSError: the connection broke; `ssl.SSLError` is one of them.
        """
        if self.tls is None:
            return await self._receive(READ_SIZE)
        while True:
            try:
                return self.tls.read(READ_SIZE)
            except ssl.SSLWantReadError:
                await self._flush()
                self._take(await self._receive(READ_SIZE))
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    async def write(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            OSError: the connection broke.
        """
        if self.tls is None:
            await self._send(data)
        else:
            self.tls.write(data)
            await self._flush()

    def close(self) -> None:
        """Close the socket without waiting for anybody. May be called twice."""
        if self._socket.fileno() < 0:
            return
        if self.tls is not None and self._outgoing.pending:
            with suppress(OSError, ValueError):  # end the handshake properly, and say goodbye with it
                self.tls.unwrap()
            self._send_what_goes()
        self._socket.close()

    async def _receive(self, size: int) -> bytes:
        self._reads += 1
        if self._reads % _BREATH == 0:
            await asyncio.sleep(0)
        try:
            return await self._loop.sock_recv(self._socket, size)
        except BaseException:
            # A cancelled read leaves the selector one turn later, when the socket's number may be another's.
            self._loop.remove_reader(self._socket.fileno())
            raise

    async def _send(self, data: bytes) -> None:
        try:
            await self._loop.sock_sendall(self._socket, data)
        except BaseException:
            self._loop.remove_writer(self._socket.fileno())
            raise

    def _take(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._ended = True
            self._incoming.write_eof()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._send(self._outgoing.read())

    def _send_what_goes(self) -> None:
        if self._outgoing.pending:
            with suppress(OSError):
                self._socket.send(self._outgoing.read())
