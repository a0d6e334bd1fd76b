"""The usual names: which series of a page tell of requests, without anything being configured.

From the instrumentation libraries' documentation: OpenTelemetry's HTTP conventions, Micrometer (Spring Boot), the
FastAPI instrumentator, starlette_exporter, django-prometheus, prometheus-flask-exporter, the Go, Ruby, .NET and
Node clients' middleware, and the proxies' own metrics. Names that count a request more than once (Caddy's
handlers, Istio's two reporters) are left out: they can be named in the configuration, with a selector.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from opsconsole.sources.prometheus_page import Series


@dataclass(frozen=True, slots=True)
class Selector:
    """A series by its name, and some of its labels.

    Attributes:
        name: the name of the sample, or of the family.
        labels: (label, value) that it must have.
        without: (label, value) that it must not have.
    """

    name: str
    labels: tuple[tuple[str, str], ...] = ()
    without: tuple[tuple[str, str], ...] = ()

    def matches(self, series: Series) -> bool:
        """Whether the labels of a series are those asked for; the name is not looked at."""
        return all(series.labels.get(label, "") == value for label, value in self.labels) and all(
            series.labels.get(label, "") != value for label, value in self.without
        )


_SELECTOR: Final = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\})?\s*\Z", re.DOTALL)
_MATCHER: Final = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(!?=)\s*"((?:[^"\\]|\\.)*)"\s*(?:,|\Z)', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


def parse_selector(text: str) -> Selector:
    r"""A selector as the configuration writes it: `name`, `name{label="value"}`, `name{label!="value"}`.

    Raises:
        ValueError: it is no such thing; the text says what is wrong.
    """
    whole = _SELECTOR.match(text)
    if whole is None:
        raise ValueError(f'"{text}" is no series name; write name or name{{label="value"}}')
    labels: dict[str, list[tuple[str, str]]] = {"=": [], "!=": []}
    rest = whole[2] or ""
    while rest.strip():
        matcher = _MATCHER.match(rest)
        if matcher is None:
            raise ValueError(f'"{text}" has a selector that is not understood; write name{{label="value"}}')
        value = _ESCAPE.sub(lambda found: {"n": "\n"}.get(found[1], found[1]), matcher[3])
        labels[matcher[2]].append((matcher[1], value))
        rest = rest[matcher.end() :]
    return Selector(whole[1], tuple(labels["="]), tuple(labels["!="]))


REQUEST_COUNTERS: Final = (
    Selector("http_requests_total"),
    Selector("http_server_requests_total"),
    Selector("http_server_request_duration_seconds_count"),
    Selector("http_server_requests_seconds_count"),
    Selector("http_requests_received_total"),
    Selector("http_request_duration_seconds_count"),
    Selector("http_request_duration_milliseconds_count"),
    Selector("http_server_duration_milliseconds_count"),
    Selector("django_http_responses_total_by_status_view_method_total"),
    Selector("django_http_responses_total_by_status_total"),
    Selector("flask_http_request_total"),
    Selector("flask_http_request_duration_seconds_count"),
    Selector("starlette_requests_total"),
    Selector("fastapi_responses_total"),
    Selector("nginx_ingress_controller_requests"),
    Selector("traefik_entrypoint_requests_total"),
    Selector("traefik_service_requests_total"),
    Selector("envoy_http_downstream_rq_xx", without=(("envoy_http_conn_manager_prefix", "admin"),)),
    Selector("haproxy_frontend_http_responses_total"),
    Selector("nginx_http_requests_total"),
)
"""Counters of requests, the likelier first; one of them is used."""


@dataclass(frozen=True, slots=True)
class Duration:
    """A histogram or summary of request times.

    Attributes:
        selector: its family and labels.
        scale: seconds in one of its units.
    """

    selector: Selector
    scale: float = 1.0


DURATIONS: Final = (
    # The instrumentator's fine buckets before its coarse ones, whose last bound is 1 s.
    Duration(Selector("http_request_duration_highr_seconds")),
    Duration(Selector("http_server_request_duration_seconds")),
    Duration(Selector("http_server_requests_seconds")),
    Duration(Selector("http_request_duration_seconds")),
    Duration(Selector("http_request_duration_milliseconds"), 1e-3),
    Duration(Selector("http_server_duration_milliseconds"), 1e-3),
    Duration(Selector("django_http_requests_latency_seconds_by_view_method")),
    Duration(Selector("django_http_requests_latency_including_middlewares_seconds")),
    Duration(Selector("flask_http_request_duration_seconds")),
    Duration(Selector("starlette_request_duration_seconds")),
    Duration(Selector("fastapi_requests_duration_seconds")),
    Duration(Selector("nginx_ingress_controller_request_duration_seconds")),
    Duration(Selector("traefik_entrypoint_request_duration_seconds")),
    Duration(Selector("traefik_service_request_duration_seconds")),
    Duration(
        Selector("envoy_http_downstream_rq_time", without=(("envoy_http_conn_manager_prefix", "admin"),)), 1e-3
    ),
)
"""Families of request times, the likelier first; one of them is used."""

STATUS_LABELS: Final = (
    "status", "code", "status_code", "http_status", "http_status_code", "http_response_status_code",
    "response_code", "statuscode", "envoy_response_code_class",
)  # fmt: skip
"""Labels that hold the status of the answer."""

PATH_LABELS: Final = (
    "path", "route", "handler", "endpoint", "uri", "url", "view", "http_route", "http_target", "url_path",
    "path_template",
)  # fmt: skip
"""Labels that hold the path of the request."""

_SERVER_ERROR: Final = re.compile(r"5(?:\d\d|[xX][xX])?\Z")


def status_of(series: Series) -> str | None:
    """The status that a series counts, None where it tells none."""
    return next((series.labels[label] for label in STATUS_LABELS if label in series.labels), None)


def is_server_error(status: str | None) -> bool:
    """Whether a status is the server's fault: 500 to 599, "5xx" or the class "5". 4xx is the client's."""
    return status is not None and _SERVER_ERROR.match(status) is not None


def is_user_traffic(series: Series, excluded: Iterable[str]) -> bool:
    """Whether a series counts what users do: its path is none of those excluded ("*" at the end: any rest)."""
    paths = [series.labels[label] for label in PATH_LABELS if label in series.labels]
    return not any(
        path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
        for pattern in excluded
        for path in paths
    )


def scale_of(name: str) -> float:
    """What a value must be multiplied by to be in seconds or a ratio, by the unit in its name."""
    if re.search(r"_(?:milliseconds|millis|ms)(?:_|\Z)", name):
        return 1e-3
    if re.search(r"_(?:microseconds|us)(?:_|\Z)", name):
        return 1e-6
    return 0.01 if re.search(r"_(?:percent|percentage|pct)(?:_|\Z)", name) else 1.0
