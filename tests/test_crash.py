"""When the console itself fails: a report that helps to mend it, and gives nothing away."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from opsconsole.config.model import Config, Probe, Prometheus, Telemetry
from opsconsole.config.secrets import SecretRef
from opsconsole.crash import describe, known_secrets, redact, write_report

PASSWORD = "correct-horse-battery"


def failing(text: str = "something broke") -> Exception:
    """An error as it comes up somewhere below, with a secret in a local variable."""

    def deep(local_secret: str) -> None:
        raise RuntimeError(text)

    try:
        deep("a-local-" + PASSWORD)
    except RuntimeError as error:
        return error
    raise AssertionError


def secret(way: str, name: str) -> SecretRef:
    """A reference to a secret."""
    return SecretRef("probe.headers", way, name)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A configuration with a secret in each place that can hold one."""
    monkeypatch.setenv("SITE_TOKEN", "token-from-environment")
    path = tmp_path / "password"
    path.write_text("password-from-file\n", encoding="utf-8")
    path.chmod(0o600)
    return Config(
        probes=(Probe("web", "https://x.example/", headers={"X-Key": secret("env", "SITE_TOKEN"), "A": "b"}),),
        prometheus=(
            Prometheus(
                "p",
                "https://y.example/",
                password=secret("file", str(path)),
                headers={"X": secret("env", "ABSENT")},
            ),
        ),
        telemetry=Telemetry(secret("env", "SITE_TOKEN")),
    )


def test_the_report_names_the_error_its_place_the_version_and_the_terminal(tmp_path: Path) -> None:
    path = write_report(failing(), tmp_path / "data", None, "local, 256 colours")
    assert path is not None
    text = path.read_text(encoding="utf-8")
    assert "RuntimeError: something broke" in text
    assert "test_crash.py" in text
    assert "raise RuntimeError(text)" in text
    assert re.match(r"opsconsole \d+\.\d+\S*, Python 3\.\d+", text)
    assert "local, 256 colours" in text


def test_the_report_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = write_report(failing(), tmp_path / "data", None, "")
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_report_holds_no_local_variables(tmp_path: Path) -> None:
    path = write_report(failing(), tmp_path, None, "")
    assert path is not None
    assert PASSWORD not in path.read_text(encoding="utf-8")


def test_configured_secrets_are_not_in_the_report_however_they_came_there(tmp_path: Path, config: Config) -> None:
    error = failing("GET https://x/?k=token-from-environment failed, password-from-file was refused")
    path = write_report(error, tmp_path / "data", config, "")
    assert path is not None
    text = path.read_text(encoding="utf-8")
    assert "token-from-environment" not in text
    assert "password-from-file" not in text
    assert "was refused" in text


def test_the_secrets_of_every_place_are_known_and_absent_ones_are_no_trouble(config: Config) -> None:
    assert set(known_secrets(config)) == {"token-from-environment", "password-from-file"}


@pytest.mark.parametrize(
    ("text", "given_away"),
    [
        ("postgres://admin:hunter22@db.example/app", "hunter22"),
        ("https://user:p%40ss@x.example/", "p%40ss"),
        ("https://:only-a-password@x.example/", "only-a-password"),
        ("https://publickey@o1.ingest.example/5", "publickey"),
        ("Authorization: Bearer abc.def-ghi_jkl", "abc.def-ghi_jkl"),
        ("authorization: basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("{'Authorization': 'Token 0123456789abcdef'}", "0123456789abcdef"),
        ("eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl", "eyJhbGciOi"),
        ("sb_secret_0123456789", "sb_secret_0123456789"),
        ("sntrys_abcdef0123", "sntrys_abcdef0123"),
        ("ghp_0123456789abcdef", "ghp_0123456789abcdef"),
        ("https://x/?token=s3cr3t&x=1", "s3cr3t"),
        ("password=hunter22", "hunter22"),
        ("password = 'hunter22'", "hunter22"),
        ('{"password": "hunter22"}', "hunter22"),
        ("{'api_key': 'hunter22'}", "hunter22"),
        ("X-Api-Key: hunter22", "hunter22"),
        ("SECRET=hunter22 refused", "hunter22"),
    ],
)
def test_what_looks_like_a_credential_is_hidden(text: str, given_away: str) -> None:
    assert given_away not in redact(f"before {text} after")
    assert redact(f"before {text} after").startswith("before ")
    assert redact(f"before {text} after").endswith(" after")


@pytest.mark.parametrize(
    "text",
    [
        'File "opsconsole/app.py", line 12, in run',
        "https://www.acme.example:8443/health?page=2",
        "tokens: 5",
        "the password was refused",
        "user@host.example",
        "self.secret.reveal()",
    ],
)
def test_what_is_no_credential_stays_readable(text: str) -> None:
    assert redact(text) == text


def test_a_secret_that_holds_another_is_hidden_whole() -> None:
    assert redact("abcd-efgh", ["abcd", "abcd-efgh"]) == redact("abcd-efgh", ["abcd-efgh"])
    assert redact("a b c", ["a", ""]) == "a b c", "what is so short would hide half the text"


def test_secrets_in_the_causes_of_an_error_are_hidden_too(tmp_path: Path, config: Config) -> None:
    try:
        try:
            raise ValueError("token-from-environment")
        except ValueError as cause:
            raise RuntimeError("outer") from cause
    except RuntimeError as error:
        path = write_report(error, tmp_path / "data", config, "")
    assert path is not None
    text = path.read_text(encoding="utf-8")
    assert "ValueError" in text
    assert "token-from-environment" not in text


def test_what_a_terminal_would_act_on_is_not_in_the_report(tmp_path: Path) -> None:
    path = write_report(failing("\x1b]0;owned\x07 \u202e"), tmp_path, None, "\x1b[2J")
    assert path is not None
    assert not set(path.read_text(encoding="utf-8")) & set("\x1b\x07\u202e")


def test_a_secret_that_a_control_sequence_cuts_in_two_is_hidden(tmp_path: Path, config: Config) -> None:
    path = write_report(failing("token-from\x1b[0m-environment"), tmp_path / "data", config, "")
    assert path is not None
    assert "token-from-environment" not in path.read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_is_no_second_crash(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert write_report(failing(), tmp_path / "file" / "data", None, "") is None


def test_two_crashes_in_one_second_are_two_reports(tmp_path: Path) -> None:
    paths = [write_report(failing(str(number)), tmp_path, None, "") for number in range(3)]
    assert len(set(paths)) == 3
    assert None not in paths


def test_the_line_on_the_terminal_names_kind_and_place_and_never_the_text() -> None:
    told = describe(failing(PASSWORD))
    assert re.fullmatch(r"RuntimeError at test_crash\.py:\d+", told)
    assert describe(KeyError(PASSWORD)) == "KeyError"
