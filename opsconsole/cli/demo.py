"""`opsconsole demo`: a small real stack on loopback, and the console on it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING, NoReturn

import click

from opsconsole.cli.options import NotDone
from opsconsole.cli.output import document, emit
from opsconsole.cli.parser import command, options
from opsconsole.demo.scenarios import DEFAULT, SCENARIOS

if TYPE_CHECKING:
    from opsconsole.demo.launch import Stack
    from opsconsole.demo.plan import Plan

_HIGHEST_BASE = 65_535 - 4


@command("demo", short_help="a small real stack on loopback, and the console on it")
@click.option(
    "--scenario",
    "name",
    type=click.Choice(list(SCENARIOS)),
    default=DEFAULT,
    show_default=True,
    help="what happens to the stack",
)
@click.option("--list", "listing", is_flag=True, help="list the scenarios and what happens in them, and end")
@click.option(
    "--headless", is_flag=True, help="start the stack only, say in JSON where it is, and run until ended"
)
@click.option(
    "--port-base",
    type=click.IntRange(1_024, _HIGHEST_BASE),
    metavar="N",
    help="use the five ports from N on instead of free ones",
)
@click.option("--seed", type=int, default=1, show_default=True, help="decides what the visitors do")
@click.option(
    "--speed",
    type=click.FloatRange(0.01, 1_000),
    default=1.0,
    show_default=True,
    metavar="X",
    help="run the scenario's clock X times as fast",
)
def run(*, name: str, listing: bool, headless: bool, port_base: int | None, seed: int, speed: float) -> None:
    """Start a small real web application on loopback, and the console on it.

    A scenario plays an incident into it. Ctrl-C (or quitting the console) ends everything.
    """
    if listing:
        emit(_listing())
        return
    if not headless:
        _insist_on_a_terminal()
    from opsconsole.demo.plan import Plan

    plan = Plan(name, seed, speed, port_base)
    if headless:
        _run_headless(plan)
    else:
        _run_console(plan)


def _listing() -> str:
    """The scenarios, as JSON or in words."""
    if options().json:
        return document(
            "demo",
            scenarios=[
                {
                    "name": each.name,
                    "title": each.title,
                    "default": each.name == DEFAULT,
                    "repeats_after": each.repeats,
                    "events": [{"at": event.at, "title": event.title} for event in each.events],
                }
                for each in SCENARIOS.values()
            ],
        )
    lines = []
    for each in SCENARIOS.values():
        lines.append(f"{each.name:<10}{each.title}{' (the default)' if each.name == DEFAULT else ''}")
        lines += [f"{_clock(event.at):>9}  {event.title}" for event in each.events]
        if each.repeats is not None:
            lines.append(f"{_clock(each.repeats):>9}  It begins again")
    return "\n".join(lines)


def _clock(seconds: float) -> str:
    """A moment of a scenario as minutes and seconds, "3:45"."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _insist_on_a_terminal() -> None:
    """Say so before anything is started.

    Raises:
        NotDone: no screen can be opened here.
    """
    from opsconsole.terminal import detect

    if detect(color=options().color).problem:
        raise NotDone(
            "The demo's console needs a terminal that can draw; `opsconsole demo --headless` works without."
        )


def _run_headless(plan: Plan) -> None:
    """Start the stack, say where it is, and run until a signal ends it."""
    from opsconsole.demo.launch import DemoError

    with _signals_end_it():
        try:
            with _stack(plan) as stack:
                stack.wait_until_all_answer()
                emit(
                    document(
                        "demo",
                        config=stack.folder.config,
                        data_dir=stack.folder.data,
                        urls=stack.urls,
                        pid=os.getpid(),
                        stack_pid=stack.process.pid,
                        scenario=plan.scenario,
                    )
                )
                stack.wait()
        except DemoError as problem:
            raise NotDone(str(problem)) from None


def _run_console(plan: Plan) -> None:
    """Start the stack, and open the console on it as on any configuration."""
    from opsconsole.cli.console import open_console
    from opsconsole.demo.launch import DemoError

    folder = None
    try:
        with _stack(plan) as stack:
            folder = stack.folder
            on_demo = replace(options(), config=folder.config, data_dir=folder.data)
            open_console(on_demo, banner=f"demo: {plan.scenario}")
    except DemoError as problem:
        raise NotDone(str(problem)) from None
    finally:
        if folder is not None and folder.has_data:
            log = f"opsconsole log show --config {quote(str(folder.config))} --data-dir {quote(str(folder.data))}"
            with suppress(OSError):  # the terminal may be what has gone
                emit(f"The session log of this demo is kept until the next demo starts:\n  {log}", err=True)


@contextmanager
def _stack(plan: Plan) -> Iterator[Stack]:
    from opsconsole.demo.folder import base_folder
    from opsconsole.demo.launch import running_stack

    with running_stack(plan, base_folder(options().data_dir)) as stack:
        yield stack


@contextmanager
def _signals_end_it() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the program with 0, and Ctrl-C with 130, after everything was cleaned up.

    SIGINT is taken even where a shell started this in the background and had it ignored: a demo that cannot be
    interrupted would be left behind. An ignored SIGHUP (nohup) stays ignored.
    """
    endings = {signal.SIGTERM: 0, signal.SIGHUP: 0, signal.SIGINT: 130}
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        del endings[signal.SIGHUP]

    def end(number: int, frame: object) -> NoReturn:
        for each in endings:
            signal.signal(each, signal.SIG_IGN)
        raise click.exceptions.Exit(endings[signal.Signals(number)])

    before = {number: signal.signal(number, end) for number in endings}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


command = run
