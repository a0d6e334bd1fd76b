"""Secrets: known by where they are kept, read when they are needed, and never shown."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

_HIDDEN: Final = "••••••"


class SecretError(Exception):
    """A secret could not be read. The text says which, where it was looked for and what to do; never its value."""


class Secret:
    """A secret value. Only `reveal()` gives it out; printing, formatting and pickling do not."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({_HIDDEN})"

    def __str__(self) -> str:
        return _HIDDEN

    def __format__(self, specification: str) -> str:
        return format(_HIDDEN, specification)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __bool__(self) -> bool:
        return bool(self._value)


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept; exactly one of the four ways, or a literal.

    Attributes:
        key: the configuration key it stands at, for messages: "sentry.token".
        way: "env", "file", "command", "keyring" or "literal".
        place: the variable, the path, the argv or "service/user"; a `Secret` for a literal.
    """

    key: str
    way: str
    place: str | tuple[str, ...] | Secret

    COMMAND_TIMEOUT: Final = 10.0

    def resolve(self, environment: Mapping[str, str] | None = None) -> Secret:
        """Read it now.

        Raises:
            SecretError: it is not there, empty, or could not be read.
        """
        environment = os.environ if environment is None else environment
        if isinstance(self.place, Secret):
            return self.place
        value = _WAYS[self.way](self, environment)
        if not value:
            raise SecretError(f"{self.key}: {self.described()} is empty")
        return Secret(value)

    def described(self) -> str:
        """Where it is kept, in words without the value."""
        if isinstance(self.place, Secret):
            return "the text in the configuration file"
        if self.way == "env":
            return f"the environment variable {self.place}"
        if self.way == "file":
            return f"the file {self.place}"
        if self.way == "keyring":
            return f"the keyring entry {self.place}"
        return f"the command {self.place[0]}"


def _from_env(ref: SecretRef, environment: Mapping[str, str]) -> str:
    name = str(ref.place)
    if name not in environment:
        raise SecretError(f"{ref.key}: the environment variable {name} is not set; export it, or name another")
    return environment[name].strip()


def _from_file(ref: SecretRef, environment: Mapping[str, str]) -> str:
    path = Path(str(ref.place)).expanduser()
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SecretError(f"{ref.key}: the file {path} could not be read: {reason}") from None


def _from_command(ref: SecretRef, environment: Mapping[str, str]) -> str:
    argv = list(ref.place) if isinstance(ref.place, tuple) else [str(ref.place)]
    try:
        done = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            timeout=ref.COMMAND_TIMEOUT,
            check=False,
            env=dict(environment),
        )
    except subprocess.TimeoutExpired:
        raise SecretError(f"{ref.key}: {argv[0]} did not answer within {ref.COMMAND_TIMEOUT:.0f} s") from None
    except OSError as error:
        raise SecretError(f"{ref.key}: {argv[0]} could not be started: {error.strerror}") from None
    if done.returncode != 0:
        raise SecretError(f"{ref.key}: {argv[0]} ended with {done.returncode}; run it by hand to see why")
    return done.stdout.strip()


def _from_keyring(ref: SecretRef, environment: Mapping[str, str]) -> str:
    service, _, user = str(ref.place).partition("/")
    try:
        import keyring  # 99 ms, and only where it is used
    except ImportError:
        raise SecretError(f"{ref.key}: keyring references need the extra: install opsconsole[keyring]") from None
    try:
        value = keyring.get_password(service, user)
    except Exception as error:  # noqa: BLE001 - every back end raises its own
        raise SecretError(f"{ref.key}: the keyring could not be read: {type(error).__name__}") from None
    if value is None:
        raise SecretError(f"{ref.key}: the keyring has no entry {ref.place}")
    return str(value)


_WAYS: Final[Mapping[str, Callable[[SecretRef, Mapping[str, str]], str]]] = {
    "env": _from_env,
    "file": _from_file,
    "command": _from_command,
    "keyring": _from_keyring,
}
