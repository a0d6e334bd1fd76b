"""What runs behind the screens: the sources with their poller, and the journal. Opened after the first frame."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial
from random import Random
from uuid import uuid4

from opsconsole.config.folders import DataFolderError, prepare_data_dir
from opsconsole.context import Context
from opsconsole.domain.entries import NewEntry
from opsconsole.domain.reading import Reading
from opsconsole.domain.series import Sample
from opsconsole.journal import session
from opsconsole.journal.recorder import Recorder
from opsconsole.logfile import keep_log
from opsconsole.monitor.application import Application
from opsconsole.monitor.changes import Changes
from opsconsole.monitor.control import ControlProbe
from opsconsole.monitor.lease import Lease
from opsconsole.monitor.poller import Poller
from opsconsole.sources.base import Source
from opsconsole.sources.registry import build_sources
from opsconsole.sources.threads import in_thread

logger = logging.getLogger(__name__)

LEASE_CHECK = 5.0
"""Seconds between two looks whether the console that records has gone."""


class Services:
    """The moving parts of a console, opened together and closed together.

    Args:
        context: what the screens are given; the journal and the poller are put into it.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._poller: Poller | None = None
        self._recorder: Recorder | None = None
        self._lease: Lease | None = None
        self._taking: asyncio.Task[None] | None = None
        self._session = str(uuid4())
        self._opened_at = context.clocks.monotonic()

    async def open(self) -> None:
        """Open the journal and start polling. What is heavy happens in a thread: keys are answered meanwhile."""
        context = self._context
        await self._open_journal()
        sources: list[Source] = await in_thread(partial(build_sources, context.config), name="build-sources")
        for source in sources:
            context.board.register(source)
        public = [source for source, probe in zip(sources, context.config.probes, strict=False) if probe.public]
        if public:
            Application(context.board, public)
        control = ControlProbe(context.config.network)
        self._poller = Poller(context.board, sources, context.clocks, Random(), control)  # noqa: S311 - jitter
        context.poll_now = self._poller.poll_now
        self._poller.start()

    async def _open_journal(self) -> None:
        context = self._context
        folder = context.config.data_dir
        try:
            await in_thread(partial(prepare_data_dir, folder), name="data-folder")
        except (DataFolderError, OSError) as error:
            context.history_problem = str(error)
            return
        keep_log(context.config)
        loop = asyncio.get_running_loop()

        def hear(words: str) -> None:
            loop.call_soon_threadsafe(self._distress, words)

        recorder = Recorder(
            folder,
            storage=context.config.storage,
            environment=context.config.environment,
            on_distress=hear,
        )
        self._recorder = recorder
        context.session = self._session
        context.history = recorder
        start = session.started(self._session, terminal=context.profile.words(), config=context.config.path)
        recorder.submit(start)
        self._lease = Lease(folder)
        self._take_lease()
        if not self._lease.held:
            self._taking = asyncio.create_task(self._wait_for_lease())

    def _take_lease(self) -> None:
        context, lease, recorder = self._context, self._lease, self._recorder
        if lease is None or recorder is None:
            return
        try:
            taken = lease.take()
        except OSError as error:
            logger.warning("the lease could not be taken: %s", error)
            taken = False
        context.role = "leader" if taken else "second"
        if taken:
            context.board.subscribe(self._keep)
            Changes(context.board, self._record)

    async def _wait_for_lease(self) -> None:
        while self._lease is not None and not self._lease.held:
            await asyncio.sleep(LEASE_CHECK)
            self._take_lease()

    def _keep(self, reading: Reading) -> None:
        if self._recorder is not None:
            self._recorder.samples(
                (m.id, Sample(m.at, m.value)) for m in reading.measurements if m.value is not None
            )

    def _record(self, entry: NewEntry) -> None:
        if self._recorder is not None:
            self._recorder.submit(replace(entry, session=self._session))

    def _distress(self, words: str) -> None:
        self._context.distress = words
        if words:
            logger.error("the journal: %s", words)

    async def close(self, reason: str) -> str:
        """Stop polling and write what is to be recorded, within a second or so.

        Returns:
            "" when every entry is safe, else what became of the rest, for the operator.
        """
        if self._taking is not None:
            self._taking.cancel()
        if self._poller is not None:
            await self._poller.stop()
        told = ""
        if self._recorder is not None:
            lasted = self._context.clocks.monotonic() - self._opened_at
            self._recorder.submit(session.ended(self._session, reason, seconds=lasted))
            told = self._recorder.close()
        if self._lease is not None:
            self._lease.give_back()
        return told
