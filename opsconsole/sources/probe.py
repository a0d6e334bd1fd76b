"""The probe source: one `[[probe]]` of the configuration, whatever its scheme, and what came of each attempt."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol
from urllib.parse import urlsplit

from opsconsole.config.model import Probe
from opsconsole.domain.reading import Json, Layer, Measurement, Reading, Status, Verdict
from opsconsole.domain.text import plain
from opsconsole.domain.thresholds import Threshold
from opsconsole.domain.units import duration
from opsconsole.sources.base import SourceError
from opsconsole.sources.http_request import host_and_port
from opsconsole.sources.network import is_loopback
from opsconsole.sources.probe_attempt import Attempt, Failure, Shown
from opsconsole.sources.probe_connection import Place, open_stream
from opsconsole.sources.probe_dns import DnsCheck
from opsconsole.sources.probe_http import HttpCheck
from opsconsole.sources.probe_tls import shared_context
from opsconsole.sources.threads import in_shared_thread

_SAID: Final = {
    Layer.DNS: "DNS",
    Layer.CONNECT: "Connect",
    Layer.TLS: "TLS",
    Layer.HTTP: "HTTP",
    Layer.BODY: "Body",
    Layer.JSON: "JSON",
}


MOST_TOLD: Final = 20
"""Redirects that are listed."""


class Check(Protocol):
    """What a probe of one scheme does.

    Attributes:
        host: the host whose place decides whether the probe leaves this machine.
        tls: whether the target shows a certificate.
        shown_url: the address as it may be shown.
    """

    @property
    def host(self) -> str: ...  # noqa: D102
    @property
    def tls(self) -> bool: ...  # noqa: D102
    @property
    def shown_url(self) -> str: ...  # noqa: D102

    async def prepare(self) -> None:
        """What must be read before the attempt begins; it counts for the time-out, not for the result."""

    async def run(self, attempt: Attempt) -> None:
        """The attempt; returns when all is as expected, raises `Failure` when not."""


class ConnectCheck:
    """What one `tcp://` or `tls://` probe does at each poll: connect, and for the latter shake hands.

    Raises:
        ValueError: its address cannot be understood.
    """

    DEFAULT_PORTS: Final = {"tcp": 0, "tls": 443}

    def __init__(self, probe: Probe) -> None:
        parts = urlsplit(probe.url)
        if parts.path not in ("", "/") or parts.query:
            raise ValueError(f"a probe of this sort is written {parts.scheme}://host:port, without a path")
        self.host, port = host_and_port(parts, self.DEFAULT_PORTS[parts.scheme])
        self.tls = parts.scheme == "tls"
        self._place = Place(
            self.host,
            port,
            family=probe.family,
            tls=self.tls,
            server_name=probe.server_name or self.host.rstrip("."),
            verify=probe.verify,
        )
        self.shown_url = f"{parts.scheme}://{self._place}"

    async def prepare(self) -> None:
        """Make the TLS context."""
        if self.tls:
            await shared_context(verify=self._place.verify)

    async def run(self, attempt: Attempt) -> None:
        """Connect.

        Raises:
            Failure: of the layers DNS, CONNECT or TLS.
        """
        stream = await open_stream(attempt, self._place)
        attempt.end()
        stream.close()


SCHEMES: Final[dict[str, Callable[[Probe], Check]]] = {
    "http": HttpCheck,
    "https": HttpCheck,
    "tcp": ConnectCheck,
    "tls": ConnectCheck,
    "dns": DnsCheck,
}
"""The scheme of a probe's address → what it does."""

_LIBRARIES: Final = {
    "http": ("h11",),
    "https": ("h11", "cryptography.x509"),
    "tls": ("cryptography.x509",),
    "dns": ("dns.asyncresolver",),
}
"""What a scheme needs of heavy libraries. They are imported in a thread before the first attempt, so that neither
the attempt's time nor the screen suffers."""


