"""What the doctor looks at in the set-up: the configuration, its secrets, the data folder."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Final

from opsconsole.cli.finding import Finding
from opsconsole.config.loading import Loaded
from opsconsole.config.model import Config
from opsconsole.config.problems import ConfigError, Problem
from opsconsole.config.secrets import SecretError, SecretRef
from opsconsole.domain.reading import Status
from opsconsole.domain.units import size

_LEAST_FREE: Final = 64 * 1024 * 1024
"""Bytes below which the journal soon cannot be written any more."""


def broken(error: ConfigError) -> list[Finding]:
    """Every problem of a configuration that cannot be used, and its warnings."""
    return [_told(each, Status.CRITICAL) for each in error.problems] + [
        _told(each, Status.WARNING) for each in error.warnings
    ]


def sound(loaded: Loaded) -> list[Finding]:
    """What is to be said of a configuration that can be used."""
    config = loaded.config
    warnings = [_told(each, Status.WARNING) for each in loaded.warnings]
    if config.path is None:
        advice = "write one with: opsconsole init --non-interactive --url https://your.site/"
        return [
            Finding("configuration", Status.OK, "there is no file, so this machine alone is watched", advice),
            *warnings,
        ]
    counted = f"{_count(len(config.probes), 'probe')}, {_count(len(config.prometheus), 'Prometheus endpoint')}"
    host = "this machine" if config.host.enabled else "not this machine"
    found = Finding("configuration", Status.OK, f"{config.path}: {counted}, {host}")
    return [found, _permissions(config.path), *warnings]


def _told(problem: Problem, status: Status) -> Finding:
    where = str(Problem(problem.path, problem.line, problem.key, problem.message))
    return Finding("configuration", status, where, problem.advice)


def _permissions(path: Path) -> Finding:
    """The file was read, so it is trusted; what is left to say is who else may read it."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return Finding("permissions", Status.UNKNOWN, f"{path} cannot be looked at any more: {error.strerror}")
    who = "only its owner" if not mode & 0o077 else "others too"
    return Finding(
        "permissions", Status.OK, f"mode {mode:04o}: nobody else may change the file, {who} may read it"
    )


def secrets(config: Config, environment: Mapping[str, str]) -> list[Finding]:
    """Whether each secret that the configuration names can be read now. Their values stay where they are."""
    references = list(_references(config))
    failed = []
    for reference in references:
        try:
            reference.resolve(environment)
        except SecretError as error:
            failed.append(Finding("secrets", Status.CRITICAL, str(error), "see that this secret can be read here"))
    if failed or not references:
        return failed
    return [Finding("secrets", Status.OK, f"{_count(len(references), 'secret')} can be read")]


def _references(value: Any) -> Iterator[SecretRef]:
    """Every secret that stands anywhere in the configuration."""
    if isinstance(value, SecretRef):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            yield from _references(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from _references(each)


def data_folder(config: Config) -> list[Finding]:
    """Whether data can be kept where it is to be kept. Nothing is made."""
    from opsconsole.config.folders import DataFolderError, look_at_data_dir

    path = config.data_dir
    try:
        there = look_at_data_dir(path)
    except DataFolderError as error:
        return [Finding("data folder", Status.CRITICAL, *str(error).split("; ", 1))]
    return [_folder(path, there=there), _file_system(path), _space(path, config.storage.samples)]


def _folder(path: Path, *, there: bool) -> Finding:
    if not there:
        return Finding("data folder", Status.OK, f"{path} will be made when it is needed")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o007:
        advice = f"run: chmod o-rwx {shlex.quote(str(path))}"
        return Finding("data folder", Status.WARNING, f"others may look into {path} (mode {mode:04o})", advice)
    return Finding("data folder", Status.OK, f"{path}, mode {mode:04o}")


def _file_system(path: Path) -> Finding:
    from opsconsole.journal.folder import NETWORK, file_system

    kind = file_system(_existing(path))
    if kind in NETWORK:
        return Finding(
            "file system",
            Status.CRITICAL,
            f"the data folder lies on a network file system ({kind}), on which the database could be damaged",
            "choose a folder on a local disk with --data-dir or OPSCONSOLE_DATA_DIR",
        )
    if not kind:
        return Finding("file system", Status.UNKNOWN, "this system does not tell what the data folder lies on")
    return Finding("file system", Status.OK, f"the data folder lies on a local file system ({kind})")


def _space(path: Path, samples: int) -> Finding:
    free = shutil.disk_usage(_existing(path)).free
    advice = "make room, or choose another folder with --data-dir"
    if free < _LEAST_FREE:
        return Finding("disk", Status.CRITICAL, f"{size(free)} are free for the data folder", advice)
    if free < samples:
        said = f"{size(free)} are free for the data folder, and samples may grow to {size(samples)}"
        return Finding("disk", Status.WARNING, said, f"{advice}, or lower samples in [storage]")
    return Finding("disk", Status.OK, f"{size(free)} are free for the data folder")


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if os.path.lexists(each))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
