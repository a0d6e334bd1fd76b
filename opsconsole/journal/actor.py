"""Who acts: as much as the machine can tell of the person behind this process."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping

from opsconsole.domain.entries import Actor
from opsconsole.domain.text import plain


def current_actor(environ: Mapping[str, str] | None = None) -> Actor:
    """Whoever runs this process. Never raises: what cannot be told is "".

    The login comes from the account's entry of the user database. SUDO_USER and SSH_CONNECTION come from the
    environment, so they are as trustworthy as whoever started the process.

    Args:
        environ: the environment, for tests; the process's own by default.
    """
    environ = os.environ if environ is None else environ
    connection = environ.get("SSH_CONNECTION", "").split()
    return Actor(
        login=_login(),
        sudo_user=_word(environ.get("SUDO_USER", "")),
        ssh_client=_word(connection[0]) if connection else "",
        host=_word(os.uname().nodename),
        tty=_tty(),
        pid=os.getpid(),
    )


def _login() -> str:
    user = os.geteuid()
    try:
        return _word(pwd.getpwuid(user).pw_name) or f"uid {user}"
    except (KeyError, OSError):  # a container with an arbitrary user has no entry
        return f"uid {user}"


def _tty() -> str:
    for descriptor in (0, 1, 2):
        try:
            return _word(os.ttyname(descriptor))
        except OSError:
            continue
    return ""


def _word(text: str) -> str:
    return plain(text, 100)
