"""What a live test needs from the machine. Where it lacks, the test is skipped with that reason; CI=true: it fails."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

# Bit numbers of linux/capability.h.
CAPABILITIES = {"CAP_SYS_ADMIN": 21, "CAP_PERFMON": 38, "CAP_BPF": 39}
PREEMPTIBLE_SINCE = (7, 0)
OLDEST_KERNEL = (5, 8)


def demand(lacking: list[str]) -> None:
    """Skips the test when something lacks; fails it instead where CI=true."""
    if not lacking:
        return
    text = "this machine lacks " + ", ".join(lacking)
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


def lacking_for_sensor() -> list[str]:
    """What eBPF detection needs and this process does not have."""
    lacking = []
    if os.geteuid() != 0:
        lacking.append("root")
    lacking += _lacking_capabilities()
    if not Path("/sys/kernel/btf/vmlinux").exists():
        lacking.append("kernel type information (/sys/kernel/btf/vmlinux)")
    if kernel() < OLDEST_KERNEL:
        lacking.append("kernel 5.8 or newer")
    return lacking


def kernel() -> tuple[int, int]:
    """Version of the running kernel."""
    major, minor = platform.release().split("-")[0].split(".")[:2]
    return int(major), int(minor)


def skipped_at_most(n_calls: int) -> int:
    """Calls whose end the kernel may have the sensor miss on a busy machine (docs/architecture.md, Preemption)."""
    return n_calls // 200 if kernel() >= PREEMPTIBLE_SINCE else 0


def demand_every_event(n_lost: int) -> None:
    """For a test that wants to have seen everything: fails it where something was lost; skips it where that is the
    kernel's doing."""
    if n_lost and kernel() >= PREEMPTIBLE_SINCE:
        demand(["a kernel that skips no program (before 7.0), or more CPU time"])
    assert n_lost == 0, "the machine is too busy for this test: events were lost"


def lacking_for_io_uring(major: int = 6, minor: int = 0) -> list[str]:
    """What following io_uring needs: its tracepoints name the request since 6.0."""
    lacking = []
    if kernel() < (major, minor):
        lacking.append(f"kernel {major}.{minor} or newer (io_uring)")
    disabled = Path("/proc/sys/kernel/io_uring_disabled")
    if disabled.exists() and disabled.read_text().strip() == "2":
        lacking.append("io_uring (kernel.io_uring_disabled is 2)")
    return lacking


def lacking_for_containers() -> list[str]:
    """What running a container without a registry needs."""
    commands = [name for name in ("podman", "runc", "conmon") if shutil.which(name) is None]
    if busybox() is None:
        commands.append("a static busybox (busybox-static)")
    return commands or _lacking_for_podman()


@cache
def _lacking_for_podman() -> list[str]:
    """Where its folder lies on overlayfs, podman finds no place for its own."""
    info = subprocess.run(["podman", "info"], capture_output=True, check=False)
    return [] if info.returncode == 0 else ["a file system that podman can store on (not overlayfs)"]


def lacking_for_stand_ins() -> list[str]:
    """What compiling the stand-in program needs."""
    return [] if shutil.which("cc") else ["a C compiler (cc)"]


def lacking_for_sysdig() -> list[str]:
    """What reading a capture with another tool needs."""
    return [] if shutil.which("sysdig") else ["sysdig"]


def busybox() -> Path | None:
    """A statically linked busybox, or None."""
    found = shutil.which("busybox")
    if found is None:
        return None
    path = Path(found).resolve()
    return path if _is_static(path) else None


def _is_static(path: Path) -> bool:
    """A dynamically linked ELF file names its loader near its beginning."""
    with path.open("rb") as file:
        head = file.read(4096)
    return head.startswith(b"\x7fELF") and b"/ld-" not in head


def _lacking_capabilities() -> list[str]:
    status = Path("/proc/self/status").read_text().splitlines()
    effective = int(next(line for line in status if line.startswith("CapEff:")).split()[1], 16)
    held = {name for name, bit in CAPABILITIES.items() if effective >> bit & 1}
    if "CAP_SYS_ADMIN" in held:
        return []
    return [name for name in ("CAP_BPF", "CAP_PERFMON") if name not in held]
