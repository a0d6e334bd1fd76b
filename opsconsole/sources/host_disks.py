"""The host's file systems: space and inodes free, and when they will be full.

Asking for the free space of a network file system hangs for as long as its server is away, and cannot be
interrupted. So whatever is not plainly a local disk is asked in a daemon thread of its own, waited for two
seconds, and not asked again while the old question is open. Local disks are asked directly, in microseconds.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from opsconsole.domain.machine import LOCAL, Filling, Mount, real_mounts
from opsconsole.domain.reading import Json, Measurement
from opsconsole.domain.text import plain
from opsconsole.domain.units import duration
from opsconsole.sources.threads import in_thread

PATIENCE: Final = 2.0
"""Seconds that a file system is given to answer."""

TABLE_AGE: Final = 30.0
"""Seconds after which the table of mounts is read anew: it rarely changes, and long ones cost milliseconds."""

_NEVER_HANGS: Final = LOCAL - {"fuseblk", "virtiofs"}


@dataclass(frozen=True, slots=True)
class Space:
    """What one file system answered.

    Attributes:
        path: where it was found, symbolic links resolved.
        total: bytes it holds altogether.
        free: bytes that a user who is not root may still write, as `df` has it.
        inodes: how many files it can hold; 0 where that has no limit (btrfs).
        inodes_free: how many more a user who is not root may make.
    """

    path: str
    total: int
    free: int
    inodes: int
    inodes_free: int


def ask(path: str) -> Space:
    """Ask a file system. May hang.

    Raises:
        OSError: there is no such path, or it may not be looked at.
    """
    resolved = os.path.realpath(path)
    answer = os.statvfs(resolved)
    return Space(
        resolved,
        answer.f_blocks * answer.f_frsize,
        answer.f_bavail * answer.f_frsize,
        answer.f_files,
        answer.f_favail,
    )


class Disks:
    """Every file system worth watching, or exactly those that were configured.

    Args:
        paths: the configured ones; empty for all real ones.
        patience: seconds to wait for an answer.
        question: what is asked of each path.
        table: what reads the table of mounts.
    """

    def __init__(
        self,
        paths: Sequence[str] = (),
        *,
        patience: float = PATIENCE,
        question: Callable[[str], Space] = ask,
        table: Callable[[], list[Mount]] | None = None,
    ) -> None:
        self._paths = tuple(dict.fromkeys(paths))
        self._patience = patience
        self._question = question
        self._read_table = table or read_table
        self._table: tuple[float, list[Mount], list[str]] | None = None
        self._resolved: dict[str, str] = {}
        self._open: dict[str, asyncio.Task[Space]] = {}
        self._filling: dict[str, Filling] = {}

    async def measure(self, at: float) -> list[Measurement]:
        """Space and inodes of each file system; one that hangs costs the patience once, and then nothing."""
        mounts, real = self._mounts()
        wanted = self._paths or real
        answers = await self._ask(wanted, mounts)
        for gone in self._filling.keys() - set(wanted):
            del self._filling[gone]
        return [
            measurement
            for path in wanted
            for measurement in self._measurements(path, answers[path], _holder(path, mounts), at)
        ]

    def close(self) -> None:
        """Wait for no answer any more."""
        for task in self._open.values():
            task.cancel()
        self._open.clear()

    def _mounts(self) -> tuple[list[Mount], list[str]]:
        """The table of mounts, and the paths of the real file systems in it."""
        now = time.monotonic()
        if self._table is None or now - self._table[0] > TABLE_AGE:
            mounts = self._read_table()
            # Containers mount single files, such as /etc/hosts: not what a person calls a file system.
            real = [mount.path for mount in real_mounts(mounts) if mount.path == "/" or _is_directory(mount)]
            self._table = now, mounts, real
        return self._table[1], self._table[2]

    async def _ask(self, wanted: Sequence[str], mounts: Sequence[Mount]) -> dict[str, Space | str]:
        answers: dict[str, Space | str] = {}
        asked: dict[str, asyncio.Task[Space]] = {}
        for path in wanted:
            pending = self._open.get(path)
            if pending is not None and not pending.done():
                answers[path] = self._silence()
            elif self._answers_at_once(path, mounts):
                answers[path] = self._outcome(path, lambda path=path: self._question(path))  # type: ignore[misc]
            else:
                asked[path] = self._open[path] = asyncio.create_task(self._ask_aside(path))
                # An answer that comes too late is nobody's, and so is its error.
                asked[path].add_done_callback(lambda task: task.cancelled() or task.exception())
        if asked:
            await asyncio.wait(asked.values(), timeout=self._patience)
        for path, task in asked.items():
            answers[path] = self._outcome(path, task.result) if task.done() else self._silence()
            if task.done():
                del self._open[path]
        return answers

    async def _ask_aside(self, path: str) -> Space:
        return await in_thread(lambda: self._question(path), name=f"disk {path}")

    def _answers_at_once(self, path: str, mounts: Sequence[Mount]) -> bool:
        """Whether it is plainly on a local disk. A configured path may be a link into a network file system, so it
        is first asked from aside; from then on it is known where it leads.
        """
        if path in self._paths:
            if path not in self._resolved:
                return False
            path = self._resolved[path]
        holder = _holder(path, mounts)
        return holder is not None and (holder.path == "/" or holder.fstype in _NEVER_HANGS)

    def _outcome(self, path: str, answer: Callable[[], Space]) -> Space | str:
        try:
            space = answer()
        except FileNotFoundError:
            self._resolved.pop(path, None)
            return f"{plain(path, 200)} does not exist on this machine"
        except OSError as error:
            self._resolved.pop(path, None)
            return f"{plain(path, 200)} could not be asked: {plain(error.strerror or str(error), 200).lower()}"
        self._resolved[path] = space.path
        return space

    def _silence(self) -> str:
        return f"did not answer within {duration(self._patience)}"

    def _measurements(
        self, path: str, answer: Space | str, mount: Mount | None, at: float
    ) -> Iterator[Measurement]:
        label = plain(path, 200)
        if isinstance(answer, str):
            yield Measurement(f"host.disk:{label}", "disk", None, at, label, problem=answer)
            return
        if answer.total <= 0:
            problem = "it holds no data, so there is no free share of it; name another path in host.disks"
            yield Measurement(f"host.disk:{label}", "disk", None, at, label, problem=problem)
            return
        full_in = self._filling.setdefault(path, Filling()).add(at, answer.free)
        facts: dict[str, Json] = {
            "mount": label,
            "free": answer.free,
            "size": answer.total,
            "device": plain(mount.device, 200) if mount else None,
            "fstype": plain(mount.fstype, 40) if mount else None,
            "full_in": full_in,
        }
        yield Measurement(f"host.disk:{label}", "disk", answer.free / answer.total, at, label, facts=facts)
        if answer.inodes > 0:
            facts = {"mount": label, "free": answer.inodes_free, "total": answer.inodes}
            share = answer.inodes_free / answer.inodes
            yield Measurement(f"host.inodes:{label}", "inodes", share, at, label, facts=facts)


def read_table() -> list[Mount]:
    """What is mounted here, in the order it was mounted. Touches no file system."""
    import psutil

    return [
        Mount(part.mountpoint, part.device, part.fstype, "ro" in part.opts.split(","))
        for part in psutil.disk_partitions(all=True)
    ]


def _is_directory(mount: Mount) -> bool:
    return mount.fstype not in _NEVER_HANGS or os.path.isdir(mount.path)  # noqa: PTH112 - no object a mount


def _holder(path: str, mounts: Sequence[Mount]) -> Mount | None:
    """The mount that a path lies in: the longest that it begins with, the newest of equals."""
    best: Mount | None = None
    for mount in mounts:
        inside = path == mount.path or path.startswith(mount.path.rstrip("/") + "/")
        if inside and (best is None or len(mount.path) >= len(best.path)):
            best = mount
    return best
