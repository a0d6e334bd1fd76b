"""One attempt of a probe: how far it has come, what it has found on its way, and how it failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from opsconsole.domain.reading import Json, Layer
from opsconsole.domain.units import duration, size
from opsconsole.sources.certificate import Certificate


class Failure(Exception):  # noqa: N818 - what it is called in the field; it is a finding, not a defect
    """The target failed, at a layer, for a reason: a finding about it, never a fault of the source.

    Attributes:
        layer: where.
        reason: why, for a person, without the layer's name and without a full stop.
        offline: whether a missing network of this machine would explain it.
    """

    def __init__(self, layer: Layer, reason: str, *, offline: bool = False) -> None:
        super().__init__(reason)
        self.layer = layer
        self.reason = reason
        self.offline = offline


class Phase(StrEnum):
    """The spans of time that a probe tells apart, in the order they come."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    FIRST_BYTE = "first_byte"
    BODY = "body"


_LAYER: Final[Mapping[Phase, Layer]] = {
    Phase.DNS: Layer.DNS,
    Phase.CONNECT: Layer.CONNECT,
    Phase.TLS: Layer.TLS,
    Phase.FIRST_BYTE: Layer.HTTP,
    Phase.BODY: Layer.BODY,
}
_TOO_SLOW: Final[Mapping[Phase, str]] = {
    Phase.DNS: "the name server did not answer within {limit}",
    Phase.CONNECT: "the connection to {target} timed out after {limit}",
    Phase.TLS: "the handshake was not finished within {limit}",
    Phase.FIRST_BYTE: "the request was sent, but no answer was complete within {limit}",
    Phase.BODY: "the body was not complete within {limit}; {got} of it came",
}
_OFFLINE: Final = frozenset({Phase.DNS, Phase.CONNECT})


@dataclass(frozen=True, slots=True)
class Shown:
    """What came of looking at a target's certificate.

    Attributes:
        certificate: what it says, None where it could not be read.
        trusted: whether it leads to a trusted authority, None where nobody asked.
        refusal: why it was not accepted, "" where it was.
    """

    certificate: Certificate | None
    trusted: bool | None
    refusal: str = ""


@dataclass(slots=True)
class Attempt:
    """The state of one attempt. Exactly one phase runs at a time, from the first `begin` until `end`.

    Attributes:
        clock: a clock that never jumps, seconds.
        deadline: when the time is up, by that clock.
        target: what is connected to, for messages.
        phases: seconds spent in each phase; those of several requests in a chain of redirects are added up.
        facts: what was found.
        redirects: where it was redirected to, in order, as it may be shown.
        received: bytes of the body that have come.
        shown: the certificate that the target itself showed, as far as it came to that.
        refused: why it was not accepted; it stays the failure even when the time runs out over reading it.
    """

    clock: Callable[[], float]
    deadline: float
    target: str = ""
    phases: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Json] = field(default_factory=dict)
    redirects: list[str] = field(default_factory=list)
    received: int = 0
    shown: Shown | None = None
    refused: Failure | None = None
    _phase: Phase | None = None
    _since: float = 0.0

    @property
    def left(self) -> float:
        """Seconds until the time is up."""
        return max(self.deadline - self.clock(), 0.0)

    def begin(self, phase: Phase) -> None:
        """End the phase that runs, if any, and begin this one."""
        now = self.clock()
        if self._phase is not None:
            self.phases[self._phase] = self.phases.get(self._phase, 0.0) + now - self._since
        self._phase, self._since = phase, now

    @property
    def begun(self) -> bool:
        """Whether the target has been touched at all."""
        return self._phase is not None

    @property
    def layer(self) -> Layer:
        """The layer that the present or last phase belongs to."""
        return _LAYER[self._phase or Phase.DNS]

    def end(self) -> None:
        """End the phase that runs; which it was stays known."""
        if self._phase is not None:
            self.begin(self._phase)

    def timed_out(self, limit: float) -> Failure:
        """The failure of an attempt whose time was up in the present phase."""
        phase = self._phase or Phase.DNS
        words = _TOO_SLOW[phase].format(limit=duration(limit), target=self.target, got=size(self.received))
        return Failure(_LAYER[phase], words, offline=phase in _OFFLINE)
