"""Starting the demo stack as a process of its own, and ending it together with this one.

The stack has a process to itself so that the console's processor time is the console's. It is a session of its
own: Ctrl-C in the terminal is for this process, which then ends the stack in good order.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from opsconsole.demo.folder import RunFolder, new_run
from opsconsole.demo.plan import Plan
from opsconsole.domain.text import plain

_START_TIME: Final = 10.0
_END_TIME: Final = 3.0


class DemoError(Exception):
    """The demo could not be started, or broke down. The text is one or two sentences for a person."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A demo stack that runs.

    Attributes:
        folder: the folder of this run.
        urls: "web", "api", "metrics", "node" and "database" → where it is.
        process: the process it runs in.
    """

    folder: RunFolder
    urls: Mapping[str, str]
    process: subprocess.Popen[bytes]

    def wait_until_all_answer(self) -> None:
        """Wait until each URL answers.

        Raises:
            DemoError: one of them does not within ten seconds.
        """
        deadline = time.monotonic() + _START_TIME
        for url in self.urls.values():
            while not _answers(url):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise DemoError(f"The demo stack does not answer at {url}. {_last_words(self.folder)}")
                time.sleep(0.02)

    def wait(self) -> None:
        """Wait as long as the stack runs; it never ends by itself.

        Raises:
            DemoError: it ended.
        """
        code = self.process.wait()
        raise DemoError(f"The demo stack has ended unexpectedly (exit {code}). {_last_words(self.folder)}")


@contextmanager
def running_stack(plan: Plan, base: Path) -> Iterator[Stack]:
    """Start a stack in a new run folder below `base`, and end it when the block is left.

    When the block begins, the ports are taken and the configuration is written.

    Raises:
        DemoError: it could not be started.
    """
    try:
        folder, held = new_run(base)
    except OSError as error:
        raise DemoError(f"The demo could not make a folder for itself in {base}: {error.strerror}.") from None
    try:
        process = _spawn(plan, folder)
        try:
            yield Stack(folder, _urls(process, folder), process)
        finally:
            _end(process)
    finally:
        os.close(held)
        folder.leave()


def _spawn(plan: Plan, folder: RunFolder) -> subprocess.Popen[bytes]:
    # -P and an explicit path: the stack runs this very code, and no module that lies in the working directory.
    ours = str(Path(__file__).parents[2])
    path = os.pathsep.join([ours, *filter(None, [os.environ.get("PYTHONPATH")])])
    with folder.stack_log.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "opsconsole.demo.child", plan.written(folder.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )


def _urls(process: subprocess.Popen[bytes], folder: RunFolder) -> dict[str, str]:
    """What the stack says when it is ready."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    said = b""
    deadline = time.monotonic() + _START_TIME
    while not said.endswith(b"\n"):
        readable, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(process.stdout.fileno(), 65_536) if readable else b""
        if not piece:
            raise DemoError(f"The demo stack did not start. {_last_words(folder)}")
        said += piece
    answer = json.loads(said)
    if "problem" in answer:
        raise DemoError(answer["problem"])
    return dict(answer["urls"])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the stack: it goes when its standard input ends, and is made to go if it does not."""
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
    with suppress(OSError):
        process.stdin.close()
    process.stdout.close()
    try:
        process.wait(_END_TIME)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_words(folder: RunFolder) -> str:
    """The last line the stack wrote to its standard error, in a sentence."""
    with suppress(OSError):
        lines = folder.stack_log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        if lines:
            return f"It said last: {plain(lines[-1], 300)}"
    return "It said nothing about why."


def _answers(url: str) -> bool:
    """Whether somebody answers: any HTTP response, or a connection where it is not HTTP."""
    place = urlsplit(url)
    try:
        with socket.create_connection((place.hostname, place.port), timeout=2) as connection:
            if place.scheme != "http":
                return True
            request = f"GET {place.path or '/'} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n\r\n"
            connection.sendall(request.encode())
            return connection.recv(16).startswith(b"HTTP/1.")
    except OSError:
        return False
