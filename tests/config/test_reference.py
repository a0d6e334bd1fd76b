"""What is made from the schema: the reference and the template."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opsconsole.config.loading import parse
from opsconsole.config.reference import reference
from opsconsole.config.schema import ROOT
from opsconsole.config.template import project_name, template

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"
URLS = (
    "https://www.acme.example/healthz",
    "tcp://db.acme.example:5432",
    "tcp://db.acme.example:5433",
    "https://[::1]/",
)


def test_the_reference_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == reference(), (
        "make it anew: python -m opsconsole.config.reference > docs/configuration.md"
    )


def test_the_reference_has_every_key() -> None:
    text = reference()
    for table in ROOT:
        assert f"[{table.name}]" in text
        for key in table.kind.keys:
            assert re.search(rf"^\| `{key.name}[`.]", text, re.MULTILINE), key.name


@pytest.mark.parametrize(
    "urls", [(), URLS, URLS[1:2], URLS * 3, ("dns://acme.example",), ("http://127.0.0.1:8080/",)]
)
def test_the_template_loads_without_problems_or_warnings(urls: tuple[str, ...]) -> None:
    loaded = parse(template(urls, name='a "b" \\ c', environment="staging"), Path("c.toml"))
    assert loaded.warnings == ()
    assert tuple(probe.url for probe in loaded.config.probes) == urls
    assert len({probe.id for probe in loaded.config.probes}) == len(urls)
    assert loaded.config.project.name == 'a "b" \\ c'
    assert loaded.config.project.environment == "staging"


@pytest.mark.parametrize("urls", [URLS, (), URLS[1:2]])
def test_every_commented_line_of_the_template_can_be_used(urls: tuple[str, ...]) -> None:
    text = template(urls, name="x")
    uncommented = re.sub(r"(?m)^# (?=[a-z_]+ = |\[)", "", text)
    assert uncommented.count("\n[") > text.count("\n[")
    loaded = parse(uncommented, Path("c.toml"))
    assert loaded.config.thresholds == {"cpu": {"warning": 0.85, "critical": 0.95}}
    for table in ROOT:
        for key in table.kind.keys:
            if urls[:1] != URLS[1:2]:
                assert re.search(rf"^(# )?{key.name} = ", text, re.MULTILINE), key.name


def test_no_line_of_the_template_is_too_wide_for_a_screen() -> None:
    assert max(map(len, template(URLS).splitlines())) <= 115


def test_a_project_is_named_after_its_first_address() -> None:
    assert project_name(URLS) == "acme.example"
    assert project_name(()) == "this machine"
