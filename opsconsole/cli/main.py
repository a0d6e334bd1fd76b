"""The entry point: the console at once where only options are given, the command line's parser otherwise."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from opsconsole.cli.options import NOT_DONE, NotDone, alone, from_environment

if TYPE_CHECKING:
    from opsconsole.config.model import Config


def main(argv: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    _replace_closed_streams()
    # A program that starts makes many things and throws few away; looking for garbage meanwhile costs a tenth of
    # the start. The console and the commands switch it on again.
    gc.disable()
    try:
        code = _run(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        code = 130
    except NotDone as message:
        code = _say(str(message))
    except Exception as error:  # noqa: BLE001 - whatever went wrong is told in a line; the details go to a file
        code = _say(tell_of("opsconsole ended by an error of its own", error))
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    given = from_environment()
    options = alone(arguments, given)
    if options is not None:
        from opsconsole.cli.console import open_console

        open_console(options)
    from opsconsole.cli.parser import run

    return run(arguments, given)


def _say(words: str) -> int:
    """Tell a person why something was not done; what the stream cannot write becomes "?"."""
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    sys.stderr.write(words.encode(encoding, "replace").decode(encoding) + "\n")
    return NOT_DONE


def _replace_closed_streams() -> None:
    """Let output go nowhere that has nowhere to go (`>&-`), before a socket gets its number."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open to the end
            setattr(sys, name, nowhere)


def tell_of(what: str, error: BaseException, config: Config | None = None) -> str:
    """An error of our own in one line; the traceback, without variables' values, goes to the file it names."""
    from opsconsole.config.folders import user_data_dir
    from opsconsole.crash import describe, write_report

    folder = config.data_dir if config else user_data_dir(os.environ)
    path = write_report(error, folder, config, "on the command line")
    where = f"the details are in {path}" if path else "the details could not be written"
    return f"{what} ({describe(error)}); {where}."
