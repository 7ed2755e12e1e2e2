"""How much memory this process may still use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")


def available_memory() -> int | None:
    """Return how many bytes this process may still use, None if that is not known."""
    rooms = []
    for line in read_system(Path("/proc/meminfo")).splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            rooms.append(int(rest.split()[0]) * 1024)
    for folder in groups():
        for limit, use in (
            ("memory.max", "memory.current"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ):
            most, now = read_system(folder / limit), read_system(folder / use)
            if most.isdecimal() and now.isdecimal():
                rooms.append(max(0, int(most) - int(now) + _reclaimable(folder)))
    return min(rooms, default=None)


def _reclaimable(folder: Path) -> int:
    """Return the bytes of a cgroup's page cache that are given up when memory is short."""
    found = dict(
        line.split(" ", 1) for line in read_system(folder / "memory.stat").splitlines() if line
    )
    # The first version of cgroups counts the groups below it separately.
    text = found.get("total_inactive_file", found.get("inactive_file", "0"))
    return int(text) if text.isdecimal() else 0


def groups() -> Iterator[Path]:
    """Yield the folders of the cgroups that this process is in, and those around them."""
    for line in read_system(Path("/proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        root = _CGROUPS if not controllers else _CGROUPS / controllers
        inner = root / path.lstrip("/")
        for folder in (inner, *inner.parents):
            if folder.is_relative_to(root):
                yield folder


def read_system(path: Path) -> str:
    """Return what a file of the system says, empty if it is not there."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""
