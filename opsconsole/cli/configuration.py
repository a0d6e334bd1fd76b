"""The configuration as commands need it: loaded, or one clear message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opsconsole.cli.options import NotDone, Options
from opsconsole.commands import KeymapError, keymap
from opsconsole.config.model import Config

if TYPE_CHECKING:
    from opsconsole.config.problems import Problem


def load_config(options: Options, *, quiet: bool = False) -> Config:
    """The configuration that the shared options name; what is worth knowing about it goes to standard error.

    Args:
        options: the shared options.
        quiet: keep the warnings back, for who has another place for them.

    Raises:
        NotDone: it cannot be used; the message is every problem, one a line.
    """
    from opsconsole.config.loading import load
    from opsconsole.config.problems import ConfigError

    try:
        loaded = load(options.config, data_dir=options.data_dir, read_only=options.read_only)
    except ConfigError as error:
        _warn(error.warnings, quiet=quiet)
        raise NotDone(str(error)) from None
    _warn(loaded.warnings, quiet=quiet)
    try:
        keymap(loaded.config.ui.keys)
    except KeymapError as error:
        raise NotDone(f"{loaded.config.path}: ui.keys: {error}") from None
    return loaded.config


def _warn(warnings: Sequence[Problem], *, quiet: bool) -> None:
    if quiet or not warnings:
        return
    from opsconsole.cli.output import emit

    for warning in warnings:
        emit(f"warning: {warning}", err=True)
