"""The TLS layer of a probe: contexts that are shared, handshakes whose failures are named, certificates."""

from __future__ import annotations

import re
import ssl
from functools import cache
from typing import TYPE_CHECKING, Final

from opsconsole.domain.reading import Layer
from opsconsole.sources.certificate import Certificate, parse, refusal
from opsconsole.sources.network import Address, connect
from opsconsole.sources.network_stream import Stream
from opsconsole.sources.probe_attempt import Attempt, Failure, Phase
from opsconsole.sources.threads import in_shared_thread

if TYPE_CHECKING:
    from collections.abc import Sequence


@cache
def _context(verify: bool, alpn: str) -> ssl.SSLContext:
    """The context all probes of one sort share: making one reads the system's authorities, tens of milliseconds.

    `SSL_CERT_FILE` and `SSL_CERT_DIR` name other authorities than the system's, as with every program that uses
    OpenSSL; they are read when the first probe of the sort runs.
    """
    if verify:
        context = ssl.create_default_context()
        if not context.cert_store_stats()["x509_ca"] and not _system_has_authorities():
            import certifi  # comes with httpx; a Python that was not built for this system knows no authority

            context.load_verify_locations(certifi.where())
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        # Whoever accepts any certificate also wants to see those of old appliances.
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if alpn:
        context.set_alpn_protocols([alpn])
    return context


def _system_has_authorities() -> bool:
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or paths.capath)


_ready: Final[set[tuple[bool, str]]] = set()


async def shared_context(*, verify: bool, alpn: str = "") -> ssl.SSLContext:
    """The shared context; the first time it is made in a thread, so that the console does not stand still."""
    key = (verify, alpn)
    if key not in _ready:
        await in_shared_thread(("tls context", *key), lambda: _context(*key), name="tls context")
        _ready.add(key)
    return _context(*key)


def forget_contexts() -> None:
    """Make the contexts anew at the next use: for a program whose `SSL_CERT_FILE` has changed."""
    _ready.clear()
    _context.cache_clear()


async def handshake(attempt: Attempt, stream: Stream, name: str, *, verify: bool, alpn: str = "") -> bytes:
    """Shake hands over a fresh connection, as the attempt's TLS phase.

    Args:
        attempt: whose phase it is.
        stream: the connection.
        name: the name or address the certificate must be for.
        verify: whether it must be so, and issued by a trusted authority.
        alpn: the protocol to ask for, "" for none.

    Returns:
        The server's certificate, DER.

    Raises:
        CertificateRefused: it was read but not accepted.
        Failure: the handshake failed for another reason; its layer is TLS.
    """
    attempt.begin(Phase.TLS)
    context = await shared_context(verify=verify, alpn=alpn)
    try:
        await stream.start_tls(context, name)
    except ssl.SSLCertVerificationError as error:
        raise CertificateRefused(error.verify_code, error.verify_message, name) from None
    except ssl.SSLError as error:
        raise Failure(Layer.TLS, tls_words(error)) from None
    except ConnectionResetError:
        raise Failure(Layer.TLS, "the connection was reset during the handshake") from None
    except OSError as error:
        raise Failure(Layer.TLS, f"the connection broke during the handshake: {error.strerror or error}") from None
    except ValueError as error:
        raise Failure(Layer.TLS, f"the name to ask for cannot be sent: {error}") from None
    return (stream.tls and stream.tls.getpeercert(binary_form=True)) or b""


class CertificateRefused(Failure):
    """The certificate was not accepted.

    Attributes:
        code: OpenSSL's number for it (X509_V_ERR_…, x509_vfy.h).
        name: what it should have been for.
    """

    def __init__(self, code: int, message: str, name: str) -> None:
        super().__init__(Layer.TLS, refusal(code, message, name, None, 0.0))
        self.code = code
        self.message = message
        self.name = name

    def explain(self, certificate: Certificate, now: float) -> None:
        """Say it more exactly, now that the certificate has been read without being believed."""
        self.reason = refusal(self.code, self.message, self.name, certificate, now)


async def fetch_unverified(addresses: Sequence[Address], name: str) -> Certificate | None:
    """The certificate that a server shows to somebody who accepts any; None when that fails too.

    OpenSSL keeps no certificate of a handshake that it refused, so there is a second one.
    """
    context = await shared_context(verify=False)
    try:
        connection, _ = await connect(addresses)
    except Failure:
        return None
    stream = Stream(connection)
    try:
        await stream.start_tls(context, name)
        return parse((stream.tls and stream.tls.getpeercert(binary_form=True)) or b"")
    except (OSError, ValueError):
        return None
    finally:
        stream.close()


_REASONS: Final = {
    "WRONG_VERSION_NUMBER": "the server does not speak TLS there",
    "HTTP_REQUEST": "the server does not speak TLS there",
    "UNEXPECTED_EOF_WHILE_READING": "the connection was closed during the handshake",
    "UNSUPPORTED_PROTOCOL": "the server offers only versions of TLS that are no longer safe",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server refuses every version of TLS that is still safe",
    "NO_PROTOCOLS_AVAILABLE": "there is no version of TLS that both sides accept",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the server refused the handshake: no cipher or version that both accept",
    "TLSV1_UNRECOGNIZED_NAME": "the server has no certificate for that name",
    "TLSV1_ALERT_UNRECOGNIZED_NAME": "the server has no certificate for that name",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server demands a client certificate",
    "TLSV1_ALERT_INTERNAL_ERROR": "the server had an internal error during the handshake",
    "DH_KEY_TOO_SMALL": "the server's key exchange is too weak to be accepted",
    "EE_KEY_TOO_SMALL": "the certificate's key is too weak to be accepted",
    "CA_MD_TOO_WEAK": "the certificate's signature is too weak to be accepted",
}


def tls_words(error: ssl.SSLError) -> str:
    """What OpenSSL's error means, for a person."""
    if isinstance(error, ssl.SSLEOFError):
        return "the connection was closed during the handshake"
    reason = error.reason or ""
    if reason in _REASONS:
        return _REASONS[reason]
    readable = re.sub(r"[^a-z0-9 ]", "", (reason or "unknown error").replace("_", " ").lower())
    return f"the handshake failed: {readable}"
