"""What the screen says when what it watches fails: never a frozen green."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.terminal.conftest import Consoles
from tests.terminal.console import Terminal
from tests.terminal.site import Site

INTERVAL = 2.0


def seconds_until(terminal: Terminal, wanted: str | Callable[[], object]) -> float:
    """How long it takes until the screen shows it."""
    began = time.perf_counter()
    terminal.wait_for(wanted, timeout=4 * INTERVAL)
    return time.perf_counter() - began


@pytest.mark.parametrize(("way", "size"), [(Site.stop, (80, 24)), (Site.freeze, (120, 40))])
def test_an_unplugged_source_turns_to_a_question_mark_with_the_reason(
    consoles: Consoles, way: Callable[[Site], None], size: tuple[int, int]
) -> None:
    with Site() as site:
        metrics = {"id": "shop", "url": site.url("/metrics"), "interval": f"{INTERVAL:g}s", "timeout": "1s"}
        terminal = consoles.open(consoles.configure(prometheus=[metrics]), columns=size[0], rows=size[1])
        terminal.wait_for("● Throughput", timeout=4 * INTERVAL)
        way(site)
        took = seconds_until(terminal, r"^\? Throughput .*[a-z]{4}")
        assert took < 2 * INTERVAL
        assert not terminal.find("^● (?:Throughput|Error rate|Response time)")
        terminal.send("g")
        terminal.wait_for("(?i)refused|no answer|did not")
        terminal.wait_for("(?i)last good reading")


def test_a_source_that_comes_back_is_believed_again(consoles: Consoles) -> None:
    with Site() as site:
        metrics = {"id": "shop", "url": site.url("/metrics"), "interval": "1s", "timeout": "500ms"}
        terminal = consoles.open(consoles.configure(prometheus=[metrics]))
        terminal.wait_for("● Throughput")
        site.freeze()
        terminal.wait_for(r"^\? Throughput")
        site.thaw()
        terminal.wait_for("^● Throughput", timeout=8)


def test_a_target_that_goes_down_is_critical_and_names_the_layer(consoles: Consoles) -> None:
    with Site() as site:
        terminal = consoles.watching({"id": "web", "url": site.url(), "interval": "1s"})
        assert terminal.find("^● web ")
        site.stop()
        took = seconds_until(terminal, "^■ web ")
        assert took < 2.0
        terminal.wait_for("(?i)connect")
        assert "CRITICAL" in terminal.row(0) or "CRITICAL" in terminal.row(1)


def test_a_hanging_source_delays_no_other(consoles: Consoles, site: Site) -> None:
    hanging = [{"id": f"hangs-{n}", "url": site.url("/hang", n), "timeout": "20s"} for n in range(3)]
    terminal = consoles.open(
        consoles.configure(probes=[*hanging, {"id": "web", "url": site.url(), "interval": "1s"}])
    )
    terminal.wait_for("^● web ", timeout=3)
    assert terminal.find(r"^\? hangs-0 ")


def test_a_failing_source_says_so_before_anything_was_read(consoles: Consoles, site: Site) -> None:
    config = consoles.configure(
        probes=[{"id": "broken", "url": site.url("/status/503")}],
        prometheus=[{"id": "shop", "url": site.url("/healthz")}],
    )
    terminal = consoles.open(config)
    terminal.wait_for("^■ broken ")
    terminal.wait_for("503")
    assert not terminal.find("^● ")
