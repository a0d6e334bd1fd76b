"""What counts of a machine: which mounts are real file systems, which interfaces carry its traffic.

The same rules hold for this machine and for one that is read through an exporter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from opsconsole.domain.series import Sample, Series, time_to_zero

LOCAL: Final = frozenset({
    "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "bcachefs", "f2fs", "jfs", "nilfs2", "reiserfs", "ocfs2",
    "gfs2", "vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "ufs", "ffs", "hammer2", "apfs", "hfs",
    "hfsplus", "virtiofs",
})  # fmt: skip
"""Types of file system that keep data on a disk of this machine. A list of what is real, because there is no end
of virtual ones."""

_ROOT_LAYERS: Final = frozenset({"overlay", "overlay2", "fuse.overlayfs", "rootfs", "aufs"})
"""What "/" is made of in a container or a live system: there it is the real file system."""

_VIRTUAL_INTERFACE: Final = re.compile(
    r"(?:lo\d*|veth.*|docker.*|podman.*|br-.*|br\d+|virbr.*|vnet\d+|lxc.*|lxd.*|cali.*|flannel.*|cni.*|cilium.*|"
    r"kube-.*|nerdctl.*|tun\d*|tap\d*|utun\d*|wg.*|tailscale\d*|zt.*|ppp\d+|bond\d+|team\d+|vlan\d+|dummy\d*|ifb\d+|"
    r"sit\d+|gre.*|ip6tnl\d+|tunl\d+|gif\d+|stf\d+|awdl\d+|llw\d+|anpi\d+|bridge\d+|ap\d+|.*\.\d+)\Z"
)


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of a machine's table of mounts.

    Attributes:
        path: where it is mounted.
        device: what is mounted there.
        fstype: the type of file system.
        read_only: whether nothing can be written to it.
    """

    path: str
    device: str
    fstype: str
    read_only: bool = False


def is_real(mount: Mount) -> bool:
    """Whether a mount is a file system that can fill up: not virtual, not read-only, not another machine's."""
    if mount.path == "/" and (mount.fstype in _ROOT_LAYERS or mount.fstype == "apfs"):
        return True  # on macOS "/" is a sealed snapshot that shares its space with the writable volume
    if mount.path.startswith("/System/Volumes/"):
        return False  # volumes of the container of "/" on macOS: the same free space
    return mount.fstype in LOCAL and not mount.read_only


def real_mounts(mounts: Iterable[Mount]) -> list[Mount]:
    """The file systems worth watching, one mount a device, "/" before all others, then the shortest path.

    A path that is mounted over counts as what was mounted last; bind mounts and sub-volumes of one device share
    their free space and are shown once.
    """
    by_path = {mount.path: mount for mount in mounts}
    chosen: dict[str, Mount] = {}
    for mount in sorted(by_path.values(), key=lambda mount: (mount.path != "/", len(mount.path), mount.path)):
        if is_real(mount):
            key = mount.device if "/" in mount.device else f"{mount.device} {mount.path}"
            chosen.setdefault(key, mount)
    return list(chosen.values())


def traffic_interfaces(names: Iterable[str]) -> list[str]:
    """The interfaces whose bytes add up to the machine's traffic.

    A container's bytes pass its veth, the bridge and the card, a tunnel's or a bond's pass the card too: counted
    once, at the card. Where only virtual ones exist, all but the loopback count.
    """
    listed = sorted(set(names))
    physical = [name for name in listed if not _VIRTUAL_INTERFACE.match(name)]
    return physical or [name for name in listed if not re.match(r"lo\d*\Z", name)]


class Filling:
    """The trend of one file system's free space, for the forecast of when it is full.

    Keeps one sample a minute for six hours.
    """

    SPAN: Final = 6 * 3_600.0
    STEP: Final = 60.0
    LEAST: Final = 30 * 60.0
    FARTHEST: Final = 365 * 86_400.0

    def __init__(self) -> None:
        self._free = Series(int(self.SPAN / self.STEP) + 1)
        self._full_at: float | None = None

    def add(self, at: float, free: float) -> float | None:
        """Take the free bytes at a moment; returns the seconds until there are none.

        None while there are less than 30 minutes of samples, when it does not fill, or not within a year.
        """
        newest = self._free.newest
        if newest is None or not 0 <= at - newest.at < self.STEP:
            self._free.append(Sample(at, free))
            left = time_to_zero(self._free.since(at - self.SPAN), least_span=self.LEAST, now=at)
            self._full_at = None if left is None or left > self.FARTHEST else at + left
        return None if self._full_at is None else max(0.0, self._full_at - at)
