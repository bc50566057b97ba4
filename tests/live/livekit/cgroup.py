"""Cgroups that look like a container's, without a container: a process is where its cgroup says."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

CANDIDATES = ("pids", "devices", "cpu", "freezer")
"""Controllers whose v1 hierarchy tells containers apart where there is one, in the sensor's order."""


def hierarchy() -> Path:
    """The root of the hierarchy that the sensor looks at: a v1 controller's, or the unified one."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    for controller in CANDIDATES:
        for _device, point, kind, options, *_ in mounts:
            if kind == "cgroup" and controller in options.split(","):
                return Path(point)
    for _device, point, kind, *_ in mounts:
        if kind == "cgroup2":
            return Path(point)
    raise FileNotFoundError("no cgroup hierarchy is mounted")


def own_folder() -> Path:
    """Where this process is in that hierarchy."""
    root = hierarchy()
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _number, controllers, path = line.split(":", 2)
        if root.name in controllers.split(",") or (not controllers and not _is_v1(root)):
            return root / path.lstrip("/")
    return root


def _is_v1(root: Path) -> bool:
    return bool(re.search(rf" {re.escape(str(root))} cgroup ", Path("/proc/self/mounts").read_text()))


class ContainerGroup:
    """A cgroup `…/docker/ID` beside which the processes outside are; `short_id` is what rules see."""

    def __init__(self, full_id: str | None = None) -> None:
        self.full_id = full_id or os.urandom(32).hex()
        self.short_id = self.full_id[:12]
        self._outside = own_folder()
        self.folder = self._outside / "docker" / self.full_id
        self.folder.mkdir(parents=True)

    def take(self, pid: int) -> None:
        """Moves a process in."""
        (self.folder / "cgroup.procs").write_text(str(pid))

    def release(self, pid: int) -> None:
        """Moves it out again."""
        (self._outside / "cgroup.procs").write_text(str(pid))

    def remove(self) -> None:
        """Takes the group away; whoever is still in it goes outside."""
        with suppress(OSError):
            for pid in (self.folder / "cgroup.procs").read_text().split():
                self.release(int(pid))
        self.folder.rmdir()
        with suppress(OSError):
            self.folder.parent.rmdir()
