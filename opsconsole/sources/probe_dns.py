"""DNS probes: whether a name is answered for, by which answers, and how the asking failed."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from opsconsole.config.model import Probe
from opsconsole.domain.reading import Json, Layer
from opsconsole.domain.text import plain
from opsconsole.domain.units import duration
from opsconsole.sources.base import SourceError
from opsconsole.sources.http_request import host_and_port
from opsconsole.sources.network import is_loopback, resolve
from opsconsole.sources.probe_attempt import Attempt, Failure, Phase

if TYPE_CHECKING:
    import dns.asyncresolver
    import dns.resolver

PORT: Final = 53
MOST_ANSWERS: Final = 20
"""So many answers are listed; all are compared with what is expected."""
_SHARE: Final = 0.95
_TRY: Final = 2.0
"""Seconds after which a question is asked again: a lost packet is no finding."""

_RCODE_WORDS: Final = {
    "SERVFAIL": "could not find out (SERVFAIL)",
    "REFUSED": "refuses to answer for it (REFUSED)",
    "FORMERR": "did not understand the question (FORMERR)",
    "NOTIMP": "does not know that kind of question (NOTIMP)",
}


class DnsCheck:
    """What one `dns://` probe does at each poll.

    Args:
        probe: as configured: dns://name[?type=AAAA&server=127.0.0.1:5353].

    Raises:
        ValueError: its address cannot be understood.
    """

    tls = False

    def __init__(self, probe: Probe) -> None:
        parts = urlsplit(probe.url)
        if parts.path not in ("", "/"):
            raise ValueError("a DNS probe is written dns://name?type=A&server=address; there is a path in it")
        self._name, _ = host_and_port(parts, PORT)
        options = {
            key: values[-1] for key, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()
        }
        self._kind = options.pop("type", "AAAA" if probe.family == 6 else "A").upper()
        server = options.pop("server", "")
        if options:
            raise ValueError(
                f"{plain(', '.join(options), 60)!r} is no option of a DNS probe; it knows type and server"
            )
        self._server, self._port = _server(server)
        self._timeout = probe.timeout
        self._wanted = tuple(_normal(text) for text in probe.expect.answer)
        self.host = self._server or self._name
        self.shown_url = f"dns://{self._name}?type={self._kind}" + (f"&server={server}" if server else "")

    async def prepare(self) -> None:
        """Nothing needs to be read beforehand."""

    async def run(self, attempt: Attempt) -> None:
        """Ask, and judge the answers.

        Raises:
            Failure: its layer is DNS.
            SourceError: the kind of record is not known, or this machine has no name server configured.
        """
        import dns.exception
        import dns.rcode
        import dns.resolver

        attempt.target = self.shown_url
        attempt.begin(Phase.DNS)
        resolver = await self._resolver(attempt)
        try:
            # A little less than the whole time, so that there is some left to tell who kept silent.
            async with asyncio.timeout(attempt.left * _SHARE):
                answer = await resolver.resolve(
                    self._name, self._kind, search=False, lifetime=self._timeout, raise_on_no_answer=False
                )
        except dns.resolver.NXDOMAIN:
            attempt.facts["rcode"] = "NXDOMAIN"
            raise Failure(Layer.DNS, f"the name {self._name} does not exist (NXDOMAIN)") from None
        except TimeoutError:
            raise self._unanswered(attempt, []) from None
        except (dns.resolver.LifetimeTimeout, dns.resolver.NoNameservers) as error:
            raise self._unanswered(attempt, error.kwargs.get("errors") or []) from None
        except dns.exception.DNSException as error:
            raise Failure(Layer.DNS, f"the question failed: {plain(str(error), 120)}") from None
        attempt.end()
        attempt.facts["rcode"] = "NOERROR"
        attempt.facts["server"] = plain(str(answer.nameserver), 80)
        self._judge(attempt, [_normal(record.to_text()) for record in answer.rrset or ()])

    def _judge(self, attempt: Attempt, answers: list[str]) -> None:
        attempt.facts["answers"] = list[Json](plain(answer, 200) for answer in answers[:MOST_ANSWERS])
        if not answers:
            raise Failure(Layer.DNS, f"the name {self._name} has no {self._kind} record")
        if self._wanted and not set(self._wanted) & set(answers):
            shown = plain(", ".join(answers[:4]), 120)
            raise Failure(Layer.DNS, f"the answer is {shown}; {' or '.join(self._wanted)} was expected")

    async def _resolver(self, attempt: Attempt) -> dns.asyncresolver.Resolver:
        import dns.asyncresolver
        import dns.rdatatype
        import dns.resolver

        try:
            dns.rdatatype.from_text(self._kind)
            resolver = dns.asyncresolver.Resolver(configure=not self._server)
        except dns.rdatatype.UnknownRdatatype:
            raise SourceError(
                f"{plain(self._kind, 20)} is no type of DNS record; try A, AAAA, MX or TXT"
            ) from None
        except dns.resolver.NoResolverConfiguration:
            raise SourceError("this machine has no name server configured in /etc/resolv.conf") from None
        if self._server:
            place = (await resolve(self._server, self._port))[0]
            resolver.nameservers = [place.ip]
            resolver.port = self._port
            attempt.facts["server"] = str(place)
        resolver.timeout = _TRY
        return resolver

    def _unanswered(self, attempt: Attempt, errors: list[tuple[Any, ...]]) -> Failure:
        """Why no server gave an answer: the last thing that one of them said, else silence."""
        who = attempt.facts.get("server")
        server = f"the name server {who}" if who else "the name server"
        afar = not is_loopback(self._server)
        for *_, error, response in reversed(errors):
            if response is not None:
                import dns.rcode

                code = dns.rcode.to_text(response.rcode())
                attempt.facts["rcode"] = code
                words = _RCODE_WORDS.get(code, f"gave no usable answer ({code})")
                return Failure(Layer.DNS, f"{server} {words}", offline=not self._server)
            if isinstance(error, ConnectionRefusedError):
                return Failure(Layer.DNS, f"{server} refused the question: nothing listens there")
            if isinstance(error, OSError):
                return Failure(Layer.DNS, f"{server} is unreachable: {error.strerror or error}", offline=afar)
        return Failure(Layer.DNS, f"{server} did not answer within {duration(self._timeout)}", offline=afar)


def _server(written: str) -> tuple[str, int]:
    """The name server and its port out of "address", "address:port" or "[address]:port"."""
    if not written:
        return "", PORT
    if written.count(":") > 1 and not written.startswith("["):
        written = f"[{written}]"
    return host_and_port(urlsplit(f"//{written}"), PORT)


def _normal(answer: str) -> str:
    """An answer in the form in which it is compared: addresses in their usual form, names without an end dot."""
    text = answer.strip()
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text if text.startswith('"') else text.rstrip(".").lower()
