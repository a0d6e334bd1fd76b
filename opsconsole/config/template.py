"""A configuration to begin with: the probes that were asked for, the rest of the schema as comments."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any, Final
from urllib.parse import urlsplit

from opsconsole.config.kinds import Key
from opsconsole.config.schema import ROOT

_WIDTH: Final = 115
_HEADER: Final = """\
# The configuration of opsconsole. `opsconsole doctor` tells what is wrong with it and what to do; the reference is
# docs/configuration.md. Lines that begin with # change nothing: take the # away to use them.
"""
_EVERY_PROBE: Final = ("interval", "timeout", "service", "family", "slow")
"""Keys that a probe without HTTP has use for too."""


def template(urls: Sequence[str], *, name: str = "", environment: str = "production") -> str:
    """A commented, valid file.

    Args:
        urls: what to probe, each in a form that `[[probe]]` accepts.
        name: the project; taken from the first address when empty.
        environment: of the project.
    """
    given = {
        "project": {"name": name or project_name(urls), "environment": environment},
        "host": {},
    }
    parts = [_HEADER]
    for key in ROOT:
        if key.name == "probe" and urls:
            parts.append(_probes(key, urls))
        elif key.name in given:
            parts.append(_table(key, given[key.name], commented=False))
        elif key.kind.keys:
            parts.append(_table(key, {}, commented=True))
        else:
            parts.append(_comment(key.says) + '# [thresholds.cpu]\n# warning = "85%"\n# critical = "95%"\n')
    return "\n".join(parts)


def project_name(urls: Sequence[str]) -> str:
    """A name for the project of these addresses: the first one's host without www."""
    host = urlsplit(urls[0]).hostname if urls else None
    return (host or "this machine").removeprefix("www.")


def _probes(key: Key, urls: Sequence[str]) -> str:
    ids = _ids(urls)
    text = _comment(key.says)
    for index, (url, name) in enumerate(zip(urls, ids, strict=True)):
        http = url.lower().startswith(("http://", "https://"))
        keys = {each.name: each for each in key.kind.keys}
        text += "[[probe]]\n"
        text += _line("id", _quoted(name), "" if index else keys["id"].says)
        text += _line(
            "url", _quoted(url), "" if index else "http(s)://…, tcp://host:port, tls://host:port, dns://name"
        )
        if http and index == 0:
            text += _line("public", "true", keys["public"].says)
        if index == 0:
            wanted = keys.keys() - {"id", "url", "public"} if http else {*_EVERY_PROBE}
            text += "".join(_commented(each) for each in key.kind.keys if each.name in wanted)
        text += "\n"
    return text.removesuffix("\n")


def _ids(urls: Sequence[str]) -> list[str]:
    """A short, unique id for each address."""
    ids: list[str] = []
    for url in urls:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
        first = host.replace(".", "-") if host.replace(".", "").isdigit() else host.partition(".")[0]
        plain = "".join(each for each in first if each.isascii() and (each.isalnum() or each in "-_")).strip("-_")
        plain = parts.scheme if ":" in host else plain
        base = "web" if not ids and parts.scheme in ("http", "https") else (plain or parts.scheme)[:48]
        if base in ids:
            base += f"-{parts.port}" if parts.port and f"{base}-{parts.port}" not in ids else ""
        count = 2
        name = base
        while name in ids:
            name, count = f"{base}-{count}", count + 1
        ids.append(name)
    return ids


def _table(key: Key, given: dict[str, Any], *, commented: bool) -> str:
    mark = "# " if commented else ""
    header = f"[[{key.name}]]" if key.kind.many else f"[{key.name}]"
    text = _comment(key.says) + f"{mark}{header}\n"
    for each in key.kind.keys:
        if each.name in given:
            text += _line(each.name, _quoted(given[each.name]), each.says)
        else:
            text += _commented(each)
    return text


def _commented(key: Key) -> str:
    example = key.example or key.kind.example
    if key.kind.keys:
        inner = [f"{each.name} = {each.example or each.kind.example}" for each in key.kind.keys[:2]]
        example = f"{{ {', '.join(inner)} }}"
    return f"# {_line(key.name, example, key.says)}"


def _line(name: str, value: str, says: str) -> str:
    line = f"{name} = {value}"
    told = f"{line:<38}  # {says}" if says else line
    return told[: _WIDTH - 3].rstrip() + "\n" if len(told) <= _WIDTH - 3 else _long(line, says)


def _long(line: str, says: str) -> str:
    """A line whose explanation has no room beside it: that goes on below, as comments."""
    return line + "\n" + "".join(f"#   {each}\n" for each in wrap(says, _WIDTH - 4))


def _comment(says: str) -> str:
    return "".join(f"# {each}\n" for each in wrap(f"{says[0].upper()}{says[1:]}.", _WIDTH - 2))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
