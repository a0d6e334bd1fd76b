"""From a host to a stream: name, connection and, where wanted, TLS; the way every probe but DNS begins."""

from __future__ import annotations

import time
from dataclasses import dataclass

from opsconsole.sources.certificate import Certificate, leads_to_trusted_root, parse
from opsconsole.sources.network import Address, connect, resolve
from opsconsole.sources.network_stream import Stream
from opsconsole.sources.probe_attempt import Attempt, Phase, Shown
from opsconsole.sources.probe_tls import CertificateRefused, fetch_unverified, handshake


@dataclass(frozen=True, slots=True)
class Place:
    """Where a probe connects to, and how.

    Attributes:
        host: a name in ASCII, or an address without brackets.
        port: the TCP port.
        family: 4 or 6 to insist on that version of IP, 0 for either.
        tls: whether to shake hands.
        server_name: what the certificate must be for.
        verify: whether it must be so at all.
        alpn: the protocol to ask for in the handshake, "" for none.
    """

    host: str
    port: int
    family: int = 0
    tls: bool = False
    server_name: str = ""
    verify: bool = True
    alpn: str = ""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


async def open_stream(attempt: Attempt, place: Place, *, own: bool = True) -> Stream:
    """Connect to a place, phase by phase. The caller closes the stream.

    Args:
        attempt: told about phases, address and certificate.
        place: where to.
        own: whether this is the target itself, whose certificate is wanted, and not where it redirects to.

    Raises:
        Failure: of the layers DNS, CONNECT or TLS.
    """
    attempt.target = str(place)
    attempt.begin(Phase.DNS)
    addresses = await resolve(place.host, place.port, place.family)
    attempt.begin(Phase.CONNECT)
    _note(attempt, addresses[0])
    connection, address = await connect(addresses)
    _note(attempt, address)
    stream = Stream(connection)
    if not place.tls:
        return stream
    try:
        der = await handshake(attempt, stream, place.server_name, verify=place.verify, alpn=place.alpn)
        if own:
            attempt.shown = Shown(_parsed(der), trusted=True if place.verify else None)
    except CertificateRefused as refused:
        stream.close()
        await _look_closer(attempt, refused, address, own=own)
        raise
    except BaseException:
        stream.close()
        raise
    return stream


def _note(attempt: Attempt, address: Address) -> None:
    attempt.facts["address"] = address.ip
    attempt.facts["family"] = address.version


async def _look_closer(attempt: Attempt, refused: CertificateRefused, address: Address, *, own: bool) -> None:
    """Read the certificate that was refused, so that the refusal can be told in full."""
    trusted = leads_to_trusted_root(refused.code)
    attempt.refused = refused
    if own:
        attempt.shown = Shown(None, trusted, refused.reason)
    certificate = await fetch_unverified([address], refused.name)
    if certificate is not None:
        refused.explain(certificate, time.time())
    if own:
        attempt.shown = Shown(certificate, trusted, refused.reason)


def _parsed(der: bytes) -> Certificate | None:
    try:
        return parse(der)
    except ValueError:
        return None
