"""What a Prometheus endpoint tells of an application, out of pages that real libraries write."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from opsconsole.config.model import Prometheus
from opsconsole.domain.reading import Status
from opsconsole.domain.thresholds import judge
from opsconsole.sources.prometheus import PrometheusSource
from tests.sources.pages import OPENMETRICS, TEXT, Answer, serving
from tests.sources.watching import watching


class App:
    """An application that is instrumented with the real client library."""

    def __init__(self, buckets: tuple[float, ...] = (0.1, 0.5, 1.0, 2.5, math.inf)) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("http_requests", "Requests.", ["method", "path", "code"], registry=self.registry)
        self.seconds = Histogram(
            "http_request_duration_seconds", "Time.", ["path"], registry=self.registry, buckets=buckets
        )

    def serve(self, count: int, code: str = "200", path: str = "/", seconds: float = 0.05) -> None:
        self.requests.labels("GET", path, code).inc(count)
        for _ in range(count):
            self.seconds.labels(path).observe(seconds)

    def text(self, _: Mapping[str, str] | None = None) -> Answer:
        return Answer(generate_latest(self.registry), TEXT)

    def openmetrics(self, _: Mapping[str, str] | None = None) -> Answer:
        return Answer(openmetrics.generate_latest(self.registry), OPENMETRICS)


@pytest.mark.parametrize("form", ["text", "openmetrics"])
async def test_an_application_s_own_page_gives_throughput_errors_and_percentiles_without_naming_anything(
    form: str,
) -> None:
    app = App()
    app.serve(1000, seconds=5.0)  # long before anybody looked
    async with watching(getattr(app, form)) as watch:
        first = await watch.after()
        assert {item.problem for item in first.values()} == {"needs a second reading"}
        assert {item.value for item in first.values()} == {None}
        app.serve(90, seconds=0.05)
        app.serve(10, "503", seconds=2.0)
        found = await watch.after(20)
    assert found["throughput"].value == pytest.approx(5.0)
    assert found["error_rate"].value == pytest.approx(0.1)
    assert found["error_rate"].facts == {
        "numerator": 10.0,
        "denominator": 100.0,
        "window": 20.0,
        "from": "http_requests_total",
    }
    assert found["response_time_p50"].value == pytest.approx(0.1 * 50 / 90)
    assert found["response_time_p95"].value == pytest.approx(1.0 + 1.5 * 0.5)
    assert found["response_time_p99"].facts["samples"] == 100
    assert judge(found["error_rate"]).status is Status.CRITICAL
    assert {item.label for item in found.values()} == {"web-1"}


async def test_only_server_errors_count_and_health_checks_are_no_requests() -> None:
    app = App()
    async with watching(app.text) as watch:
        await watch.after()
        app.serve(10)
        app.serve(10, "404")
        app.serve(5, "500", "/shop")
        app.serve(500, "500", "/healthz/ready")
        app.serve(500, "200", "/metrics", seconds=9.0)
        found = await watch.after(10)
    assert found["error_rate"].value == pytest.approx(5 / 25)
    assert found["response_time_p99"].facts["samples"] == 25


async def test_the_first_error_ever_counts_although_its_series_is_new() -> None:
    app = App()
    app.serve(10)
    async with watching(app.text) as watch:
        await watch.after()
        app.serve(3)
        app.serve(1, "500")
        assert (await watch.after(10))["error_rate"].value == pytest.approx(0.25)


async def test_a_restarted_process_neither_loses_requests_nor_makes_a_negative_rate() -> None:
    app = App()
    app.serve(1000)
    async with watching(lambda _: app.text()) as watch:
        await watch.after()
        app = App()
        app.serve(40)
        found = await watch.after(10)
    assert found["throughput"].value == pytest.approx(4.0)
    assert found["error_rate"].value == 0
    assert found["response_time_p95"].facts["samples"] == 40


async def test_without_requests_throughput_is_zero_and_the_error_rate_is_not_known() -> None:
    app = App()
    app.serve(10)
    async with watching(app.text) as watch:
        await watch.after()
        found = await watch.after(300)
    assert found["throughput"].value == 0
    for kind in ("error_rate", "response_time_p50", "response_time_p95", "response_time_p99"):
        assert found[kind].value is None
        assert found[kind].problem == "no requests in the last 5 min"
        assert judge(found[kind]).status is Status.UNKNOWN


async def test_an_application_that_never_had_a_request_is_understood() -> None:
    app = App()
    async with watching(app.text) as watch:
        await watch.after()
        found = await watch.after(15)
        assert found["throughput"].value == 0
        assert found["error_rate"].problem == "no requests in the last 15 s"
        app.serve(30, "500")
        assert (await watch.after(15))["error_rate"].value == 1


async def test_errors_are_summed_over_five_minutes_and_not_averaged() -> None:
    app = App()
    async with watching(app.text) as watch:
        await watch.after()
        app.serve(1, "500")
        assert (await watch.after(60))["error_rate"].value == 1
        app.serve(99)
        assert (await watch.after(60))["error_rate"].value == pytest.approx(0.01)
        for _ in range(4):
            app.serve(25)
            found = await watch.after(60)
        assert found["error_rate"].value == 0  # the error is more than five minutes ago
        assert found["error_rate"].facts["denominator"] == 199
        assert found["throughput"].facts["window"] == 60


async def test_a_long_gap_begins_anew_instead_of_telling_a_mean_of_hours_as_the_present() -> None:
    app = App()
    async with watching(app.text) as watch:
        await watch.after()
        app.serve(100_000 // 1000)
        assert (await watch.after(8 * 3600))["throughput"].problem == "needs a second reading"


async def test_a_source_that_is_read_once_reads_twice_by_itself() -> None:
    app = App()

    def answer(headers: Mapping[str, str]) -> Answer:
        app.serve(10)
        return app.text(headers)

    with serving(answer) as server:
        source = PrometheusSource(Prometheus(id="web-1", url=server.url, timeout=2.0), oneshot=True)
        reading = await source.poll()
        assert len(server.requests) == 2
        assert server.connections == 1
        await source.close()
    throughput = next(item for item in reading.measurements if item.kind == "throughput")
    assert throughput.value is not None
    window = throughput.facts["window"]
    assert isinstance(window, float)
    assert 0.5 <= window < 1.5
    assert throughput.value == pytest.approx(10 / window)


async def test_a_percentile_beyond_the_last_bucket_says_that_it_is_at_least_so_much() -> None:
    app = App(buckets=(0.1, 1.0, math.inf))
    async with watching(app.text) as watch:
        await watch.after()
        app.serve(10, seconds=30.0)
        found = await watch.after(10)
    assert found["response_time_p95"].value == 1.0
    assert found["response_time_p95"].facts["beyond_last_bucket"] is True


USUAL = {
    "fastapi": (
        'http_requests_total{handler="/a",status="2xx"} %d',
        'http_requests_total{handler="/a",status="5xx"} %d',
    ),
    "micrometer": (
        'http_server_requests_seconds_count{uri="/a",status="200",outcome="SUCCESS"} %d',
        'http_server_requests_seconds_count{uri="/a",status="500",outcome="SERVER_ERROR"} %d',
    ),
    "opentelemetry": (
        'http_server_request_duration_seconds_count{http_route="/a",http_response_status_code="204"} %d',
        'http_server_request_duration_seconds_count{http_route="/a",http_response_status_code="502"} %d',
    ),
    "django": (
        'django_http_responses_total_by_status_total{status="200"} %d',
        'django_http_responses_total_by_status_total{status="500"} %d',
    ),
    "flask": (
        'flask_http_request_total{method="GET",status="200"} %d',
        'flask_http_request_total{status="500"} %d',
    ),
    "traefik": (
        'traefik_entrypoint_requests_total{code="200",entrypoint="web"} %d',
        'traefik_entrypoint_requests_total{code="500",entrypoint="web"} %d',
    ),
    "envoy": (
        'envoy_http_downstream_rq_xx{envoy_response_code_class="2",envoy_http_conn_manager_prefix="in"} %d',
        'envoy_http_downstream_rq_xx{envoy_response_code_class="5",envoy_http_conn_manager_prefix="in"} %d',
    ),
    "haproxy": (
        'haproxy_frontend_http_responses_total{proxy="web",code="2xx"} %d',
        'haproxy_frontend_http_responses_total{proxy="web",code="5xx"} %d',
    ),
}


@pytest.mark.parametrize("library", USUAL)
async def test_the_usual_libraries_and_proxies_are_known(library: str) -> None:
    good, bad = USUAL[library]
    async with watching("\n".join((good % 100, bad % 1)) + "\n") as watch:
        await watch.after()
        found = await watch.after(10, "\n".join((good % 190, bad % 11)) + "\n")
    assert found["throughput"].value == pytest.approx(10.0)
    assert found["error_rate"].value == pytest.approx(0.1)


async def test_a_counter_that_tells_no_status_gives_throughput_and_claims_no_error_rate() -> None:
    async with watching("nginx_http_requests_total 100\n") as watch:
        await watch.after()
        found = await watch.after(10, "nginx_http_requests_total 150\n")
    assert set(found) == {"throughput"}
    assert found["throughput"].value == 5


async def test_a_summary_is_used_only_where_it_is_one_series() -> None:
    one = 'http_request_duration_seconds{quantile="0.5"} 0.2\nhttp_request_duration_seconds{quantile="0.99"} 0.7\n'
    two = 'http_request_duration_seconds{path="/a",quantile="0.5"} 0.2\n' + one
    async with watching(one) as watch:
        found = await watch.after()
        assert found["response_time_p50"].value == 0.2
        assert found["response_time_p99"].value == 0.7
        assert found["response_time_p99"].facts["summary"] is True
        assert "response_time_p95" not in found
    async with watching(two, metrics={"response_time_p99": "http_request_duration_seconds"}) as watch:
        problem = (await watch.after())["response_time_p99"].problem
        assert "cannot be added up" in problem
        assert "2 series" in problem
