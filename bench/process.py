"""What the kernel says about a process (clock_getcpuclockid(3), proc_pid_status(5))."""

from __future__ import annotations

import time
from pathlib import Path

_PROCESS_CLOCK = 2
"""CPUCLOCK_SCHED: a process's clock id is its inverted pid with this in the lowest three bits (clock_getcpuclockid)."""
MEMORY = ("VmRSS", "RssAnon", "RssFile", "RssShmem")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its threads included and its children not, in seconds."""
    return time.clock_gettime(~pid << 3 | _PROCESS_CLOCK)


def memory_mb(pid: int) -> dict[str, float]:
    """Resident memory by kind, in MB of 1024 * 1024 bytes."""
    found = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in MEMORY:
            found[name] = int(value.split()[0]) / 1024
    return found
