"""The demo's own folders: one a run, which two demos never share, and which none leaves behind by accident.

    <base>/run-XXXXXXXX/opsconsole.toml   the configuration that the demo wrote
                        access.log        the web application's access log
                        stack.log         what the stack has to say when something goes wrong
                        data/             the console's data folder

When a run ends its folder goes, whoever ended and however. Only what a console wrote into `data/`, and the
configuration that belongs to it, stays until the next demo starts, so that the session log can still be read.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from opsconsole.config.folders import user_data_dir

NAME: Final = "opsconsole-demo"
_PREFIX: Final = "run-"


def base_folder(data_dir: Path | None) -> Path:
    """The folder of all demos: in `data_dir` if one is given, else beside the user's own data folder (XDG)."""
    if data_dir is not None:
        return data_dir.expanduser().absolute() / NAME
    return user_data_dir(os.environ).with_name(NAME)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.path / "opsconsole.toml"

    @property
    def access_log(self) -> Path:
        """The access log of the web application."""
        return self.path / "access.log"

    @property
    def stack_log(self) -> Path:
        """What the stack process wrote to its standard error."""
        return self.path / "stack.log"

    @property
    def data(self) -> Path:
        """The data folder for the console."""
        return self.path / "data"

    @property
    def has_data(self) -> bool:
        """Whether a console wrote something into the data folder."""
        return self.data.is_dir() and any(each.is_file() for each in self.data.rglob("*"))

    def hold(self) -> int:
        """Mark the run as alive for as long as the returned file descriptor is open, here or in a child."""
        descriptor = os.open(self.path, os.O_RDONLY)
        with suppress(OSError):  # a file system without locks: then nobody takes the folder for a dead one either
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        return descriptor

    def leave(self) -> None:
        """Remove the run's folder; keep what a console wrote into it, and nothing that is empty. Never raises."""
        with suppress(OSError), _only_one(self.path.parent):
            if not self.path.is_dir():
                return
            if self.has_data:
                for each in {*self.path.iterdir()} - {self.data, self.config}:
                    each.unlink()
            else:
                shutil.rmtree(self.path, ignore_errors=True)
            with suppress(OSError):  # others have their runs in it, or a log is kept
                self.path.parent.rmdir()


def new_run(base: Path) -> tuple[RunFolder, int]:
    """Clean up after runs that have ended, and make a folder for a new one.

    Returns:
        The folder, and the file descriptor that marks it as alive (see `RunFolder.hold`).

    Raises:
        OSError: the folder cannot be made.
    """
    while True:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError), _only_one(base):
            for each in base.glob(f"{_PREFIX}*"):
                if _is_dead(each):
                    shutil.rmtree(each, ignore_errors=True)
            run = RunFolder(Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base)))  # mode 0700
            run.data.mkdir(mode=0o700)
            return run, run.hold()
        # Another demo has just ended and removed the empty base folder: once more.


@contextmanager
def _only_one(base: Path) -> Iterator[None]:
    """One process at a time cleans up in `base`."""
    descriptor = os.open(base, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_dead(path: Path) -> bool:
    """Whether nobody holds this run any more."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
