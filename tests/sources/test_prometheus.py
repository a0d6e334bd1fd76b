"""What a Prometheus endpoint tells of an application and of a machine, out of pages that real libraries write."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from opsconsole.config.model import Prometheus
from opsconsole.domain.reading import Measurement, Status
from opsconsole.domain.thresholds import judge
from opsconsole.sources.base import SourceError
from opsconsole.sources.prometheus import PrometheusSource
from tests.sources.pages import OPENMETRICS, TEXT, Answer, Clock, PageServer, node_page, serving


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


class Watch:
    """One source on one server, and the time it believes in."""

    def __init__(self, server: PageServer, **config: object) -> None:
        self.server = server
        self.clock = Clock()
        oneshot = bool(config.pop("oneshot", False))
        self.source = PrometheusSource(
            Prometheus(id="web-1", url=server.url, **config),  # type: ignore[arg-type]
            oneshot=oneshot,
            clock=self.clock,
        )

    async def after(self, seconds: float = 0.0, page: str | None = None) -> dict[str, Measurement]:
        if page is not None:
            self.server.answer = Answer(page)
        self.clock.now += seconds
        reading = await self.source.poll()
        assert reading.source == "prometheus.web-1"
        found = {item.id.removeprefix("prometheus.web-1."): item for item in reading.measurements}
        assert len(found) == len(reading.measurements)
        return found


@asynccontextmanager
async def watching(
    answer: Answer | str | Callable[[Mapping[str, str]], Answer], **config: object
) -> AsyncIterator[Watch]:
    with serving(answer) as server:
        watch = Watch(server, **config)
        try:
            yield watch
        finally:
            await watch.source.close()


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


async def test_node_exporter_gives_the_machine_without_naming_anything() -> None:
    async with watching(node_page(busy=100, idle=100, received=1e6)) as watch:
        first = await watch.after()
        assert first["cpu"].problem == "needs a second reading"
        assert first["memory"].value == 0.75
        assert first["load"].value == pytest.approx(1.6)
        assert "network_received" not in first
        found = await watch.after(10, node_page(busy=109, idle=105, iowait=4, steal=2, received=1.5e6))
    assert found["cpu"].value == pytest.approx(11 / 20)
    assert found["iowait"].value == pytest.approx(0.2)
    assert found["steal"].value == pytest.approx(0.1)
    assert found["network_received"].value == pytest.approx(50_000)
    assert found["network_sent"].value == 0
    assert found["network_sent"].facts["interfaces"] == ["eth0"]
    assert "swap" not in found
    assert {key for key in found if key.startswith(("disk", "inodes"))} == {"disk:/", "inodes:/", "disk:/srv"}
    assert found["disk:/"].value == pytest.approx(0.1)
    assert found["disk:/"].label == "web-1 /"
    assert found["disk:/"].facts["device"] == "/dev/vda1"
    assert found["inodes:/"].value == 0.25
    assert found["disk:/srv"].value is None
    assert found["disk:/srv"].problem == "web-1 could not read the file system /srv"


async def test_a_remote_disk_that_fills_is_forecast_from_half_an_hour_on(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_700_000_000.0
    monkeypatch.setattr("opsconsole.sources.prometheus.time.time", lambda: now)
    free = 7e9
    async with watching(node_page(busy=1, idle=1, avail=free)) as watch:
        found = await watch.after()
        for _ in range(35):
            now += 60
            free -= 1e7
            found = await watch.after(60, node_page(busy=1, idle=1, avail=free))
    assert found["disk:/"].facts["full_in"] == pytest.approx(free / 1e7 * 60, rel=0.01)
    assert judge(found["disk:/"]).status is Status.CRITICAL


async def test_names_in_the_configuration_win_over_the_usual_ones() -> None:
    registry = CollectorRegistry()
    Gauge("pool_use_percent", "x", ["pool"], registry=registry).labels("a").set(40)
    cpu = Counter("worker_cpu_seconds", "x", ["worker"], registry=registry)
    calls = Counter("rpc_calls", "x", ["service", "status"], registry=registry)
    usual = Counter("http_requests", "x", ["code"], registry=registry)
    times = Histogram("rpc_milliseconds", "x", ["service"], registry=registry, buckets=(100, 1000, math.inf))
    metrics = {
        "memory": 'pool_use_percent{pool="a"}',
        "cpu": "worker_cpu_seconds_total",
        "throughput": 'rpc_calls_total{service="shop"}',
        "response_time": 'rpc_milliseconds{service!="batch"}',
        "swap": "nowhere",
        "load": 'pool_use_percent{pool="b"}',
    }
    async with watching(lambda _: Answer(generate_latest(registry)), metrics=metrics) as watch:
        await watch.after()
        for worker in "ab":
            cpu.labels(worker).inc(3)
        calls.labels("shop", "200").inc(15)
        calls.labels("shop", "500").inc(5)
        calls.labels("batch", "500").inc(5000)
        usual.labels("200").inc(100_000)
        for _ in range(20):
            times.labels("shop").observe(50)
            times.labels("batch").observe(5000)
        found = await watch.after(10)
    assert found["memory"].value == pytest.approx(0.4)
    assert found["cpu"].value == pytest.approx(0.6)
    assert found["throughput"].value == pytest.approx(2.0)
    assert found["error_rate"].value == pytest.approx(0.25)
    assert found["response_time_p50"].value == pytest.approx(0.05)
    assert found["response_time_p95"].facts["samples"] == 20
    assert found["swap"].problem == "the page has no series named nowhere"
    assert "no series of pool_use_percent" in found["load"].problem


async def test_a_counter_of_errors_is_held_against_the_requests() -> None:
    page = "http_requests_total {}\napp_failures_total {}\n"
    async with watching(page.format(100, 7), metrics={"error_rate": "app_failures_total"}) as watch:
        await watch.after()
        found = await watch.after(10, page.format(200, 12))
    assert found["error_rate"].value == pytest.approx(0.05)
    assert found["throughput"].value == 10


async def test_gauges_may_be_named_for_what_is_otherwise_worked_out() -> None:
    page = "# TYPE rps gauge\nrps 12\n# TYPE failing_percent gauge\nfailing_percent 8\nhttp_requests_total 5\n"
    metrics = {"throughput": "rps", "error_rate": "failing_percent", "response_time": "mean_seconds"}
    async with watching(page + "mean_seconds 0.4\n", metrics=metrics) as watch:
        found = await watch.after()
    assert {kind: found[kind].value for kind in metrics} == {
        "throughput": 12,
        "error_rate": pytest.approx(0.08),
        "response_time": 0.4,
    }


async def test_a_gauge_of_several_series_asks_for_a_selector() -> None:
    async with watching('use{a="1"} 1\nuse{a="2"} 2\n', metrics={"cpu": "use"}) as watch:
        assert (await watch.after())["cpu"].problem == 'use has 2 series; select one with use{label="value"}'


@pytest.mark.parametrize("text", ["two words", 'name{a="b"', "name{a=b}", "9lives", 'name{a=~"b"}', ""])
async def test_a_selector_that_is_not_understood_says_so_and_leaves_the_rest(text: str) -> None:
    async with watching("node_load1 1\nrps 2\n", metrics={"cpu": text, "load": "rps"}) as watch:
        found = await watch.after()
    assert found["cpu"].value is None
    assert "write name" in found["cpu"].problem
    assert found["load"].value == 2


async def test_values_that_are_no_numbers_are_no_values() -> None:
    page = "node_memory_MemTotal_bytes NaN\nnode_memory_MemAvailable_bytes +Inf\nuse NaN\nnode_load1 1\n"
    async with watching(page, metrics={"cpu": "use", "load": "node_load1"}) as watch:
        found = await watch.after()
    assert "memory" not in found
    assert found["cpu"].value is None
    assert found["load"].value == 1


async def test_a_page_without_any_usual_metric_says_what_to_do() -> None:
    registry = CollectorRegistry()
    Summary("garden_hoses", "x", registry=registry).observe(1)
    async with watching(lambda _: Answer(generate_latest(registry))) as watch:
        with pytest.raises(SourceError, match=r"none of the usual metrics \(it has garden_hoses.*name yours"):
            await watch.after()


async def test_the_source_knows_the_series_it_was_told_of_before_it_is_read() -> None:
    config = Prometheus(id="web-1", url="http://127.0.0.1:9/metrics", metrics={"cpu": "x", "response_time": "y"})
    assert PrometheusSource(config).expects == (("prometheus.web-1.cpu", "cpu", "web-1"),)
