"""A source on a real server, and the time it believes in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from opsconsole.config.model import Prometheus
from opsconsole.domain.reading import Measurement
from opsconsole.sources.prometheus import PrometheusSource
from tests.sources.pages import Answer, Clock, PageServer, serving


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
