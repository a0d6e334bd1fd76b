"""Every key of the configuration, described once: reading, advice, reference and template are made from it."""

from __future__ import annotations

from typing import Any, Final

from opsconsole.config.addresses import FAMILY, METHOD, url
from opsconsole.config.expectations import EXPRESSION, JSON, STATUS
from opsconsole.config.kinds import (
    BOOLEAN,
    Key,
    Kind,
    anything,
    duration,
    integer,
    list_of,
    mapping,
    nothing_more,
    size,
    table,
    tables,
    text,
)
from opsconsole.config.limits import METRICS, THRESHOLDS
from opsconsole.config.model import Expect, Host, Network, Probe, Project, Prometheus, Storage, Telemetry, Ui
from opsconsole.config.names import ID, NAME, TIMEZONE
from opsconsole.config.problems import Place
from opsconsole.config.references import HEADERS, SECRET
from opsconsole.config.values import duration_in_words

_DAY: Final = 86_400.0
_INTERVAL: Final = duration(0.01, 30 * _DAY)
_TIMEOUT: Final = duration(0.01, 600.0, '"10s"')


def _rhythm(read: dict[str, Any], place: Place) -> None:
    """A timeout that somebody chose longer than the interval makes polls fall behind their rhythm."""
    interval, timeout = read.get("interval"), read.get("timeout")
    if interval is not None and timeout is not None and timeout > interval:
        place.at("timeout").note(
            f"{duration_in_words(timeout)} is longer than the interval of {duration_in_words(interval)}, so a "
            "slow answer delays the next poll",
            "make it shorter than the interval",
        )


_ONLY_HTTP: Final = ("status", "body_contains", "body_matches", "json")


def _check_probe(read: dict[str, Any], place: Place) -> None:
    _rhythm(read, place)
    scheme = str(read.get("url", "")).partition("://")[0].lower()
    expect = read.get("expect")
    if not scheme or expect is None:
        return
    for name in _ONLY_HTTP:
        if getattr(expect, name) and scheme not in ("http", "https"):
            place.at("expect").at(name).wrong(
                f"a {scheme} probe has no HTTP answer to hold this against", "take it out"
            )
    if expect.answer and scheme != "dns":
        place.at("expect").at("answer").wrong("only a dns probe has addresses as its answer", "take it out")


_EXPECT: Final = (
    Key("status", list_of(STATUS, '["2xx", "301"]'), "classes, codes or ranges that are good; 2xx when empty"),
    Key("body_contains", anything('"ok"'), "a text that must stand in the body"),
    Key("body_matches", EXPRESSION, "a regular expression that must be found in the body"),
    Key("json", JSON, "what must stand in a JSON body, by its dotted path"),
    Key(
        "answer",
        list_of(text('"203.0.113.7"'), '["203.0.113.7"]'),
        "(dns) one of these addresses must be among the answers",
    ),
)

PROBE_URL: Final = url("http", "https", "tcp", "tls", "dns", example='"https://acme.example/healthz"')

_PROBE: Final = (
    Key("id", ID, "its name, unique among the probes", required=True),
    Key(
        "url",
        PROBE_URL,
        "what is asked: http(s)://…, tcp://host:port, tls://host:port or dns://name[?type=A&server=…]",
        required=True,
    ),
    Key("interval", _INTERVAL, "from one poll to the next"),
    Key("timeout", _TIMEOUT, "for one poll as a whole"),
    Key("expect", table(_EXPECT, Expect, nothing_more), "what a good answer looks like"),
    Key("service", NAME, "groups alerts; the id by default", example='"web"'),
    Key("public", BOOLEAN, 'whether it counts as "the application is up"'),
    Key("method", METHOD, "the HTTP method"),
    Key("headers", HEADERS, "HTTP headers; a value may be a secret"),
    Key("redirects", integer(0, 50, "10"), "how many redirects are followed; 0 takes the first answer as it is"),
    Key("family", FAMILY, "4 or 6 insists on that version of IP, 0 takes either"),
    Key("max_body", size(1, 2**30, '"1MiB"'), "how much of a body is read; a longer one fails the expectations"),
    Key(
        "server_name", text('"acme.example"'), "the TLS name to ask for and verify; the address's host by default"
    ),
    Key("verify", BOOLEAN, "false accepts any certificate; the days left are still read"),
    Key("slow", duration(0.001, 600.0, '"2s"'), "from here an answer is a warning; the handbook's 2 s by default"),
)

_HOST: Final = (
    Key("enabled", BOOLEAN, "false leaves this machine out; without a [host] table it is watched"),
    Key("disks", list_of(text('"/"', pattern="/.*", advice="a path begins with /"), '["/", "/var"]'),
        "mount points; every real file system when empty"),
    Key("interval", _INTERVAL, "from one poll to the next", example='"5s"'),
    Key("timeout", _TIMEOUT, "for one poll as a whole", example='"5s"'),
)  # fmt: skip