class ProbeSource:
    """One probe of the configuration; see `Source` for its attributes."""

    table: str = "probe"

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self.id = f"probe.{probe.id}"
        self.title = probe.id
        self.interval = probe.interval
        self.timeout = probe.timeout
        self._scheme = probe.url.partition(":")[0].lower()
        self._fault = ""
        self._check: Check | None = None
        try:
            if self._scheme not in SCHEMES:
                raise ValueError(f"its scheme is none of {', '.join(SCHEMES)}")
            self._check = SCHEMES[self._scheme](probe)
        except ValueError as error:
            self._fault = f"the probe {probe.id} cannot be run: {error}"
        self.remote = self._check is None or not is_loopback(self._check.host)
        self._slow = Threshold("probe", warning=probe.slow) if probe.slow is not None else None
        self._ready = False
        self.expects: tuple[tuple[str, str, str], ...] = ((self.id, "probe", ""),)
        if self._check is not None and self._check.tls:
            self.expects += ((f"{self.id}.certificate", "certificate", ""),)

    async def poll(self) -> Reading:
        """Try the target once; it ends within the probe's time-out.

        Raises:
            SourceError: the probe cannot be run: a secret is missing, its address makes no sense.
        """
        if self._check is None:
            raise SourceError(self._fault)
        began = time.perf_counter()
        attempt = Attempt(time.perf_counter, began + self.timeout)
        failure = await self._try(self._check, attempt)
        attempt.end()
        at, took = time.time(), time.perf_counter() - began
        measured = [self._result(attempt, failure, at)]
        if self._check.tls:
            measured.append(self._certificate(attempt, failure, at))
        return Reading(self.id, at, took, tuple(measured))

    async def close(self) -> None:
        """There is nothing to give back: every attempt closes what it opened."""

    async def _try(self, check: Check, attempt: Attempt) -> Failure | None:
        try:
            async with asyncio.timeout(self.timeout):
                await self._import()
                await check.prepare()
                await check.run(attempt)
        except Failure as failure:
            return failure
        except TimeoutError:
            if not attempt.begun:
                raise SourceError(
                    f"the secrets in its headers did not come within {duration(self.timeout)}"
                ) from None
            return attempt.refused or attempt.timed_out(self.timeout)
        return None

    async def _import(self) -> None:
        if not self._ready:
            for library in _LIBRARIES.get(self._scheme, ()):
                await in_shared_thread(
                    ("import", library), partial(importlib.import_module, library), name="import"
                )
            self._ready = True

    def _result(self, attempt: Attempt, failure: Failure | None, at: float) -> Measurement:
        facts: dict[str, Json] = {
            **attempt.facts,
            "phases": {str(phase): round(seconds, 6) for phase, seconds in attempt.phases.items()},
            "redirects": list[Json](attempt.redirects[:MOST_TOLD]),
            "url": plain(self._check.shown_url, 300) if self._check else "",
            "public": self._probe.public,
            "service": self._probe.service or self._probe.id,
        }
        if failure is None:
            total = sum(attempt.phases.values())
            verdict = self._slow.judge(total) if self._slow else None
            return Measurement(self.id, "probe", total, at, verdict=verdict, facts=facts)
        facts["layer"] = str(failure.layer)
        after = f" (after the redirect to {attempt.redirects[-1]})" if attempt.redirects else ""
        if self._explained_by_no_network(failure, attempt):
            facts["maybe_offline"] = True
        reason = plain(f"{_SAID[failure.layer]}: {failure.reason}{after}", 400)
        return Measurement(
            self.id, "probe", None, at, verdict=Verdict(Status.CRITICAL, reason), problem=reason, facts=facts
        )

    def _explained_by_no_network(self, failure: Failure, attempt: Attempt) -> bool:
        return failure.offline and self.remote and not is_loopback(str(attempt.facts.get("address", "")))

    def _certificate(self, attempt: Attempt, failure: Failure | None, at: float) -> Measurement:
        series = f"{self.id}.certificate"
        shown = attempt.shown or Shown(None, None)
        if shown.certificate is None:
            problem = shown.refusal or self._unread(failure)
            verdict = Verdict(Status.CRITICAL, problem) if shown.refusal else None
            facts: dict[str, Json] = {"chain_ok": shown.trusted, "problem": problem}
            if failure is not None and self._explained_by_no_network(failure, attempt):
                facts["maybe_offline"] = True
            return Measurement(series, "certificate", None, at, verdict=verdict, problem=problem, facts=facts)
        certificate = shown.certificate
        outdated = certificate.outdated(at)
        problem = shown.refusal or (f"the certificate {outdated}" if outdated else "")
        return Measurement(
            series,
            "certificate",
            certificate.days_left(at),
            at,
            verdict=Verdict(Status.CRITICAL, plain(problem, 400)) if problem else None,
            facts={**certificate.facts(), "chain_ok": shown.trusted, "problem": plain(problem, 400)},
        )

    @staticmethod
    def _unread(failure: Failure | None) -> str:
        if failure is None:
            return "the server showed no certificate that can be read"
        return plain(f"no certificate was seen; {_SAID[failure.layer]}: {failure.reason}", 400)
