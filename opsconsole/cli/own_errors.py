"""Errors of our own that do not end a command: a line on standard error, the details in a file, no traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from opsconsole.config.model import Config


@contextmanager
def reported(config: Config) -> Iterator[None]:
    """While the block runs, nothing that is logged reaches the terminal; the first error is told, and its file."""
    handler = _Report(config)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


class _Report(logging.Handler):
    def __init__(self, config: Config) -> None:
        super().__init__(logging.ERROR)
        self._config = config
        self._told = False

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is None or self._told:
            return
        self._told = True
        from opsconsole.cli.main import tell_of
        from opsconsole.cli.output import emit

        emit(f"warning: {tell_of('opsconsole met an error of its own', error, self._config)}", err=True)