_PROMETHEUS: Final = (
    Key("id", ID, "its name, unique among the endpoints", required=True, example='"web-1"'),
    Key("url", url("http", "https", example='"http://10.0.0.5:9100/metrics"'), "the endpoint", required=True),
    Key("interval", _INTERVAL, "from one poll to the next", example='"15s"'),
    Key("timeout", _TIMEOUT, "for one poll as a whole"),
    Key("service", NAME, "groups alerts; the id by default", example='"web"'),
    Key("headers", HEADERS, "HTTP headers; a value may be a secret"),
    Key("username", text('"metrics"'), "for basic authentication"),
    Key("password", SECRET, "for basic authentication"),
    Key("max_body", size(1, 2**30, '"16MiB"'), "how much of an answer is read"),
    Key("verify", BOOLEAN, "false accepts any certificate"),
    Key("metrics", METRICS, "kind of metric → the series that holds it, where it is not one of the usual names"),
    Key(
        "exclude_paths",
        list_of(text('"/healthz"'), '["/health*", "/metrics"]'),
        "paths, routes or handlers that are no user traffic; an asterisk at the end stands for any rest",
    ),
)

ROOT: Final = (
    Key(
        "project",
        table(
            (
                Key("name", NAME, "what is watched; it names the data folder too"),
                Key(
                    "environment",
                    NAME,
                    "production, staging, …; it names the data folder too",
                    example='"production"',
                ),
                Key("timezone", TIMEZONE, "for due times of checklists; everything stored is UTC"),
            ),
            Project,
            nothing_more,
        ),
        "what is watched",
    ),
    Key("probe", tables(_PROBE, Probe, _check_probe), "HTTP, TCP, TLS and DNS probes", field="probes"),
    Key("host", table(_HOST, Host, _rhythm), "this machine; watched also without this table"),
    Key(
        "prometheus",
        tables(_PROMETHEUS, Prometheus, _rhythm),
        "any exporter: node_exporter, the application's own /metrics",
    ),
    Key(
        "thresholds",
        THRESHOLDS,
        "limits that replace the handbook's, one table a kind of metric, each with warning, critical or both",
    ),
    Key(
        "network",
        table(
            (
                Key(
                    "control",
                    list_of(url("tcp", example='"tcp://192.0.2.1:53"'), '["tcp://192.0.2.1:53"]'),
                    "neutral targets: when none can be reached, a remote failure is unknown instead of critical; "
                    "when empty, the routing table alone is asked, which sends nothing",
                ),
                Key("timeout", _TIMEOUT, "for one target", example='"3s"'),
            ),
            Network,
            nothing_more,
        ),
        'how "this machine has no network" is told from "they are down"',
    ),
    Key(
        "storage",
        table(
            (
                Key("samples", size(2**20), "how much stored samples may take; the oldest go first"),
                Key("raw", duration(3_600.0, example='"48h"'), "how long samples are kept as they came"),
                Key("minutes", duration(3_600.0, example='"30d"'), "how long one-minute summaries are kept"),
                Key("hours", duration(3_600.0, example='"730d"'), "how long one-hour summaries are kept"),
            ),
            Storage,
            nothing_more,
        ),
        "how much of the past is kept",
    ),
    Key(
        "ui",
        table(
            (
                Key("theme", text('"opsconsole-dark"'), "a theme's name; by the terminal when left out"),
                Key("mouse", BOOLEAN, "whether the mouse is used; by the terminal when left out"),
                Key("fps", integer(1, 60, "10"), "frames a second at most; by the terminal when left out"),
                Key("ascii", BOOLEAN, "draw with ASCII only; by the locale when left out"),
                Key("clock_seconds", BOOLEAN, "whether the clock shows seconds; it costs a write a second"),
                Key(
                    "keys",
                    mapping(
                        Kind("a command", lambda value, place: value),
                        list_of(text('"n"', longest=40), '["n", "ctrl+n"]'),
                        '{ "note.add" = ["n", "ctrl+n"] }',
                        nested=True,
                    ),
                    "command → keys, which replace its own; an empty list takes them away",
                ),
            ),
            Ui,
            nothing_more,
        ),
        "how the console looks and feels",
    ),
    Key(
        "telemetry",
        table((Key("dsn", SECRET, "a Sentry DSN; without one nothing is sent"),), Telemetry, nothing_more),
        "the console's own crashes, off by default",
    ),
)
"""The tables of the file. A key's defaults are those of the model it builds."""

UNUSED: Final = (
    "access_log", "sentry", "supabase", "postgres", "backup", "project_dir", "alert", "notify", "actions",
    "procedures", "team",
)  # fmt: skip
"""Tables of the interface that this version accepts and does not read."""
