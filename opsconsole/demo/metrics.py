"""Metrics pages: what a registry of the Prometheus client library holds, in the format the caller prefers."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from opsconsole.demo.server import Request, Response

_BUCKETS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0)


def metrics_page(registry: CollectorRegistry, request: Request) -> Response:
    """The page of a registry: the text format, or OpenMetrics for who accepts it."""
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(200, encode(registry), content_type)


class RequestMetrics:
    """What an application tells about its requests: how many, how long, how many right now."""

    def __init__(self) -> None:
        # The text format has no place for the moment a counter was made, and shows it as one more series each.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests", "Requests answered.", ("method", "path", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time to answer a request.",
            ("method", "path"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.in_progress = Gauge("http_requests_in_progress", "Requests being answered.", registry=self.registry)

    def count(self, method: str, path: str, status: int, took: float) -> None:
        """One request that was answered: `path` as the application's routes name it, `took` in seconds."""
        self._requests.labels(method, path, str(status)).inc()
        self._seconds.labels(method, path).observe(took)
