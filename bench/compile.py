"""A workload like a build: one small C file compiled again and again, each time by a few processes and many opens."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

_SOURCE = '#include <stdio.h>\n#include <stdlib.h>\nint f(void) { return puts(getenv("HOME")); }\n'


@dataclass(frozen=True)
class CompileWorkload:
    """`ratio` and `cpu` as in `Workload`: nothing was asked of this one but that nothing is lost."""

    name: str = "compile"
    what: str = "compile a small C file"
    ratio: float | None = None
    cpu: float | None = None

    def missing(self) -> str | None:
        """Why it can't run, else None."""
        return None if shutil.which("cc") else f"{self.what} is left out: cc missing (Debian: gcc)"

    def run(self, binary: Path, seconds: float, folder: Path) -> float:
        """Microseconds of the quickest of all compilations. Raises: CalledProcessError."""
        del binary
        (folder / "small.c").write_text(_SOURCE)
        best, end = float("inf"), time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.monotonic()
            subprocess.run(["cc", "-O1", "-c", "small.c", "-o", "small.o"], cwd=folder, check=True)
            best = min(best, time.monotonic() - began)
        return best * 1e6


COMPILE = CompileWorkload()
