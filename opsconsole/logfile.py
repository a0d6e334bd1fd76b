"""The program's own log file: tracebacks and warnings of ours, in the data folder, bounded and without secrets."""

from __future__ import annotations

import logging
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from opsconsole.config.model import Config
from opsconsole.crash import known_secrets, redact

NAME: Final = "opsconsole.log"
LARGEST: Final = 1_048_576
"""Bytes of one file; two older ones are kept."""


class _Redacted(logging.Formatter):
    """A formatter that lets no secret of the configuration through, nor what looks like a credential."""

    converter = staticmethod(time.gmtime)

    def __init__(self, secrets: list[str]) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record), self._secrets)


def keep_log(config: Config) -> Path | None:
    """Write what the program logs from now on into the data folder; returns the file, None without one."""
    path = config.data_dir / NAME
    try:
        handler = RotatingFileHandler(path, maxBytes=LARGEST, backupCount=2, encoding="utf-8")
        path.chmod(0o600)
    except OSError:
        return None
    handler.setFormatter(_Redacted(known_secrets(config)))
    logger = logging.getLogger("opsconsole")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    for other in ("screens", "widgets"):
        logging.getLogger(other).addHandler(handler)
    return path
