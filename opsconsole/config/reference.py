"""The reference `docs/configuration.md`, made from the schema by `python -m opsconsole.config.reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from opsconsole.config.kinds import Key
from opsconsole.config.model import Config, Probe, Prometheus
from opsconsole.config.schema import ROOT, UNUSED
from opsconsole.domain.metrics import CATALOGUE, Direction
from opsconsole.domain.thresholds import HANDBOOK
from opsconsole.domain.units import quantity

_INTRODUCTION = """\
<!-- Made from opsconsole/config/schema.py by `python -m opsconsole.config.reference`; do not edit. -->

# Configuration

One TOML file. It is looked for in this order, and the first one found is used alone:

1. `--config FILE`, else the environment variable `OPSCONSOLE_CONFIG`;
2. `./opsconsole.toml`, when it is your own (somebody else's is left alone, with a warning);
3. `$XDG_CONFIG_HOME/opsconsole/config.toml` (`~/.config/opsconsole/config.toml`);
4. `/etc/opsconsole/config.toml`.

Without any, this machine alone is watched. `opsconsole init` writes a commented file, `opsconsole doctor` tells
everything that is wrong with one: each problem with file, line, key and what to do. In messages, lists are counted
from 1: `probe[2].interval` belongs to the second `[[probe]]`.

A flag comes before an environment variable, that before the file, and that before the defaults below.

**Trust.** A configuration can run commands. A file that somebody else owns (root excepted), or that its group or
everybody may change, is refused with the command that mends it.

**Durations** are written `"30s"`, `"5m"`, `"2h"`, `"7d"`, `"1w"`, `"500ms"` or `"1h30m"`; a number without quotes
is seconds. **Sizes** are written `"512MiB"` (steps of 1,024) or `"10MB"` (steps of 1,000); a whole number without
quotes is bytes. **Ratios** are written `"5%"` or `0.05`. A number in quotes needs its unit.

**Secrets** are never written in the file, only where they are kept: `{ env = "NAME" }`,
`{ file = "/run/secrets/x" }` (a relative path starts at the configuration file),
`{ command = ["pass", "show", "x"] }` or `{ keyring = "service/user" }`. A secret as text is accepted only from a
file with mode 0600, with a warning. Headers named like a secret count as one
(`Authorization`, `Cookie`, `X-Api-Key`, …).

**Data** goes to `--data-dir`, else `OPSCONSOLE_DATA_DIR`, else `$XDG_DATA_HOME/opsconsole`
(`~/.local/share/opsconsole`), into one folder a project and environment, made with mode 0700.
"""

_UNUSED = """\
## Tables for later versions

{tables}: accepted with a warning, and not read by this version.
"""


def reference() -> str:
    """The whole reference, Markdown."""
    return "\n".join(
        [_INTRODUCTION, *_tables(), _UNUSED.format(tables=", ".join(f"`[{each}]`" for each in UNUSED))]
    )


def _tables() -> Iterator[str]:
    for key in ROOT:
        brackets = f"[[{key.name}]]" if key.kind.many else f"[{key.name}]"
        yield f"## `{brackets}`\n\n{_sentence(key.says)}\n"
        if key.name == "thresholds":
            yield _limits()
            continue
        yield "| key | value | default | meaning |\n|---|---|---|---|"
        yield from _rows(key.kind.keys, _defaults(key), "")
        yield ""


def _rows(keys: tuple[Key, ...], defaults: Any, before: str) -> Iterator[str]:
    for key in keys:
        name = f"{before}{key.name}"
        if key.kind.keys:
            yield from _rows(key.kind.keys, getattr(defaults, key.field or key.name), f"{name}.")
            continue
        example = key.example or key.kind.example
        value = key.kind.words if key.kind.words.startswith("one of") else f"{key.kind.words}, `{example}`"
        yield f"| `{name}` | {_cell(value)} | {_cell(_default(key, defaults))} | {_cell(key.says)} |"


def _default(key: Key, defaults: Any) -> str:
    if key.required:
        return "required"
    value = getattr(defaults, key.field or key.name)
    if value is None or value == "":
        return "–"
    return f"`{key.kind.written(value)}`" if key.kind.written else "–"


def _defaults(key: Key) -> Any:
    """The model's defaults for one table."""
    elements = {"probe": Probe("", ""), "prometheus": Prometheus("", "")}
    return elements.get(key.name) or getattr(Config(), key.field or key.name)


def _limits() -> str:
    lines = ["| kind | bad | warning | critical | meaning |", "|---|---|---|---|---|"]
    for metric in CATALOGUE.values():
        if metric.bad is not Direction.NEITHER:
            limit = HANDBOOK.get(metric.kind)
            shown = [
                quantity(each, metric.unit) if each is not None else "–"
                for each in ((limit.warning, limit.critical) if limit else (None, None))
            ]
            lines.append(f"| `{metric.kind}` | {metric.bad} | {shown[0]} | {shown[1]} | {metric.title} |")
    example = '```toml\n[thresholds.cpu]\nwarning = "85%"\ncritical = "95%"\n```\n'
    return "\n".join([*lines, "", "A limit that is not given stays the handbook's, as above.\n", example])


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.stdout.write(reference())
