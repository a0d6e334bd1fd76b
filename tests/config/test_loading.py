"""From the file to the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsconsole.config.loading import load, parse
from opsconsole.config.problems import ConfigError

DURATIONS = '"30s", "5m", "2h", "7d", "1h30m" or "500ms"'


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    """A configuration file with this text."""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def problems(text: str) -> list[str]:
    """What is told about a file `c.toml` with this text, one text a problem."""
    with pytest.raises(ConfigError) as caught:
        parse(text, Path("c.toml"))
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
    return str(caught.value).splitlines()


def test_without_any_file_this_machine_is_watched(tmp_path: Path) -> None:
    loaded = load(environment={"HOME": str(tmp_path)}, cwd=tmp_path)
    assert loaded.config.path is None
    assert loaded.config.host.enabled
    assert loaded.config.data_dir == tmp_path / ".local/share/opsconsole/this%20machine@local"


def test_all_mistakes_are_told_at_once_with_file_line_key_and_advice() -> None:
    assert problems(
        """\
[project]
enviroment = "production"
timezone = "Europe/Berln"
[[probe]]
id = "web"
url = "htps://acme.example/healthz"
intervall = "30s"
[[probe]]
id = "web"
url = "tcp://db.acme.example"
timeout = "10"
[[probe]]
url = "https://acme.example/"
[thresholds.cpu]
warning = 85
"""
    ) == [
        "c.toml:2: project.enviroment: this key is not known; did you mean environment?",
        'c.toml:3: project.timezone: "Europe/Berln" is not a time zone; did you mean Europe/Berlin?',
        'c.toml:6: probe[1].url: "htps://" is not a kind of address that is known here; did you mean https://?',
        "c.toml:7: probe[1].intervall: this key is not known; did you mean interval?",
        'c.toml:9: probe[2].id: "web" is already the id of probe[1]; give each its own id',
        'c.toml:10: probe[2].url: this address names no port; write it like "tcp://db.acme.example:5432"',
        'c.toml:11: probe[2].timeout: "10" is no duration without a unit; write it like ' + DURATIONS,
        'c.toml:12: probe[3].id: this key is missing; add a line like id = "web"',
        'c.toml:15: thresholds.cpu.warning: 85 is more than 1, which is 100 %; write "85%" if that is meant',
    ]
