"""The options every command takes; read here without the parser where nothing else is asked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

NOT_DONE: Final = 3
"""The exit code of what was not done: usage and configuration errors, and every command that only acts."""


class NotDone(Exception):  # noqa: N818 - it is what happened, and mostly no error
    """Something a person has to know: one message on standard error, and exit code 3."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the shared options say.

    Attributes:
        config: `--config`, else `OPSCONSOLE_CONFIG`; None looks in the usual places.
        data_dir: `--data-dir`, else `OPSCONSOLE_DATA_DIR`; None for the user's data folder.
        json: print one JSON document and nothing else.
        color: whether colour may be used at all.
        read_only: nothing may be changed.
        verbose: tell more on standard error.
    """

    config: Path | None = None
    data_dir: Path | None = None
    json: bool = False
    color: bool = True
    read_only: bool = False
    verbose: bool = False


class Shared(NamedTuple):
    """One shared option: how it is written, the attribute of `Options` it sets, and to what."""

    written: str
    sets: str
    metavar: str
    value: bool
    help: str


SHARED: Final = (
    Shared("--config", "config", "FILE", True, "the configuration file"),
    Shared("--data-dir", "data_dir", "DIR", True, "where state is kept"),
    Shared("--json", "json", "", True, "one JSON document on standard output"),
    Shared("--no-color", "color", "", False, "no colour (NO_COLOR does the same)"),
    Shared("--read-only", "read_only", "", True, "show everything, change nothing"),
    Shared("--verbose", "verbose", "", True, "tell more on standard error"),
)
_BY_NAME: Final = {option.written: option for option in SHARED}


def from_environment() -> Options:
    """What the environment says, before any option."""
    return Options(
        config=_path("OPSCONSOLE_CONFIG"),
        data_dir=_path("OPSCONSOLE_DATA_DIR"),
        color=not os.environ.get("NO_COLOR"),
    )


def alone(arguments: Sequence[str], options: Options) -> Options | None:
    """The options, if the command line holds nothing but shared ones: then the console is opened.

    The parser costs a start twelve milliseconds, and the console's first frame need not wait for it.

    Returns:
        None where there is anything else, or anything wrong: the parser says what.
    """
    given: dict[str, Any] = {}
    waiting = list(arguments)
    while waiting:
        name, equals, value = waiting.pop(0).partition("=")
        option = _BY_NAME.get(name)
        if option is None or (equals and not option.metavar) or (option.metavar and not equals and not waiting):
            return None
        if option.metavar:
            given[option.sets] = Path(value if equals else waiting.pop(0))
        else:
            given[option.sets] = option.value
    return replace(options, **given)


def _path(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None
