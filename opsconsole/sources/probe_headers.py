"""The configured headers of a probe, with the secrets among them read when they are needed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from opsconsole.config.secrets import Secret, SecretError, SecretRef
from opsconsole.sources.base import SourceError
from opsconsole.sources.threads import in_shared_thread

KEPT: Final = 300.0
"""Seconds for which a secret that a command or a keyring gave is used before it is asked for again."""

_SLOW: Final = frozenset({"command", "keyring"})
"""The ways of keeping a secret that start a process or ask a service: never on the loop, never at each poll."""


class Headers:
    """The headers a probe sends besides the console's own.

    Args:
        configured: name → value or reference.
        authorization: the Authorization header that the address asks for, "" for none; a configured one wins.

    Attributes:
        values: name and value of each, secrets revealed, as of the last `read`.
    """

    def __init__(self, configured: Mapping[str, str | SecretRef], authorization: str = "") -> None:
        self._configured = dict(configured)
        if authorization and not any(name.lower() == "authorization" for name in configured):
            self._configured["Authorization"] = authorization
        self._kept: dict[str, tuple[float, Secret]] = {}
        self._fixed = not any(isinstance(value, SecretRef) for value in self._configured.values())
        self.values: tuple[tuple[str, str], ...] = ()
        if self._fixed:
            self.values = tuple((name, str(value)) for name, value in self._configured.items())

    def __repr__(self) -> str:
        return f"Headers({', '.join(self._configured)})"

    def forget(self) -> None:
        """Ask for every secret anew at the next poll: the server did not like one of them."""
        self._kept.clear()

    async def read(self) -> None:
        """Bring `values` up to date.

        Raises:
            SourceError: a secret cannot be read.
        """
        if self._fixed:
            return
        try:
            self.values = tuple([(name, await self._value(name)) for name in self._configured])
        except SecretError as error:
            raise SourceError(str(error)) from None

    async def _value(self, name: str) -> str:
        value = self._configured[name]
        if isinstance(value, str):
            return value
        if value.way not in _SLOW:
            return value.resolve().reveal()
        now = time.monotonic()
        if name not in self._kept or now - self._kept[name][0] > KEPT:
            secret = await in_shared_thread(("secret", value), value.resolve, name=f"secret {value.key}")
            self._kept[name] = (now, secret)
        return self._kept[name][1].reveal()
