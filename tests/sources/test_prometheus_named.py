"""What a Prometheus endpoint tells of a machine, and what its configuration names."""

from __future__ import annotations

import math

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, generate_latest

from opsconsole.config.model import Prometheus
from opsconsole.domain.reading import Status
from opsconsole.domain.thresholds import judge
from opsconsole.sources.base import SourceError
from opsconsole.sources.prometheus import PrometheusSource
from tests.sources.pages import Answer, node_page
from tests.sources.watching import watching


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
