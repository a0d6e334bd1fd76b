"""One mistake of TOML does not hide the others."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opsconsole.config.recovery import MOST, read_toml
from tests.config.test_loading import problems

MANY = """\
[project]
name = acme
environment = "production
timezone = "Europe/Berln"
[[probe]
id = "web"
url = https://acme.example/healthz
interval = 30s
expect = { status = ["9xx"],
 json = { db.status = "up" } }
public = True
bogus
id = "again"
[[probe]]
id = "web"
url = "https://acme.example/"
expect = { status = ["2xx",
[host]
disks = ["/"
interval = "5x"
verify =
[project]
nam = 3
[ui]
theme = "a\\q"
[network]
control = \"\"\"
abc
"""


TOLD = """\
c.toml:2: project.name: a text must stand in quotes; put quotes around it
c.toml:3: project.environment: the closing quote is missing; put it at the end of the text
c.toml:4: project.timezone: "Europe/Berln" is not a time zone; did you mean Europe/Berlin?
c.toml:5: the closing bracket is missing; write [TABLE], or [[TABLE]] for one of a list
c.toml:7: probe[1].url: a text must stand in quotes; put quotes around it
c.toml:8: probe[1].interval: a value with a unit must stand in quotes; put it in quotes, like "30s"
c.toml:9: probe[1].expect: a key is missing or cannot be read; write keys with letters, digits, hyphens and underscores, and a table in braces on one line
c.toml:11: probe[1].public: this is no value of TOML; write true or false, in small letters
c.toml:12: probe[1].bogus: after the key, = and a value are missing; write KEY = VALUE
c.toml:13: probe[1].id: this key is already set in line 6; keep one of them
c.toml:15: probe[2].id: "web" is already the id of probe[1]; give each its own id
c.toml:17: probe[2].expect: a value in here cannot be read; put texts in quotes, and close every list and table
c.toml:19: host.disks: the closing bracket of the list is missing, or a comma in it; mend the list
c.toml:20: host.interval: "5x" is no duration; write it like "30s", "5m", "2h", "7d", "1h30m" or "500ms"
c.toml:21: host.verify: the value is missing; write one after =, or make the line a comment with #
c.toml:21: host.verify: this key is not known; the keys here are: disks, enabled, interval, timeout
c.toml:22: project: this table is already defined in line 1; put its keys there; only [[…]] may stand more than once
c.toml:25: ui.theme: a backslash in double quotes begins an escape; write it twice, or put the text in single quotes
c.toml:27: network.control: the closing quotes of this text are missing; put \"\"\" at its end
"""  # noqa: E501


def test_mistakes_of_toml_and_of_the_configuration_are_told_together() -> None:
    assert problems(MANY) == TOLD.splitlines()


@pytest.mark.parametrize(
    "value", ["hunter2", "hunter2 # x", '"hunter2', "'hunter2", '"hunter2\\q"', "[hunter2", "{ env = hunter2 }"]
)
def test_a_secret_without_quotes_is_not_repeated(value: str) -> None:
    told = "\n".join(problems(f"[telemetry]\ndsn = {value}\n"))
    assert "c.toml:2: telemetry.dsn: " in told
    assert "hunter2" not in told


def test_a_number_of_five_thousand_digits_is_told() -> None:
    assert problems("[ui]\nfps = " + "1" * 5_000) == [
        "c.toml:2: ui.fps: this number has too many digits; write a smaller one"
    ]


def test_lists_nested_without_end_are_told() -> None:
    told = problems("a = " + "[" * 20_000)
    assert len(told) == 1
    assert "nested too deep" in told[0]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab1.=[]{}\"'\\#, \n\t\r"), max_size=60))
@example("a = 1\n" * 100)
@example("=\n" * 100)
@example("[a]\n" * 100)
@example("a = {b = 1}\na.b = 1\n[a.b]\n[[a]]")
@example("a\0")
def test_no_text_makes_it_fail_or_go_on_without_end(text: str) -> None:
    found = read_toml(text)
    assert len(found.mistakes) <= MOST
    assert found.text.count("\n") == text.count("\n")
    try:
        values = tomllib.loads(text)
    except ValueError:
        assert found.mistakes
    else:
        assert found.mistakes == ()
        assert found.values == values
