"""The data folder: one a project and environment, private, or shared as its owner wants it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opsconsole.config.folders import DataFolderError, data_folder, look_at_data_dir, prepare_data_dir
from opsconsole.config.loading import load

NAMES = st.text(max_size=200)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@given(NAMES, NAMES)
@example("..", ".")
@example("/etc/passwd", "\0")
@example("", "")
@example("ä" * 300, "\ud800")
@example("a@b", "c%d~")
def test_any_name_makes_one_safe_folder(project: str, environment: str) -> None:
    base = Path("/base")
    folder = data_folder(base, project, environment)
    assert folder.parent == base
    assert folder.name not in (".", "..")
    assert not folder.name.startswith(".")
    assert len(os.fsencode(folder.name)) <= 255
    assert not any(character in folder.name for character in "/\0\n\x1b ")


@given(st.tuples(NAMES, NAMES), st.tuples(NAMES, NAMES))
@example(("a", "b@c"), ("a@b", "c"))
@example(("", "%"), ("%", ""))
@example(("a" * 100, ""), ("a" * 101, ""))
@example((" ", ""), ("%20", ""))
def test_different_projects_never_share_a_folder(one: tuple[str, str], other: tuple[str, str]) -> None:
    from unicodedata import normalize

    same = [normalize("NFC", each) for each in one] == [normalize("NFC", each) for each in other]
    assert (data_folder(Path("/"), *one) == data_folder(Path("/"), *other)) == same


def test_plain_names_stay_readable() -> None:
    assert data_folder(Path("/d"), "acme-web", "production") == Path("/d/acme-web@production")
    assert data_folder(Path("/d"), "Müller & Söhne", "v1.2") == Path("/d/Müller%20%26%20Söhne@v1.2")


def test_the_flag_comes_before_the_environment_and_that_before_the_users_folder(tmp_path: Path) -> None:
    environment = {"HOME": "/h", "OPSCONSOLE_DATA_DIR": "from-environment"}
    name = "this%20machine@local"

    def found(**options: Path) -> Path:
        return load(environment=environment, cwd=tmp_path, **options).config.data_dir

    assert found(data_dir=Path("/flag")) == Path("/flag") / name
    assert found() == tmp_path / "from-environment" / name
    del environment["OPSCONSOLE_DATA_DIR"]
    assert found() == Path("/h/.local/share/opsconsole") / name


def test_a_new_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    old = os.umask(0)
    try:
        path = prepare_data_dir(tmp_path / "base" / "a@b")
    finally:
        os.umask(old)
    assert (mode(path), mode(path.parent)) == (0o700, 0o700)
    assert prepare_data_dir(path) == path


def test_inside_a_folder_that_a_group_shares_the_new_one_is_shared(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    base.chmod(0o2770)
    path = prepare_data_dir(base / "a@b")
    assert mode(path) == 0o2770
    assert path.stat().st_gid == base.stat().st_gid


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o770)
    assert mode(prepare_data_dir(tmp_path)) == 0o770


def test_a_folder_everybody_may_write_to_is_refused_with_the_command(tmp_path: Path) -> None:
    path = tmp_path / "open"
    path.mkdir()
    path.chmod(0o777)
    for look in (prepare_data_dir, look_at_data_dir):
        with pytest.raises(DataFolderError, match=f"run: chmod o-w {path}"):
            look(path)
    below = prepare_data_dir(path / "a@b")
    assert mode(below) == 0o700


def test_what_cannot_be_a_folder_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for look in (prepare_data_dir, look_at_data_dir):
        with pytest.raises(DataFolderError, match="--data-dir"):
            look(file)
        with pytest.raises(DataFolderError, match="--data-dir"):
            look(file / "below")


def test_looking_makes_nothing(tmp_path: Path) -> None:
    assert not look_at_data_dir(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    assert look_at_data_dir(tmp_path)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DataFolderError, match="may not write to the data folder"):
        prepare_data_dir(tmp_path)
    with pytest.raises(DataFolderError, match="cannot be made"):
        look_at_data_dir(tmp_path / "below")
    tmp_path.chmod(0o700)
