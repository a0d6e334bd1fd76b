"""Errors of our own in a command: their details go to the log file, which is only opened when there are any."""

from __future__ import annotations

import logging
from contextlib import suppress

from opsconsole.config.model import Config


def keep_on_demand(config: Config) -> None:
    """From now on, write what goes wrong inside the program into its log file instead of on standard error."""
    logging.getLogger().addHandler(_OnDemand(config))


class _OnDemand(logging.Handler):
    """Opens the log file with the first record; without it records are lost, and never printed."""

    def __init__(self, config: Config) -> None:
        super().__init__(logging.WARNING)
        self._config = config
        self._opened = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        ours = logging.getLogger("opsconsole")
        if not self._opened:
            self._opened = True
            self._open()
        for handler in ours.handlers:
            handler.handle(record)

    def _open(self) -> None:
        from opsconsole.cli.output import emit
        from opsconsole.config.folders import DataFolderError, prepare_data_dir
        from opsconsole.logfile import keep_log

        path = None
        with suppress(DataFolderError, OSError):
            prepare_data_dir(self._config.data_dir)
            path = keep_log(self._config)
        where = f"the details are in {path}" if path else "the details could not be written"
        emit(f"warning: opsconsole met an error of its own; {where}", err=True)
