"""A demo that runs: started as anybody would start it, looked at from outside."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from prometheus_client.parser import text_string_to_metric_families

OPSCONSOLE = (sys.executable, "-m", "opsconsole")


@dataclass(frozen=True)
class Demo:
    """One `opsconsole demo --headless` and what it said."""

    process: subprocess.Popen[bytes]
    said: dict[str, Any]

    @property
    def urls(self) -> dict[str, str]:
        return dict(self.said["urls"])

    @property
    def folder(self) -> Path:
        return Path(self.said["config"]).parent

    def get(self, name: str, path: str = "", method: str = "GET", **headers: str) -> tuple[int, bytes]:
        """Status and body of a page of one of the services. OSError when nobody answers."""
        place = urlsplit(self.urls[name] + path)
        connection = HTTPConnection(str(place.hostname), place.port, timeout=10)
        try:
            connection.request(method, place.path or "/", headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def health(self) -> tuple[int, Any]:
        """Status and report of the health page; (0, None) when the connection is refused or broken."""
        try:
            status, body = self.get("web", "/healthz")
        except (OSError, HTTPException):
            return 0, None
        return status, json.loads(body)

    def connects(self, name: str) -> bool:
        place = urlsplit(self.urls[name])
        try:
            socket.create_connection((str(place.hostname), place.port or 0), timeout=5).close()
        except OSError:
            return False
        return True

    def series(self, name: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """What a metrics page holds: name and labels → value."""
        status, body = self.get(name)
        assert status == 200
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(body.decode())
            for sample in family.samples
        }

    def total(self, name: str, series: str, **labels: str) -> float:
        """The sum of the series of that name with those labels."""
        wanted = frozenset(labels.items())
        return sum(value for (each, has), value in self.series(name).items() if each == series and wanted <= has)


@contextmanager
def demo(base: Path, *arguments: str) -> Iterator[Demo]:
    """Start a demo below `base`; ended with SIGTERM, if it has not ended before."""
    process = subprocess.Popen(
        [*OPSCONSOLE, "demo", "--headless", "--data-dir", str(base), *arguments],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None
    try:
        yield Demo(process, json.loads(read_document(process)))
    finally:
        process.terminate()
        process.stdout.close()
        process.wait(10)


def read_document(process: subprocess.Popen[bytes], within: float = 10) -> bytes:
    """One JSON document from standard output."""
    assert process.stdout is not None
    said = b""
    deadline = time.monotonic() + within
    while not said.endswith(b"}\n"):
        assert select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0], "it says nothing"
        piece = os.read(process.stdout.fileno(), 65_536)
        assert piece, f"it ended after {said!r}"
        said += piece
    return said


def until(condition: Callable[[], Any], within: float = 10, what: str = "it") -> Any:
    """The first true value of `condition`, asked again and again."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen within {within} s"
        time.sleep(0.02)
    return value


def runs(pid: int) -> bool:
    """Whether a process is there and no mere zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
