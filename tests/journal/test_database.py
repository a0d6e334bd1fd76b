"""Opening the database: made once, brought up to date, and refused when it is not fit to be used."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from opsconsole.journal import schema
from opsconsole.journal.database import Database
from opsconsole.journal.errors import JournalError
from opsconsole.journal.folder import file_system, refuse_network
from tests.journal.writer import ROOT


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def make(folder: Path, *statements: str) -> Path:
    folder.mkdir(exist_ok=True)
    raw = sqlite3.connect(folder / "opsconsole.db", isolation_level=None)
    for statement in statements:
        raw.execute(statement)
    raw.close()
    return folder


def test_a_new_database_is_private_durable_and_has_room_set_aside(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with Database(folder) as database:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for path in folder.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert database.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert (folder / "opsconsole.reserve").stat().st_size == 1_048_576


def test_in_a_folder_shared_with_a_group_the_group_may_write(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    with Database(tmp_path) as database:
        with database.write() as connection:
            connection.execute("INSERT INTO series (name) VALUES ('x')")
        assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o660}


def test_a_database_of_a_newer_program_is_refused_and_not_touched(tmp_path: Path) -> None:
    with Database(tmp_path):
        pass
    raw = sqlite3.connect(tmp_path / "opsconsole.db", isolation_level=None)
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    before = contents(tmp_path)
    with pytest.raises(JournalError, match=r"newer opsconsole.*version 99.*up to 2.*not touched"):
        Database(tmp_path)
    assert contents(tmp_path) == before


def test_a_newer_version_that_still_stands_in_the_write_ahead_log_is_refused_too(tmp_path: Path) -> None:
    with Database(tmp_path) as newer:
        newer.connection.execute("PRAGMA user_version = 99")
        with pytest.raises(JournalError, match="version 99"):
            Database(tmp_path)


@pytest.mark.parametrize(
    ("said", "make_it"),
    [
        ("not an SQLite database", lambda path: path.write_bytes(b"notes of monday\n" * 500)),
        ("not an SQLite database", lambda path: path.write_bytes(b"short")),
        ("another program", lambda path: make(path.parent, "CREATE TABLE other (x)")),
        ("another program", lambda path: make(path.parent, "PRAGMA application_id = 7")),
        ("another program", lambda path: make(path.parent, "PRAGMA user_version = 7")),
        ("directory", lambda path: path.mkdir()),
    ],
)
def test_what_is_no_database_of_ours_is_refused_and_not_touched(
    tmp_path: Path, said: str, make_it: Callable[[Path], object]
) -> None:
    path = tmp_path / "opsconsole.db"
    make_it(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(JournalError, match=said):
        Database(tmp_path)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_damaged_database_says_what_to_do(tmp_path: Path) -> None:
    with Database(tmp_path):
        pass
    path = tmp_path / "opsconsole.db"
    path.write_bytes(path.read_bytes()[:100] + b"\xaa" * 20_000)
    with pytest.raises(JournalError, match=r"damaged.*Move it"):
        Database(tmp_path)


def test_a_folder_that_may_not_be_written_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(65_534)
        with pytest.raises(JournalError, match=r"cannot be used: Permission denied.*--data-dir"):
            Database(tmp_path)
    finally:
        if root:
            os.seteuid(0)
        tmp_path.chmod(0o700)


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError, match=r"cannot be used: .*--data-dir"):
        Database(tmp_path / "file" / "data")


def test_a_database_that_another_program_holds_is_told_within_the_patience(tmp_path: Path) -> None:
    with Database(tmp_path, patience=0.2) as database:
        other = sqlite3.connect(tmp_path / "opsconsole.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="another program holds"), database.write():
            pass
        other.close()
        with database.write():
            pass


def test_a_database_that_was_removed_while_open_is_not_written_to_in_vain(tmp_path: Path) -> None:
    with Database(tmp_path) as database:
        (tmp_path / "opsconsole.db").unlink()
        with pytest.raises(JournalError, match="No such file"), database.write():
            pass
        (tmp_path / "opsconsole.db").touch()
        with pytest.raises(JournalError, match="replaced"), database.write():
            pass


def test_an_older_database_is_brought_to_the_newest_schema_and_keeps_what_it_holds(tmp_path: Path) -> None:
    make(tmp_path, *schema.STEPS[1], "PRAGMA user_version = 1")
    with Database(tmp_path) as database:
        assert database.connection.execute("PRAGMA user_version").fetchone() == (schema.NEWEST,)
        assert database.connection.execute("SELECT seq FROM head").fetchone() == (0,)
        assert database.connection.execute("SELECT count(*) FROM tiers").fetchone() == (3,)


def test_many_that_open_a_new_database_at_once_make_it_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from opsconsole.journal.journal import Journal\n"
        "from opsconsole.domain.entries import NewEntry\n"
        "sys.stdin.readline()\n"
        "with Journal(Path(sys.argv[1])) as journal: journal.append(NewEntry('note', 'here'))\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "data")], stdin=subprocess.PIPE, cwd=ROOT)
        for _ in range(6)
    ]
    for process in running:
        process.communicate(b"go\n", timeout=20)
    assert [process.returncode for process in running] == [0] * 6
    with Database(tmp_path / "data") as database:
        assert database.connection.execute("SELECT count(*), max(seq) FROM entries").fetchone() == (6, 6)


def test_threads_that_open_a_new_database_at_once_make_it_once(tmp_path: Path) -> None:
    problems: list[BaseException] = []

    def open_it() -> None:
        try:
            with Database(tmp_path / "data"):
                pass
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert problems == []


MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /home rw,relatime shared:9 - nfs4 filer:/home rw,vers=4.2
31 30 0:41 / /home/ana/local\\040disk rw - xfs /dev/vdb rw
32 22 0:42 / /mnt rw shared:3 - ext4 /dev/vdc rw
33 32 0:43 / /mnt rw shared:4 - fuse.sshfs ana@far: rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/data", "ext4"),
        ("/home/ana/data", "nfs4"),
        ("/homes/data", "ext4"),
        ("/home/ana/local disk/data", "xfs"),
        ("/mnt/data", "fuse.sshfs"),
    ],
)
def test_the_file_system_of_a_folder_is_that_of_the_nearest_mount(tmp_path: Path, folder: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert file_system(Path(folder), mounts) == kind


def test_network_file_systems_are_refused(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    with pytest.raises(JournalError, match=r"network file system \(nfs4\)"):
        refuse_network(Path("/home/ana/data"), mounts)
    refuse_network(Path("/var/data"), mounts)
    refuse_network(Path("/var/data"), tmp_path / "missing")
