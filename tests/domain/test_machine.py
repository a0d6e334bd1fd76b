"""Which mounts and interfaces of a machine count, and when a disk will be full."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.domain.machine import Filling, Mount, real_mounts, traffic_interfaces


def shown(*mounts: Mount) -> list[str]:
    return [mount.path for mount in real_mounts(mounts)]


def test_a_server_shows_its_disks_and_nothing_else() -> None:
    assert shown(
        Mount("/proc", "proc", "proc"),
        Mount("/srv/data", "/dev/sdb1", "xfs"),
        Mount("/", "/dev/sda2", "ext4"),
        Mount("/boot/efi", "/dev/sda1", "vfat"),
        Mount("/run", "tmpfs", "tmpfs"),
        Mount("/snap/core/1", "/dev/loop0", "squashfs", read_only=True),
        Mount("/mnt/iso", "/dev/sr0", "iso9660", read_only=True),
        Mount("/mnt/archive", "/dev/sdc1", "ext4", read_only=True),
        Mount("/mnt/nas", "nas:/x", "nfs4"),
        Mount("/var/lib/docker/overlay2/x/merged", "overlay", "overlay"),
    ) == ["/", "/boot/efi", "/srv/data"]


def test_the_layers_of_a_container_count_at_its_root() -> None:
    assert shown(Mount("/", "overlay", "overlay"), Mount("/data", "/dev/vdb", "ext4")) == ["/", "/data"]


def test_one_device_is_shown_once_at_its_shortest_path() -> None:
    assert shown(
        Mount("/var/lib/kubelet/x", "/dev/sda1", "ext4"),
        Mount("/home", "/dev/sda1", "btrfs"),
        Mount("/", "/dev/sda1", "btrfs"),
    ) == ["/"]


def test_data_sets_of_a_pool_are_told_apart() -> None:
    assert shown(Mount("/", "rpool/ROOT", "zfs"), Mount("/home", "rpool/home", "zfs")) == ["/", "/home"]


def test_what_was_mounted_over_does_not_count() -> None:
    assert shown(Mount("/data", "/dev/sdb1", "ext4"), Mount("/data", "tmpfs", "tmpfs")) == []


def test_a_mac_shows_its_root_although_it_is_sealed() -> None:
    assert shown(
        Mount("/", "/dev/disk3s1s1", "apfs", read_only=True),
        Mount("/System/Volumes/Data", "/dev/disk3s5", "apfs"),
        Mount("/Volumes/Backup", "/dev/disk5s1", "hfs"),
    ) == ["/", "/Volumes/Backup"]


@pytest.mark.parametrize(
    ("names", "counted"),
    [
        (["lo", "eth0", "docker0", "veth12ab", "br-9f"], ["eth0"]),
        (["lo", "enp3s0", "wlp2s0", "tun0", "wg0", "virbr0"], ["enp3s0", "wlp2s0"]),
        (["lo", "bond0", "eno1", "eno2", "bond0.100", "vlan7"], ["eno1", "eno2"]),
        (["lo0", "en0", "utun3", "awdl0", "bridge0"], ["en0"]),
        (["lo", "tun0"], ["tun0"]),
        (["lo"], []),
        ([], []),
    ],
)
def test_traffic_is_counted_once_at_the_card(names: list[str], counted: list[str]) -> None:
    assert traffic_interfaces(names) == counted


def test_a_disk_that_empties_or_rests_is_never_full() -> None:
    for step in (0.0, 1e6):
        filling = Filling()
        assert {filling.add(minute * 60.0, 1e9 + minute * step) for minute in range(120)} == {None}


def test_a_leak_that_stopped_is_forgotten_after_six_hours() -> None:
    filling = Filling()
    free, left = 1e10, None
    for minute in range(13 * 60):
        free -= 1e7 if minute < 60 else 0
        left = filling.add(minute * 60.0, free)
    assert left is None


def test_the_forecast_counts_down_between_the_samples_it_keeps() -> None:
    filling = Filling()
    for minute in range(40):
        filling.add(minute * 60.0, 1e9 - minute * 1e6)
    at = 39 * 60.0
    first, second = filling.add(at + 1, 5e8), filling.add(at + 31, 5e8)
    assert first is not None
    assert second == pytest.approx(first - 30)


@given(st.lists(st.floats(0, 1e15), max_size=100))
def test_a_forecast_is_never_negative(values: list[float]) -> None:
    filling = Filling()
    for minute, value in enumerate(values):
        left = filling.add(minute * 60.0, value)
        assert left is None or left >= 0
