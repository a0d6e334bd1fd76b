"""Which files are found, and which are trusted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opsconsole.config import folders, loading
from opsconsole.config.loading import load
from opsconsole.config.problems import ConfigError
from opsconsole.config.trust import distrust
from tests.config.test_loading import written

HOST = "[host]\n"


def refused(path: Path | None, cwd: Path, **environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, environment=environment, cwd=cwd)
    assert "Traceback" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("mode", "who"),
    [(0o620, "its group"), (0o602, "everybody"), (0o666, "its group and everybody"), (0o664, "its group")],
)
def test_a_file_that_others_may_change_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, mode: int, who: str
) -> None:
    path = written(tmp_path, HOST, mode)
    told = refused(path, tmp_path)
    assert told == (
        f"{path}: the file can be changed by {who} (mode {mode:04o}), and a configuration can run commands; "
        f"run: chmod go-w {path}"
    )
    assert os.system(told.rpartition("run: ")[2]) == 0
    assert load(path, environment={}, cwd=tmp_path).config.path == path


def test_the_command_is_right_for_a_name_with_blanks(tmp_path: Path) -> None:
    folder = tmp_path / "a b'c"
    folder.mkdir()
    path = written(folder, HOST, 0o622)
    assert os.system(refused(path, tmp_path).rpartition("run: ")[2]) == 0
    assert load(path, environment={}, cwd=tmp_path)


def test_a_file_of_somebody_else_is_refused_and_one_of_root_is_not(tmp_path: Path) -> None:
    path = written(tmp_path, HOST)
    status = path.stat()
    assert distrust(path, status, status.st_uid) == []
    if status.st_uid == 0:
        assert distrust(path, status, 4_242) == []
        os.chown(path, 4_242, -1)
        assert f"the file belongs to 4242, and a configuration can run commands; if you trust what it says, run: sudo chown root {path}" in refused(path, tmp_path)  # fmt: skip # noqa: E501
    else:
        ((reason, command),) = distrust(path, status, status.st_uid + 1)
        assert "the file belongs to" in reason
        assert f"sudo chown {status.st_uid + 1} {path}" in command


def test_the_order_is_flag_then_folder_then_user_then_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, cwd, system = (tmp_path / name for name in ("home", "cwd", "etc"))
    for folder in (home / ".config/opsconsole", cwd, system):
        folder.mkdir(parents=True)
    flag = written(tmp_path, HOST)
    files = [cwd / "opsconsole.toml", home / ".config/opsconsole/config.toml", system / "config.toml"]
    monkeypatch.setattr(loading, "SYSTEM_FILE", files[2])
    for path in files:
        path.write_text(HOST)
        path.chmod(0o600)
    environment = {"HOME": str(home)}
    assert load(flag, environment=environment, cwd=cwd).config.path == flag
    assert load(Path("../config.toml"), environment=environment, cwd=cwd).config.path == cwd / "../config.toml"
    for path in files:
        assert load(environment=environment, cwd=cwd).config.path == path
        path.unlink()
    assert load(environment=environment, cwd=cwd).config.path is None


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_file_found_by_chance_that_is_not_the_users_own_is_left_alone_with_a_warning(
    tmp_path: Path, kind: str
) -> None:
    chance = tmp_path / "opsconsole.toml"
    if kind == "link":
        chance.symlink_to(written(tmp_path, HOST))
    else:
        chance.write_text("not even TOML")
    os.chown(chance, 4_242, -1, follow_symlinks=False)
    loaded = load(environment={"HOME": str(tmp_path)}, cwd=tmp_path)
    assert loaded.config.path is None
    assert [str(each) for each in loaded.warnings] == [
        f"{chance}: this file is not yours, so it was not used; name it with --config to use it"
    ]


def test_a_folder_named_like_the_file_is_not_one(tmp_path: Path) -> None:
    (tmp_path / "opsconsole.toml").mkdir()
    assert load(environment={"HOME": str(tmp_path)}, cwd=tmp_path).config.path is None


def test_what_is_no_configuration_file_is_one_clear_problem(tmp_path: Path) -> None:
    told = "write one with: opsconsole init"
    assert f"nothing.toml: there is no such file; check the name, or {told}" in refused(
        tmp_path / "nothing.toml", tmp_path
    )
    assert "there is no such file" in refused(written(tmp_path, HOST) / "below", tmp_path)
    assert f": this is a folder; name a file, like {tmp_path}/config.toml" in refused(tmp_path, tmp_path)
    assert "is empty" in refused(written(tmp_path, " \n\n"), tmp_path)
    assert "cannot be read: File name too long" in refused(tmp_path / ("x" * 300), tmp_path)
    assert "this is not the name of a file" in refused(Path("a\0b"), tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "this is not a regular file" in refused(tmp_path / "pipe", tmp_path)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "cannot be read: Too many levels of symbolic links" in refused(tmp_path / "loop", tmp_path)
    large = tmp_path / "large"
    large.write_bytes(b"#" * 1_048_577)
    assert "this file is longer than 1 MiB" in refused(large, tmp_path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xef\xbb\xbf[host]\n", ":1: this file is UTF-8 with a byte order mark; save it as plain UTF-8"),
        ("[host]\n".encode("utf-16"), ":1: this file is UTF-16; save it as plain UTF-8"),
        (b"[host]\n# caf\xe9\n", ":2: this file is not UTF-8: byte 0xe9 cannot stand here; save it as UTF-8"),
        (b"[host]\n\0", ":2: "),
    ],
)
def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(content)
    path.chmod(0o600)
    assert refused(path, tmp_path).startswith(f"{path}{told}")


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, HOST, 0o000)
    assert "this file cannot be read: Permission denied; see who may read it with: ls -l" in refused(
        path, tmp_path
    )


def test_the_name_of_the_file_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    assert "\x1b" not in refused(tmp_path / "a\x1b[2Jb", tmp_path)


def test_xdg_folders_are_honoured_when_they_are_absolute() -> None:
    assert folders.user_config_file({"XDG_CONFIG_HOME": "/x"}) == Path("/x/opsconsole/config.toml")
    assert folders.user_config_file({"XDG_CONFIG_HOME": "x", "HOME": "/h"}) == Path(
        "/h/.config/opsconsole/config.toml"
    )
    assert folders.user_data_dir({"XDG_DATA_HOME": "/x", "HOME": "/h"}) == Path("/x/opsconsole")
    assert folders.user_data_dir({}).is_absolute()
