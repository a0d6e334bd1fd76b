"""The configured headers of a probe, with the secrets among them read when they are needed."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Final

from opsconsole.config.secrets import Secret, SecretError, SecretRef
from opsconsole.domain.text import plain
from opsconsole.sources.base import SourceError
from opsconsole.sources.threads import in_shared_thread

KEPT: Final = 300.0
"""Seconds for which a secret that a command or a keyring gave is used before it is asked for again."""

_SLOW: Final = frozenset({"command", "keyring"})
"""The ways of keeping a secret that start a process or ask a service: never on the loop, never at each poll."""


_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_VALUE: Final = re.compile(r"(?![ \t])[^\x00-\x08\x0a-\x1f\x7f]*(?<![ \t])\Z")
"""A header's name and value (RFC 9110, section 5)."""


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
            SourceError: a secret cannot be read, or a header cannot be sent. Its value is not in the text.
        """
        if not self._fixed:
            try:
                self.values = tuple([(name, await self._value(name)) for name in self._configured])
            except SecretError as error:
                raise SourceError(str(error)) from None
        for name, value in self.values:
            if not _NAME.match(name):
                raise SourceError(f"{plain(name, 60)!r} is no name of a header; check the probe's headers")
            if not _VALUE.match(value):
                raise SourceError(
                    f"the header {name} cannot be sent: its value begins or ends with a blank or holds a control "
                    "character, such as a line break; check where it is kept"
                )

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
