"""`opsconsole init`: a commented configuration to begin with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opsconsole.cli.options import NotDone
from opsconsole.cli.parser import command as shared_command
from opsconsole.cli.parser import options

if TYPE_CHECKING:
    from opsconsole.config.kinds import Kind


@shared_command("init")
@click.option("--non-interactive", is_flag=True, help="ask nothing; everything is given by flags")
@click.option("--url", "urls", multiple=True, metavar="URL", help="what to probe; may be given more than once")
@click.option("--output", metavar="FILE", help='the file to write, "-" for standard output; your own by default')
@click.option("--name", default="", metavar="NAME", help="the project; the first address's host by default")
@click.option("--environment", default="production", metavar="NAME", help="production (default), staging, …")
@click.option("--force", is_flag=True, help="replace a file that is there")
def command(
    *, non_interactive: bool, urls: tuple[str, ...], output: str | None, name: str, environment: str, force: bool
) -> None:
    """Write a commented configuration that probes these addresses and watches this machine."""
    if not non_interactive:
        raise NotDone(
            "opsconsole init cannot ask questions yet; say everything by flags: "
            "opsconsole init --non-interactive --url https://your.site/healthz [--url …] [--output FILE]"
        )
    text = _text(urls, name, environment)
    if output == "-":
        _print(text)
        return
    path = _write(text, output, force=force)
    _tell(path)


def _text(urls: tuple[str, ...], name: str, environment: str) -> str:
    from opsconsole.config.names import NAME
    from opsconsole.config.schema import PROBE_URL
    from opsconsole.config.template import template

    wrong = [
        each for number, url in enumerate(urls, 1) for each in _problems(PROBE_URL, url, f"--url number {number}")
    ]
    wrong += _problems(NAME, name, "--name") if name else []
    wrong += _problems(NAME, environment, "--environment")
    if wrong:
        raise NotDone("\n".join(wrong))
    return template(urls, name=name, environment=environment)


def _problems(kind: Kind, value: str, option: str) -> list[str]:
    """What is wrong with a value given by a flag; the value itself may hold a password and is not repeated."""
    from opsconsole.config.problems import Findings, Place

    findings = Findings()
    kind.read(value, Place(findings))
    return [f"{option}: {message}; {advice}" for _, _, message, advice in findings.wrong]


def _write(text: str, output: str | None, *, force: bool) -> Path:
    from opsconsole.config.folders import user_config_file
    from opsconsole.config.saving import SaveError, write_atomically

    path = Path(output).expanduser().absolute() if output else user_config_file(os.environ)
    if options().read_only:
        raise NotDone(
            f"with --read-only nothing is written to {path}; --output - prints the configuration instead"
        )
    if path.is_dir():
        raise NotDone(f"{path} is a folder; name a file, like --output {path / 'opsconsole.toml'}")
    if os.path.lexists(path) and not force:
        raise NotDone(f"{path} is already there; --force replaces it, --output FILE writes another one")
    try:
        if output is None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(path.resolve(), text, seen=None if force else "", keep=False)
    except OSError as error:
        raise NotDone(
            f"the folder {path.parent} cannot be made: {error.strerror}; name a file with --output"
        ) from None
    except SaveError as error:
        raise NotDone(str(error)) from None
    return path


def _print(text: str) -> None:
    from opsconsole.cli.output import document, emit

    emit(document("init", config=None, text=text) if options().json else text.rstrip("\n"))


def _tell(path: Path) -> None:
    from opsconsole.cli.output import document, emit
    from opsconsole.config.loading import search

    if options().json:
        emit(document("init", config=path))
        return
    found = search(os.environ, Path.cwd(), [])
    flag = "" if found == path else f" --config {path}"
    emit(f"{path} is written; `opsconsole{flag} check` polls all of it once, `opsconsole{flag}` opens the console")
