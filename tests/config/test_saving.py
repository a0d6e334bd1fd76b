"""Changing one value: the rest stays as a person wrote it, and the file is whole at every moment."""

from __future__ import annotations

import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from opsconsole.config.loading import read_file
from opsconsole.config.saving import SaveError, fingerprint, set_value, write_atomically
from tests.config.test_loading import written

TEXT = """\
# ours
[project]
name = "acme"   # the shop

[[probe]]
id = "web"
url = "https://acme.example/"  # behind the proxy
interval = "30s"

[host]
"""


def test_a_value_is_changed_and_everything_else_stays(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT, 0o640)
    set_value(path, ("probe", 0, "interval"), "1m")
    assert path.read_text() == TEXT.replace('"30s"', '"1m"')
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["config.toml"]


def test_a_table_that_is_missing_is_added(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT)
    set_value(path, ("ui", "theme"), "opsconsole-light")
    assert path.read_text().startswith(TEXT)
    assert read_file(path).config.ui.theme == "opsconsole-light"
    set_value(path, ("ui", "keys", "note.add"), ["n", "N"])
    assert read_file(path).config.ui.keys == {"note.add": ("n", "N")}


def test_a_value_that_would_make_the_file_invalid_is_not_written(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT)
    for keys, value in (
        (("probe", 0, "interval"), "soon"),
        (("probe", 7, "id"), "x"),
        (("project", "name", "x"), 1),
    ):
        with pytest.raises(SaveError, match="was left as it is"):
            set_value(path, keys, value)
    with pytest.raises(SaveError, match="was left as it is"):
        set_value(path, ("ui", "theme"), object())
    assert path.read_text() == TEXT


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT)
    seen = fingerprint(path)
    path.write_text(TEXT + "# by somebody else\n")
    with pytest.raises(SaveError, match="was changed meanwhile"):
        set_value(path, ("ui", "theme"), "x", seen=seen)
    with pytest.raises(SaveError, match="was changed meanwhile"):
        write_atomically(path, "x", seen=seen)
    assert path.read_text() == TEXT + "# by somebody else\n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT)
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    set_value(link, ("ui", "theme"), "x")
    assert link.is_symlink()
    assert 'theme = "x"' in path.read_text()


def test_what_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SaveError, match="cannot be read: No such file"):
        set_value(tmp_path / "none.toml", ("ui", "theme"), "x")
    with pytest.raises(SaveError, match="is not valid TOML"):
        set_value(written(tmp_path, "a ="), ("ui", "theme"), "x")
    with pytest.raises(SaveError, match="nothing can be written in"):
        write_atomically(tmp_path / "no" / "folder.toml", "x")


def test_a_new_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        write_atomically(tmp_path / "new.toml", "x", seen="")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "new.toml").stat().st_mode) == 0o600


def _write_for_ever(path: Path, ready: multiprocessing.synchronize.Event) -> None:
    for number in range(1_000_000):
        write_atomically(path, f"{number}\n" + "x" * 50_000 + "end")
        ready.set()


def test_a_writer_killed_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    path = tmp_path / "c.toml"
    for _ in range(10):
        ready = context.Event()
        writer = context.Process(target=_write_for_ever, args=(path, ready))
        writer.start()
        assert ready.wait(10)
        writer.kill()
        writer.join()
        writer.close()
        assert path.read_text().endswith("end")
