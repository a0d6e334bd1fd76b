"""The configuration that the demo writes: what anybody would write for such a stack."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_HEADER = (
    "# Written by `opsconsole demo` for one run of it: everything here is on loopback and ends with the demo.\n\n"
)


def configuration(urls: Mapping[str, str]) -> dict[str, Any]:
    """The configuration as TOML tables, for a stack at these URLs (web, api, metrics, node, database)."""
    health = {"json": {"status": "ok", "db.status": "up"}}
    return {
        "project": {"name": "demo-shop", "environment": "demo", "timezone": "UTC"},
        "probe": [
            _probe("web", urls["web"] + "/healthz", "2s", "2s", expect=health, service="web", public=True),
            _probe("front", urls["web"] + "/", "5s", "5s", expect={"body_contains": "Demo shop"}, service="web"),
            _probe("api", urls["api"] + "/healthz", "5s", "5s", expect=health, service="api"),
            _probe("db", urls["database"], "3s", "2s", service="db"),
        ],
        "host": {"interval": "5s"},
        "prometheus": [
            {"id": "shop", "url": urls["metrics"], "interval": "3s", "timeout": "2s", "service": "web"},
            {"id": "node-1", "url": urls["node"], "interval": "5s", "timeout": "2s"},
        ],
    }


def write_configuration(path: Path, urls: Mapping[str, str]) -> None:
    """Write it to a new file that only its owner may read.

    Raises:
        OSError: it could not be written.
    """
    import tomli_w

    text = _HEADER + tomli_w.dumps(configuration(urls))
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _probe(name: str, url: str, interval: str, timeout: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "url": url, "interval": interval, "timeout": timeout, **more}
