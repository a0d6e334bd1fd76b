"""The data folder: private, its files too, and never on a file system that other machines write to as well."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from opsconsole.journal.errors import JournalError, explain_system

NETWORK: Final = frozenset(
    (
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "glusterfs", "gfs2", "ocfs2", "9p",
        "vboxsf", "ncpfs", "beegfs", "davfs", "fuse.sshfs", "fuse.glusterfs", "fuse.davfs2",
        "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "fuse.ceph", "fuse.smbnetfs", "fuse.vmhgfs-fuse",
        "fuse.moosefs", "fuse.juicefs",
    )
)  # fmt: skip
"""Types of file systems on which SQLite's write-ahead log must not be used: its index is shared memory, which two
machines do not share, and locks are often not kept (https://sqlite.org/wal.html, "all processes … same host")."""

MOUNTS: Final = Path("/proc/self/mountinfo")


def prepare(folder: Path) -> None:
    """Make the folder (mode 0700) where it is missing.

    Raises:
        JournalError: it cannot be made, or lies on a network file system.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise explain_system(error, folder) from None
    refuse_network(folder)


def refuse_network(folder: Path, mounts: Path = MOUNTS) -> None:
    """Raise a `JournalError` when the folder lies on a network file system; where none can be told, do nothing."""
    kind = file_system(folder, mounts)
    if kind in NETWORK:
        raise JournalError(
            f"the data folder {folder} lies on a network file system ({kind}), on which the database could be "
            "damaged. Choose a folder on a local disk with --data-dir or OPSCONSOLE_DATA_DIR; several machines "
            "share a timeline over [team]."
        )


def file_system(folder: Path, mounts: Path = MOUNTS) -> str:
    """The type of the file system that holds the folder ("ext4"), "" where the system does not tell (not Linux).

    The format is that of proc_pid_mountinfo(5): the mount point is the fifth field, the type follows " - ".
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        place = os.path.realpath(folder)
    except OSError:
        return ""
    kind, longest = "", -1
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, types = before.split(), after.split()
        if len(fields) < 5 or not types:
            continue
        point = _unescaped(fields[4])
        # A later mount on the same point covers the earlier one.
        if len(point) >= longest and (place == point or place.startswith(point.rstrip("/") + "/")):
            kind, longest = types[0], len(point)
    return kind


def _unescaped(field: str) -> str:
    for code, character in ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\")):
        field = field.replace(code, character)
    return field


def open_private(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> int:
    """A descriptor of a file that is made, where it is missing, with the rights of its folder.

    Mode 0600; 0660 and the folder's group where the owner of the folder lets the group write to it. Made by root
    in somebody's folder, it belongs to the owner of the folder.

    Raises:
        OSError: it cannot be opened or made.
    """
    try:
        return os.open(path, flags & ~os.O_CREAT)
    except FileNotFoundError:
        if not flags & os.O_CREAT:
            raise
    folder = path.parent.stat()
    shared = bool(folder.st_mode & 0o020)
    try:
        descriptor = os.open(path, flags | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was faster
        return os.open(path, flags & ~os.O_CREAT)
    if os.geteuid() == 0:
        os.fchown(descriptor, folder.st_uid, folder.st_gid)
    elif shared and folder.st_gid in os.getgroups():
        os.fchown(descriptor, -1, folder.st_gid)
    if shared:
        os.fchmod(descriptor, 0o660)
    return descriptor
