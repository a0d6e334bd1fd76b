"""From the configuration to the sources it names: one line a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from opsconsole.config.model import Config
from opsconsole.sources.base import Source


def _probes(config: Config, oneshot: bool) -> Iterator[Source]:
    if config.probes:
        from opsconsole.sources.probe import ProbeSource

        yield from (ProbeSource(probe) for probe in config.probes)


def _host(config: Config, oneshot: bool) -> Iterator[Source]:
    if config.host.enabled:
        from opsconsole.sources.host import HostSource

        yield HostSource(config.host)


def _prometheus(config: Config, oneshot: bool) -> Iterator[Source]:
    if config.prometheus:
        from opsconsole.sources.prometheus import PrometheusSource

        yield from (PrometheusSource(endpoint, oneshot=oneshot) for endpoint in config.prometheus)


TABLES: Final[dict[str, Callable[[Config, bool], Iterator[Source]]]] = {
    "probe": _probes,
    "host": _host,
    "prometheus": _prometheus,
}
"""Configuration table → the sources it asks for. A new data source is one line here."""


def build_sources(config: Config, *, oneshot: bool = False) -> list[Source]:
    """Every source the configuration names. Nothing is read and no network is touched.

    Args:
        config: the configuration.
        oneshot: each will be polled only once, so one that needs two looks to tell a rate takes both in that poll.
    """
    return [source for build in TABLES.values() for source in build(config, oneshot)]
