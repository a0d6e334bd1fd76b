"""The configuration as commands need it: loaded, or one clear message."""

from __future__ import annotations

import click

from opsconsole.cli.main import NotDone, Options
from opsconsole.config.model import Config


def load_config(options: Options) -> Config:
    """The configuration that the shared options name; what is worth knowing about it goes to standard error.

    Raises:
        NotDone: it cannot be used; the message is every problem, one a line.
    """
    from opsconsole.config.loading import load
    from opsconsole.config.problems import ConfigError

    try:
        loaded = load(options.config, data_dir=options.data_dir, read_only=options.read_only)
    except ConfigError as error:
        raise NotDone(str(error)) from None
    if options.verbose:
        for warning in loaded.warnings:
            click.echo(f"warning: {warning}", err=True)
    return loaded.config
