"""The workloads of `programs/work.c`, and what each may cost with 25 rules."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workload:
    """`ratio`: the most time a turn may take, against the empty program. `cpu`: watcher's seconds in 10 s."""

    name: str
    what: str
    ratio: float | None = None
    cpu: float | None = None

    def run(self, binary: Path, seconds: float, folder: Path) -> float:
        """Microseconds a turn. Raises: CalledProcessError."""
        done = subprocess.run(
            [str(binary), self.name, str(seconds)], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
        )
        turns, took = done.stdout.split()
        return float(took) / int(turns) * 1e6


WORKLOADS = (
    Workload("getppid", "getppid", 1.03),
    Workload("open", "open-read-close", 1.15, 0.1),
    Workload("open-relative", "open-read-close, relative", 1.15, 0.1),
    Workload("open-deep", "open-read-close, 12 directories deep", 1.3, 0.1),
    Workload("open-failing", "failing open", 1.15),
    Workload("open-passwd", "open-read-close of /etc/passwd", None, 3.0),
    Workload("fork-exec", "fork + exec /bin/true", 1.06, 0.5),
    Workload("tcp", "TCP connect-accept-close", 1.05, 0.2),
    Workload("unix", "unix socket ping-pong"),
)
