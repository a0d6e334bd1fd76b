"""When the console itself fails: one line on the terminal, a file with the traceback, and no secret in either."""

from __future__ import annotations

import os
import platform
import re
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from opsconsole import __version__
from opsconsole.config.model import Config
from opsconsole.config.secrets import SecretError, SecretRef
from opsconsole.domain.text import plain
from opsconsole.domain.units import utc

_HIDDEN: Final = "••••••"
_PATTERNS: Final = (
    re.compile(r"(?<=://)[^/?#\s]+(?=@)"),
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]+|(?<=basic )[\w+/=-]{8,}"),
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"),
    re.compile(r"\b(?:sb_secret_|sbp_|sntrys_|sntryu_|gh[opsu]_|github_pat_|xox[abps]-)[\w-]+"),
)
_NAMED: Final = re.compile(
    r"""(?ix) (
      (?: authorization | api[_-]?key | passw(?:or)?d | secret | token | dsn ) ["']? \s* [=:] \s* ["']?
      (?: (?: bearer | basic | token ) \s+ )?
    ) [^\s"'&,;}•]+"""
)
"""What is named like a credential, whatever it looks like: in a query, a header, a mapping, an environment."""


def known_secrets(config: Config) -> list[str]:
    """The values behind the configuration's secrets, as far as they can be had without running a program."""
    refs: list[SecretRef] = [ref for ref in (config.telemetry.dsn,) if ref]
    for endpoint in config.prometheus:
        refs += [
            value for value in (endpoint.password, *endpoint.headers.values()) if isinstance(value, SecretRef)
        ]
    for probe in config.probes:
        refs += [value for value in probe.headers.values() if isinstance(value, SecretRef)]
    values = []
    for ref in refs:
        if ref.way in ("env", "file", "literal"):
            try:
                values.append(ref.resolve().reveal())
            except SecretError:
                continue
    return values


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Text without these values, and without what looks like a credential."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= 4:
            text = text.replace(secret, _HIDDEN)
    for pattern in _PATTERNS:
        text = pattern.sub(_HIDDEN, text)
    return _NAMED.sub(rf"\1{_HIDDEN}", text)


def describe(error: BaseException) -> str:
    """The error in a line: its kind and where it came up; never its text, which may hold anything."""
    frames = traceback.extract_tb(error.__traceback__)
    place = ""
    if frames:
        place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}"
    return f"{type(error).__name__}{place}"


def write_report(error: BaseException, folder: Path, config: Config | None, terminal: str) -> Path | None:
    """Write what is needed to mend it into `folder`, without the values of variables; None when that failed."""
    told = traceback.TracebackException.from_exception(error, capture_locals=False)
    secrets = known_secrets(config) if config else []
    # Before and after: what a control sequence cut in two is whole again once the sequence is gone.
    body = redact(plain(redact("".join(told.format()), secrets), 200_000, lines=True), secrets)
    now = time.time()
    text = (
        f"opsconsole {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()}\n"
        f"{utc(now)}, {plain(terminal)}\n\n{body}\n"
    )
    name = f"crash-{utc(now).replace(':', '')}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, handle = _open_new(folder, name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        return None
    return path


def _open_new(folder: Path, name: str) -> tuple[Path, int]:
    """A file that was not there before, readable by its owner alone; several in one second are numbered.

    Raises:
        OSError: it cannot be made.
    """
    for number in range(1, 100):
        path = folder / (f"{name}.txt" if number == 1 else f"{name}-{number}.txt")
        try:
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
    raise FileExistsError(name)
