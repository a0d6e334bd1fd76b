"""`opsconsole demo --headless`: a real stack that anybody can point tools at."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from opsconsole.demo.access_log import AccessLog
from opsconsole.demo.visitors import MEAN_RATE, Crowd, rate
from tests.demo.headless import Demo, demo, until

COMBINED = re.compile(
    r'(?P<client>\S+) \S+ (?P<user>\S+) \[(?P<at>[^\]]+)\] "(?P<method>[A-Z]+) (?P<target>\S+) HTTP/1\.[01]"'
    r' (?P<status>\d{3}) (?P<size>\d+) "(?P<referrer>[^"]*)" "(?P<agent>[^"]*)" (?P<took>\d+\.\d{3})'
)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo(tmp_path_factory.mktemp("calm"), "--scenario", "calm") as running:
        yield running


def test_says_in_one_document_where_everything_is(calm: Demo) -> None:
    assert calm.said["schema"] == "opsconsole/demo/1"
    assert calm.said["generated_at"].endswith("Z")
    assert set(calm.urls) == {"web", "api", "metrics", "node", "database"}
    assert calm.said["pid"] == calm.process.pid
    assert all("127.0.0.1" in url for url in calm.urls.values())
    assert Path(calm.said["data_dir"]).is_dir()


def test_every_address_answers(calm: Demo) -> None:
    for name in ("web", "api", "metrics", "node"):
        assert calm.get(name)[0] in (200, 404)
    assert calm.get("web", "/")[0] == 200
    assert calm.get("api", "/api/orders")[0] == 200
    assert calm.connects("database")


def test_the_health_page_tells_of_the_database(calm: Demo) -> None:
    status, report = calm.health()
    assert status == 200
    assert report["status"] == "ok"
    assert report["db"]["status"] == "up"


def test_the_configuration_is_its_owners_alone_and_valid(calm: Demo) -> None:
    from opsconsole.config.loading import load

    path = Path(calm.said["config"])
    assert path.stat().st_mode & 0o777 == 0o600
    loaded = load(path, data_dir=Path(calm.said["data_dir"]))
    assert loaded.warnings == ()
    config = loaded.config
    assert config.environment == "demo-shop/demo"
    assert {probe.id: probe.url for probe in config.probes}["db"] == calm.urls["database"]
    assert [probe.id for probe in config.probes if probe.public] == ["web"]
    assert config.probes[0].expect.json == {"status": "ok", "db.status": "up"}
    assert [endpoint.url for endpoint in config.prometheus] == [calm.urls["metrics"], calm.urls["node"]]
    assert config.host.enabled


def test_the_applications_counters_and_histogram_grow_with_its_visitors(calm: Demo) -> None:
    before = calm.total("metrics", "http_requests_total")
    until(lambda: calm.total("metrics", "http_requests_total") > before + 20)
    observed = calm.total("metrics", "http_request_duration_seconds_count")
    counted = calm.total("metrics", "http_requests_total")
    assert abs(observed - counted) < 50  # the page was read twice, with visitors in between
    assert calm.total("metrics", "http_request_duration_seconds_bucket", le="0.05") < observed
    assert b"http_requests_total" in calm.get("web", "/metrics")[1]


def test_the_page_is_openmetrics_for_who_asks_for_it(calm: Demo) -> None:
    status, body = calm.get("metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert status == 200
    assert body.endswith(b"# EOF\n")


def test_the_node_speaks_node_exporters_names(calm: Demo) -> None:
    busy = calm.total("node", "node_cpu_seconds_total", mode="user")
    until(lambda: calm.total("node", "node_cpu_seconds_total", mode="user") > busy)
    used = 1 - calm.total("node", "node_memory_MemAvailable_bytes") / calm.total(
        "node", "node_memory_MemTotal_bytes"
    )
    assert used == pytest.approx(0.58, abs=0.01)
    sizes = {
        name: calm.total("node", f"node_filesystem_{name}_bytes", mountpoint="/var/lib/shop")
        for name in ("avail", "size")
    }
    assert sizes["avail"] / sizes["size"] == pytest.approx(0.46, abs=0.01)
    assert calm.total("node", "node_network_transmit_bytes_total", device="eth0") > 0


def test_the_access_log_is_combined_format_with_request_times(calm: Demo) -> None:
    log = calm.folder / "access.log"
    calm.get("web", "/", **{"User-Agent": 'quote " and \u00e9', "X-Forwarded-For": "192.0.2.250, 10.0.0.1"})
    lines = until(lambda: len(found := log.read_text().splitlines()) > 60 and found)
    parsed = [match for line in lines if (match := COMBINED.fullmatch(line))]
    assert len(parsed) == len(lines)
    assert len({match["client"] for match in parsed}) > 5
    assert len({match["agent"] for match in parsed}) > 4
    assert {"200", "404"} <= {match["status"] for match in parsed}
    assert all(0 <= float(match["took"]) < 5 for match in parsed)
    at = datetime.strptime(parsed[-1]["at"], "%d/%b/%Y:%H:%M:%S %z")
    assert datetime.now(UTC) - at < timedelta(seconds=30)
    mine = [match for match in parsed if match["client"] == "192.0.2.250"]
    assert mine[0]["agent"] == r"quote \x22 and \xE9"


def test_visitors_come_by_day_more_than_by_night() -> None:
    rates = [rate(second) for second in range(0, 240, 5)]
    assert 15 < min(rates) < MEAN_RATE < max(rates) < 40


def test_a_seed_means_the_same_visitors_every_time() -> None:
    def requests(seed: int) -> list[tuple[int, bytes]]:
        crowd = Crowd({"web": 1, "api": 2}, Random(seed))
        return [crowd.next_request() for _ in range(50)]

    assert requests(7) == requests(7)
    assert requests(7) != requests(8)


def test_a_full_access_log_is_moved_aside_once(tmp_path: Path) -> None:
    log = AccessLog(tmp_path / "access.log", limit=500)
    for _ in range(20):
        log.write(
            client="192.0.2.1",
            user="-",
            request="GET / HTTP/1.1",
            status=200,
            size=1,
            referrer="",
            agent="x",
            took=0.1,
        )
    log.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["access.log", "access.log.1"]
    assert all(file.stat().st_size < 700 for file in files)


def test_the_stack_is_frugal(calm: Demo) -> None:
    import psutil

    stack = psutil.Process(calm.said["stack_pid"])
    first, began = sum(stack.cpu_times()[:2]), time.monotonic()
    before = calm.total("metrics", "http_requests_total")
    until(lambda: calm.total("metrics", "http_requests_total") > before + 50)
    # Twice the tenth of a core it may take: other tests run beside this one, and the pages above cost it too.
    assert (sum(stack.cpu_times()[:2]) - first) / (time.monotonic() - began) < 0.3
