"""What runs behind the screens: the sources with their poller, and the journal. Opened after the first frame."""

from __future__ import annotations

import logging
from random import Random

from opsconsole.context import Context
from opsconsole.monitor.application import Application
from opsconsole.monitor.control import ControlProbe
from opsconsole.monitor.poller import Poller
from opsconsole.sources.base import Source
from opsconsole.sources.threads import in_thread

logger = logging.getLogger(__name__)


class Services:
    """The moving parts of a console, opened together and closed together."""

    def __init__(self) -> None:
        self._poller: Poller | None = None

    async def open(self, context: Context) -> None:
        """Start polling. Heavy imports happen in a thread, so that keys are answered meanwhile."""
        sources = await in_thread(lambda: _build(context), name="build-sources")
        for source in sources:
            context.board.register(source)
        public = [source for source, probe in zip(sources, context.config.probes, strict=False) if probe.public]
        if public:
            Application(context.board, public)
        control = ControlProbe(context.config.network)
        self._poller = Poller(context.board, sources, context.clocks, Random(), control)  # noqa: S311 - jitter
        context.poll_now = self._poller.poll_now
        self._poller.start()

    async def close(self, reason: str) -> None:
        """Stop polling and flush what is to be recorded."""
        if self._poller is not None:
            await self._poller.stop()

    def crashed(self, error: BaseException) -> None:
        """The console failed by itself."""


def _build(context: Context) -> list[Source]:
    from opsconsole.sources.registry import build_sources

    return build_sources(context.config)
