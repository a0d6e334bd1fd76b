"""`opsconsole doctor`: what is wrong with the set-up, and what to do about it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from opsconsole.cli.finding import Finding
from opsconsole.cli.parser import command as shared_command
from opsconsole.cli.parser import options
from opsconsole.config.model import Config
from opsconsole.domain.reading import Status, worst
from opsconsole.domain.text import plain


@shared_command("doctor")
def command() -> None:
    """Look at the configuration, its secrets, the data folder, the clock, the terminal and every source.

    Each line says what was found and, where something is wrong, what to do. The exit code is that of the worst:
    0 ok, 1 warning, 2 critical, 3 unknown.
    """
    from opsconsole.cli import doctor_machine, doctor_setup, doctor_sources

    config, findings = _configuration()
    findings += doctor_setup.secrets(config, os.environ)
    findings += doctor_setup.data_folder(config)
    findings += [doctor_machine.clock(), doctor_machine.terminal(options().color)]
    findings += [doctor_machine.python(), doctor_machine.sqlite()]
    findings += asyncio.run(doctor_sources.sources(config))
    status = worst(finding.status for finding in findings)
    _print(findings, status)
    sys.stdout.flush()
    sys.exit(status.exit_code)


def _configuration() -> tuple[Config, list[Finding]]:
    """The configuration, or the defaults when it cannot be used, and what is to be said of it."""
    from opsconsole.cli import doctor_setup
    from opsconsole.config.loading import load, placed
    from opsconsole.config.problems import ConfigError

    asked = options()
    try:
        loaded = load(asked.config, data_dir=asked.data_dir, read_only=asked.read_only)
    except ConfigError as error:
        defaults = placed(Config(), data_dir=asked.data_dir, environment=os.environ, cwd=Path.cwd())
        return defaults, doctor_setup.broken(error)
    return loaded.config, doctor_setup.sound(loaded)


def _print(findings: Sequence[Finding], status: Status) -> None:
    from opsconsole.cli.output import document, emit, mark

    if options().json:
        checks = [
            {
                "name": each.name,
                "status": each.status,
                "summary": plain(each.summary),
                "advice": plain(each.advice),
            }
            for each in findings
        ]
        emit(document("doctor", status=status, checks=checks))
        return
    color = options().color
    width = max(len(each.name) for each in findings)
    for each in findings:
        emit(f"{mark(each.status, color=color)}  {each.name:<{width}}  {plain(each.summary)}")
        if each.advice:
            emit(f"{'':<{10 + 2 + width + 2}}{plain(each.advice)}")
    counted = {each: sum(finding.status is each for finding in findings) for each in Status}
    told = ", ".join(f"{count} {each.value}" for each, count in counted.items() if count)
    emit(f"{mark(status, color=color)}  {len(findings)} checks: {told}")
