"""The configuration as the program uses it: frozen values, every default in one place.

Durations are seconds, sizes bytes, ratios 0…1, whatever way they were written in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from opsconsole.config.secrets import SecretRef
from opsconsole.domain.reading import Json


@dataclass(frozen=True, slots=True)
class Project:
    """`[project]`: what is watched."""

    name: str = "this machine"
    environment: str = "local"
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Expect:
    """`expect` of a probe: what a good answer looks like.

    Attributes:
        status: classes or codes, "2xx", "301"; empty accepts 2xx.
        body_contains: a text that must stand in the body, "" for none.
        body_matches: a regular expression that must be found in the body, "" for none.
        json: dotted path in the JSON body → the value that must stand there.
        answer: (DNS probes) one of these addresses must be among the answers; empty accepts any.
    """

    status: tuple[str, ...] = ()
    body_contains: str = ""
    body_matches: str = ""
    json: Mapping[str, Json] = field(default_factory=dict)
    answer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Probe:
    """`[[probe]]`: one HTTP(S), TCP, TLS or DNS probe.

    Attributes:
        id: unique among the probes.
        url: http(s)://…, tcp://host:port, tls://host:port or dns://name[?type=A&server=…].
        interval: seconds between two polls.
        timeout: seconds for one poll as a whole.
        service: groups alerts; the id by default.
        public: whether it counts as "the application is up".
        method: the HTTP method.
        headers: HTTP headers; a value may be a secret.
        redirects: how many redirects are followed; 0 takes the first answer as it is.
        family: 0 for either, 4 or 6 to insist on that version of IP.
        max_body: bytes of a body that are read; a longer body fails the probe's expectations.
        server_name: the TLS name to ask for and verify, "" for the URL's host.
        verify: False accepts any certificate; the days left are still read.
        slow: seconds from which an answer is a warning, None for the handbook's 2 s.
    """

    id: str
    url: str
    interval: float = 30.0
    timeout: float = 10.0
    expect: Expect = field(default_factory=Expect)
    service: str = ""
    public: bool = False
    method: str = "GET"
    headers: Mapping[str, str | SecretRef] = field(default_factory=dict)
    redirects: int = 10
    family: int = 0
    max_body: int = 1_048_576
    server_name: str = ""
    verify: bool = True
    slow: float | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """`[host]`: this machine. `disks` empty watches every real file system."""

    enabled: bool = True
    disks: tuple[str, ...] = ()
    interval: float = 5.0
    timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class Prometheus:
    """`[[prometheus]]`: any endpoint in the Prometheus text or OpenMetrics format.

    Attributes:
        metrics: kind → the name of the series that holds it, where it is not one of the usual names. A counter
            is turned into a rate, a histogram into percentiles.
        exclude_paths: values of a path, route, handler or endpoint label that are no user traffic; an asterisk at
            the end stands for any rest.
    """

    id: str
    url: str
    interval: float = 15.0
    timeout: float = 10.0
    service: str = ""
    headers: Mapping[str, str | SecretRef] = field(default_factory=dict)
    username: str = ""
    password: SecretRef | None = None
    max_body: int = 16_777_216
    verify: bool = True
    metrics: Mapping[str, str] = field(default_factory=dict)
    exclude_paths: tuple[str, ...] = ("/health*", "/healthz*", "/ready*", "/live*", "/metrics*")


@dataclass(frozen=True, slots=True)
class Network:
    """`[network]`: how "this machine has no network" is told from "they are down".

    Attributes:
        control: neutral targets, tcp://host:port; when none of them can be reached, a remote failure is unknown
            instead of critical. Empty asks the routing table only, which sends nothing.
    """

    control: tuple[str, ...] = ()
    timeout: float = 3.0


@dataclass(frozen=True, slots=True)
class Storage:
    """`[storage]`: how much of the past is kept.

    Attributes:
        samples: bytes that stored samples may take; the oldest go first.
        raw: seconds that samples are kept as they came.
        minutes: seconds that one-minute summaries are kept.
        hours: seconds that one-hour summaries are kept.
    """

    samples: int = 512 * 1024 * 1024
    raw: float = 48 * 3_600.0
    minutes: float = 30 * 86_400.0
    hours: float = 730 * 86_400.0


@dataclass(frozen=True, slots=True)
class Ui:
    """`[ui]`: how the console looks and feels.

    Attributes:
        theme: a theme's name; "" picks by the terminal.
        mouse: True or False, None lets the terminal profile decide.
        fps: frames a second at most, None lets the terminal profile decide.
        ascii: draw with ASCII only, None lets the locale decide.
        clock_seconds: whether the clock shows seconds; it costs a write a second.
        keys: command id → keys, which replace the command's default ones.
    """

    theme: str = ""
    mouse: bool | None = None
    fps: int | None = None
    ascii: bool | None = None
    clock_seconds: bool = False
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """`[telemetry]`: the console's own crashes; sent nowhere without a DSN."""

    dsn: SecretRef | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the configuration says.

    Attributes:
        path: the file it came from, None where there was none.
        data_dir: the folder for this project and environment.
        read_only: nothing may be changed.
        thresholds: kind → {"warning": limit, "critical": limit}; what `[thresholds]` overrides of the handbook's.
    """

    project: Project = field(default_factory=Project)
    probes: tuple[Probe, ...] = ()
    host: Host = field(default_factory=Host)
    prometheus: tuple[Prometheus, ...] = ()
    network: Network = field(default_factory=Network)
    storage: Storage = field(default_factory=Storage)
    ui: Ui = field(default_factory=Ui)
    telemetry: Telemetry = field(default_factory=Telemetry)
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    path: Path | None = None
    data_dir: Path = field(default_factory=Path)
    read_only: bool = False

    @property
    def environment(self) -> str:
        """Project and environment, as journal entries carry them: "acme-web/production"."""
        return f"{self.project.name}/{self.project.environment}"
