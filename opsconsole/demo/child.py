"""The process that is the demo stack: `python -m opsconsole.demo.child PLAN`, started by `launch`.

It says on standard output where everything will be, in one line of JSON, as soon as its ports are taken and the
configuration is written: from then on nobody who connects is refused. Only then it loads what takes time. It lives
until its standard input ends, which the system sees to when the process that started it is gone, however it went.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from opsconsole.demo.configuration import write_configuration
from opsconsole.demo.folder import RunFolder
from opsconsole.demo.plan import Plan
from opsconsole.demo.ports import LOOPBACK, Port, PortTakenError

SERVICES = ("web", "api", "metrics", "node", "database")
_PATHS = {"web": "http://{}", "api": "http://{}", "database": "tcp://{}"}


def main() -> None:
    """Run the stack until the other side of standard input is closed."""
    path, plan = Plan.read(sys.argv[1])
    folder = RunFolder(path)
    folder.hold()
    try:
        ports = _take_ports(plan.port_base)
        urls = {
            name: _PATHS.get(name, "http://{}/metrics").format(f"{LOOPBACK}:{ports[name].number}")
            for name in ports
        }
        write_configuration(folder.config, urls)
    except PortTakenError as problem:
        _say(problem=str(problem))
        return
    except OSError as error:
        _say(problem=f"The demo could not write {folder.config}: {error.strerror}.")
        return
    _say(urls=urls)

    from opsconsole.demo.stack import run_stack

    run_stack(plan, folder, ports)
    # Only after an orderly end: what a crash leaves in stack.log is for whoever started this.
    folder.leave()


def _take_ports(base: int | None) -> dict[str, Port]:
    return {name: Port(0 if base is None else base + number) for number, name in enumerate(SERVICES)}


def _say(**what: Any) -> None:
    """The one line, after which standard output is let go: nobody shall wait for this process to close it."""
    print(json.dumps(what), flush=True)  # noqa: T201 - this is how the two processes talk
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


if __name__ == "__main__":
    main()
