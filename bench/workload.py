"""The workloads of `programs/work.c`, and what each may cost with 25 rules."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workload:
    """`ratio`: the most time a turn may take, against the empty program. `cpu`: watcher's seconds in 10 s. `copies` of
    the program `of` (default: of its own name) run side by side."""

    name: str
    what: str
    ratio: float | None = None
    cpu: float | None = None
    of: str = ""
    copies: int = 1

    def run(self, binary: Path, seconds: float, folder: Path) -> float:
        """Microseconds that a turn took where nothing else disturbed it: in the best of many slices, of all copies
        together. What else a shared machine does only ever adds. Raises: CalledProcessError."""
        command = [str(binary), self.of or self.name, str(seconds)]
        started = [subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) for _ in range(self.copies)]
        best = []
        for process in started:
            out, _ = process.communicate()
            if process.returncode:
                raise subprocess.CalledProcessError(process.returncode, command)
            best.append(float(out.split()[2]))
        return sum(best) / len(best) * 1e6


WORKLOADS = (
    Workload("getppid", "getppid", 1.03),
    Workload("open", "open-read-close", 1.15, 0.1),
    Workload("open-relative", "open-read-close, relative", 1.15, 0.1),
    Workload("open-deep", "open-read-close, 12 directories deep", 1.3, 0.1),
    Workload("open-failing", "failing open", 1.15),
    Workload("open-shadow", "open-read-close of /etc/shadow, excused", None, 3.0),
    Workload("fork-exec", "fork + exec /bin/true", 1.06, 0.5),
    Workload("tcp", "TCP connect-accept-close", 1.05, 0.2),
    Workload("unix", "unix socket ping-pong"),
    Workload("open-both", "open-read-close on both cores", 1.15, 0.1, of="open", copies=2),
    Workload("shadow-both", "open-read-close of /etc/shadow, excused, on both cores", of="open-shadow", copies=2),
)
