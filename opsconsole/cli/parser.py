"""The command line in full: the commands, the options every one of them shares, and what is loaded when."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from opsconsole import __version__
from opsconsole.cli.options import NOT_DONE, SHARED, Options

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "check": ("opsconsole.cli.check", "poll every source once and print the verdicts"),
    "demo": ("opsconsole.cli.demo", "a small real stack on loopback, and the console on it"),
    "doctor": ("opsconsole.cli.doctor", "what is wrong with the set-up, and what to do"),
    "init": ("opsconsole.cli.init", "write a commented configuration"),
    "log": ("opsconsole.cli.log", "the session log: show, add, verify, sessions"),
    "themes": ("opsconsole.cli.themes", "the themes: list, preview"),
}
"""Name → module that holds it as `command`, and its line in the help; loaded only when it is asked for."""


class _ReaderGone(click.ClickException):
    """Whoever read our output went away (`| head`): nothing to tell, and nobody to tell it to."""

    exit_code = NOT_DONE

    def show(self, file: Any = None) -> None:
        """Say nothing, not even when Python writes what is left at its end."""
        forget_output()


def forget_output() -> None:
    """Let standard output lead nowhere from now on: nobody reads it any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


F = TypeVar("F", bound=Callable[..., Any])


def common_options(command: F) -> F:
    """Give a command the shared options; `options()` then tells what was asked, wherever it stood."""
    version = click.version_option(__version__, message="%(prog)s %(version)s", prog_name="opsconsole")
    command = version(command)
    for shared in reversed(SHARED):
        if shared.metavar:
            option = click.option(
                shared.written,
                shared.sets,
                type=click.Path(path_type=Path),
                metavar=shared.metavar,
                help=shared.help,
            )
        else:
            option = click.option(
                shared.written, shared.sets, flag_value=shared.value, type=bool, default=None, help=shared.help
            )
        command = option(command)
    return command


def take_options(values: dict[str, Any]) -> None:
    """Merge the shared options out of a command's parameters (and take them out) into the context's."""
    context = click.get_current_context()
    given = {shared.sets: values.pop(shared.sets, None) for shared in SHARED}
    current = context.find_object(Options) or Options()
    context.obj = replace(current, **{name: value for name, value in given.items() if value is not None})


def options() -> Options:
    """What the shared options say to the command that runs now."""
    return click.get_current_context().find_object(Options) or Options()


def command(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """A command that takes the shared options; its function gets its own parameters only."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        def run(**values: Any) -> Any:
            take_options(values)
            return function(**values)

        run.__doc__ = function.__doc__
        # click collects the options that decorators gave a function in this attribute.
        vars(run)["__click_params__"] = list(getattr(function, "__click_params__", []))
        made: click.Command = click.command(name, cls=click.Command, **attributes)(common_options(run))
        return made

    return decorate


def group(name: str, *commands: click.Command, help: str) -> click.Group:  # noqa: A002 - click's name for it
    """A group of commands that takes the shared options between its name and the command's as well."""

    def take(**values: Any) -> None:
        take_options(values)

    made: click.Group = click.group(name, cls=click.Group, help=help)(common_options(take))
    for each in commands:
        made.add_command(each)
    return made


class _Group(click.Group):
    """The top of the command line: loads a command's module when that command is named."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Caught here because click would end with 1, which is our word for a warning.
            raise _ReaderGone("nobody reads the output any more") from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found = import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(found, click.Command)  # noqa: S101 - a module of ours
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise click.UsageError(f"there is no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(
    cls=_Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 ok, 1 warning, 2 critical, 3 unknown or not done, 130 ended by Ctrl-C.",
)
@common_options
@click.pass_context
def cli(context: click.Context, /, **values: Any) -> None:
    """A terminal operations console. Without a command it opens on the configuration found."""
    take_options(values)
    if context.invoked_subcommand is None:
        from opsconsole.cli.console import open_console

        open_console(options())


def run(arguments: list[str] | None, given: Options) -> int:
    """Run the command that the arguments name; returns the exit code.

    Args:
        arguments: the arguments without the program's name; None for the process's own.
        given: what the environment says.

    Raises:
        NotDone: a command could not be done.
    """
    gc.enable()
    try:
        code = cli.main(
            args=arguments, prog_name="opsconsole", obj=given, standalone_mode=False, auto_envvar_prefix=None
        )
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.Abort:
        return 130
    except click.ClickException as problem:
        _tell(problem)
        return NOT_DONE
    return code if isinstance(code, int) else 0


def _tell(problem: click.ClickException) -> None:
    """Print a message in its own way; of a usage error one line instead of four."""
    names_everything = isinstance(problem, getattr(click.exceptions, "NoArgsIsHelpError", ()))  # since click 8.2
    if not isinstance(problem, click.UsageError) or names_everything:
        problem.show()
        return
    path = problem.ctx.command_path if problem.ctx else "opsconsole"
    click.echo(f"{path}: {problem.format_message().rstrip('.')}; see {path} --help", err=True)
