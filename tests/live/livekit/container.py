"""A real container without a registry: its root file system is busybox and the stand-in program.

Works without CAP_SYS_RESOURCE (no limit is raised) and on hybrid cgroup hierarchies (runc with cgroupfs; crun refuses).
"""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from .patience import PATIENCE

PODMAN = ("podman", "--runtime", "runc", "--cgroup-manager=cgroupfs")
LIMITS = ("--ulimit", "nofile=20000:20000", "--ulimit", "nproc=1000:1000")
APPLETS = ("sh", "ash", "cat", "cp", "echo", "ls", "nc", "sleep", "true")
FOLDERS = ("bin", "dev", "etc", "proc", "root", "run", "sys", "tmp", "mnt")
CGROUPS = Path("/sys/fs/cgroup")
SECONDS = 60 * PATIENCE


def build_root(folder: Path, busybox: Path, actor: Path) -> Path:
    """A root file system in folder/rootfs."""
    root = folder / "rootfs"
    for name in FOLDERS:
        (root / name).mkdir(parents=True)
    shutil.copy2(busybox, root / "bin" / "busybox")
    shutil.copy2(actor, root / "bin" / "actor")
    for applet in APPLETS:
        (root / "bin" / applet).symlink_to("busybox")
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc" / "group").write_text("root:x:0:\n")
    return root


class Container:
    """A privileged container without a network, with an overlay over its root, that sleeps until it is removed."""

    def __init__(self, root: Path, name: str) -> None:
        self._name = name
        self._foreign_cgroups = _parent_cgroups()
        created = self._podman(
            "run",
            "-d",
            "--name",
            name,
            "--privileged",
            *LIMITS,
            "--network=none",
            "--rootfs",
            f"{root}:O",
            "/bin/sleep",
            "86400",
        )
        self.full_id = created.stdout.strip().splitlines()[-1]

    @property
    def short_id(self) -> str:
        """The twelve characters by which rules know the container."""
        return self.full_id[:12]

    def run(self, *command: str, check: bool = True) -> None:
        """Runs a program in the container. CalledProcessError when it fails and check is set."""
        self._podman("exec", self._name, *command, check=check)

    def run_in_terminal(self, *command: str) -> None:
        """Runs a program in the container with a terminal of its own, as `exec -it` does."""
        ours, theirs = pty.openpty()
        try:
            subprocess.run(
                [*PODMAN, "exec", "-it", self._name, *command],
                check=True,
                timeout=SECONDS,
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
            )
        finally:
            os.close(theirs)
            os.close(ours)

    def remove(self) -> None:
        """Ends the container and takes away what it leaves behind."""
        self._podman("rm", "-f", "-t", "0", self._name)
        for folder in _parent_cgroups() - self._foreign_cgroups:
            for child in (*folder.glob("*/"), folder):
                with suppress(OSError):
                    child.rmdir()

    @staticmethod
    def _podman(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*PODMAN, *arguments],
            check=False,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"podman {' '.join(arguments)}: exit code {done.returncode}\n{done.stderr}")
        return done


def _parent_cgroups() -> set[Path]:
    return set(CGROUPS.glob("*/libpod_parent"))
