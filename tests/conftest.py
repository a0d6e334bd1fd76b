"""What every test has in common: nothing of the person who runs them reaches the program, nor the other way."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

_NUMBER = itertools.count()
_FOLDERS = {
    "HOME": "",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
}
_FOREIGN = (
    "NO_COLOR", "CLICOLOR", "FORCE_COLOR", "COLUMNS", "LINES", "SSH_CONNECTION", "SSH_TTY", "TMUX", "STY",
    "SUDO_USER", "SENTRY_DSN", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
)  # fmt: skip


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def a_home_of_its_own(_homes: Path) -> Iterator[Path]:
    """An empty home folder, empty XDG folders below it, and none of the variables that steer the program."""
    home = _homes / str(next(_NUMBER))
    home.mkdir()
    steering = [name for name in os.environ if name.startswith(("OPSCONSOLE_", "TEXTUAL_")) or name in _FOREIGN]
    with pytest.MonkeyPatch.context() as patch:
        for name in steering:
            patch.delenv(name)
        for name, folder in _FOLDERS.items():
            patch.setenv(name, str(home / folder))
        yield home
