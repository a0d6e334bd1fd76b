"""What a server's certificate says, read whether or not it can be believed, and why it was refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from opsconsole.domain.reading import Json
from opsconsole.domain.text import plain
from opsconsole.domain.units import duration, utc

if TYPE_CHECKING:
    from cryptography import x509

_DAY: Final = 86_400.0
MOST_NAMES: Final = 20
"""So many names of a certificate are told; some are made for hundreds."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate.

    Attributes:
        subject: whom it was issued to: the common name, else the first name it is for.
        issuer: who issued it.
        not_before: when it begins to be valid, seconds since the epoch.
        not_after: when it ends to be valid, likewise.
        names: the names and addresses it is for.
    """

    subject: str
    issuer: str
    not_before: float
    not_after: float
    names: tuple[str, ...]

    def days_left(self, now: float) -> float:
        """Days until it expires, negative when it has."""
        return (self.not_after - now) / _DAY

    def outdated(self, now: float) -> str:
        """What is wrong with its dates, in words; "" when nothing is."""
        if now > self.not_after:
            return f"expired {duration(now - self.not_after)} ago"
        if now < self.not_before:
            return f"is not valid before {utc(self.not_before)}, in {duration(self.not_before - now)}"
        return ""

    def facts(self) -> dict[str, Json]:
        """What a measurement tells of it."""
        return {
            "subject": self.subject,
            "issuer": self.issuer,
            "not_after": utc(self.not_after),
            "names": list(self.names[:MOST_NAMES]),
        }


@lru_cache(maxsize=512)
def parse(der: bytes) -> Certificate:
    """Read a certificate. The same one is parsed once.

    Raises:
        ValueError: it is none.
    """
    import warnings

    from cryptography import x509

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is odd in a stranger's certificate is not for our standard error
        certificate = x509.load_der_x509_certificate(der)
        names = _names(certificate)
        subject = _common_name(certificate.subject)
        return Certificate(
            subject=subject or (names[0] if names else "nobody"),
            issuer=_common_name(certificate.issuer) or "nobody",
            not_before=certificate.not_valid_before_utc.timestamp(),
            not_after=certificate.not_valid_after_utc.timestamp(),
            names=names,
        )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        value = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    names = [str(name) for name in value.get_values_for_type(x509.DNSName)]
    names += [str(address) for address in value.get_values_for_type(x509.IPAddress)]
    return tuple(plain(name, 255) for name in names)


def _common_name(name: x509.Name) -> str:
    from cryptography.x509.oid import NameOID

    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for attribute in name.get_attributes_for_oid(kind):
            return plain(str(attribute.value), 100)
    return ""


_Said = Callable[[str, "Certificate | None", float], str]


def _expired(name: str, certificate: Certificate | None, now: float) -> str:
    outdated = certificate.outdated(now) if certificate else ""
    if certificate is not None and not outdated:
        return "a certificate that the server's one depends on is outside its dates"
    return f"the certificate {outdated or 'has expired'}"


def _not_yet(name: str, certificate: Certificate | None, now: float) -> str:
    outdated = certificate.outdated(now) if certificate else ""
    if certificate is not None and not outdated:
        return "a certificate that the server's one depends on is outside its dates"
    return f"the certificate {outdated or 'is not valid yet'}"


def _mismatch(name: str, certificate: Certificate | None, now: float) -> str:
    if certificate is None:
        return f"the certificate is not for {name}"
    shown = ", ".join(certificate.names[:3]) or "no name at all"
    more = f" and {len(certificate.names) - 3} more" if len(certificate.names) > 3 else ""
    return f"the certificate is for {shown}{more}, not for {name}{_besides(certificate, now)}"


def _self_signed(name: str, certificate: Certificate | None, now: float) -> str:
    return f"the certificate is self-signed and not trusted{_besides(certificate, now)}"


def _untrusted(name: str, certificate: Certificate | None, now: float) -> str:
    issuer = f", {certificate.issuer}," if certificate else ""
    return (
        f"the certificate is not trusted: its issuer{issuer} is not known here, or the server leaves out an "
        f"intermediate certificate{_besides(certificate, now)}"
    )


def _besides(certificate: Certificate | None, now: float) -> str:
    outdated = certificate.outdated(now) if certificate else ""
    return f"; it also {outdated}" if outdated else ""


_BY_CODE: Final[Mapping[int, _Said]] = {
    9: _not_yet,
    10: _expired,
    18: _self_signed,
    19: _untrusted,
    20: _untrusted,
    21: _untrusted,
    62: _mismatch,
    64: _mismatch,
}
"""OpenSSL's X509_V_ERR_… (x509_vfy.h) → what it means. Its order of checks: chain, then name, then dates."""

_CHAIN_WAS_BUILT: Final = frozenset({9, 10, 62, 64})


def refusal(code: int, message: str, name: str, certificate: Certificate | None, now: float) -> str:
    """Why a certificate was refused, in words.

    Args:
        code: OpenSSL's number.
        message: OpenSSL's words, for the numbers that are rare.
        name: what the certificate should have been for.
        certificate: what it says, None while it is not known.
        now: seconds since the epoch.
    """
    said = _BY_CODE.get(code)
    if said is not None:
        return said(name, certificate, now)
    return f"the certificate was refused: {plain(message, 100)}{_besides(certificate, now)}"


def leads_to_trusted_root(code: int) -> bool:
    """Whether the refused certificate was issued by a trusted authority, whatever its name and dates."""
    return code in _CHAIN_WAS_BUILT
