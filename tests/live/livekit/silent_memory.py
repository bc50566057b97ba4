"""A process whose memory keeps everybody waiting who wants to read it (silent_memory.c)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

SOURCE = Path(__file__).with_name("silent_memory.c")


def built(program: Path) -> Path:
    """Compiles it as `program`, whose name will be the process's."""
    compiler = shutil.which("cc")
    assert compiler is not None, "needs a C compiler"
    subprocess.run([compiler, "-static", "-pthread", "-O1", "-o", program, SOURCE], check=True)
    return program


class SilentMemory:
    """A running one, by `file`, where `mount` puts a silent file. It ends only once that has ended."""

    def __init__(self, program: Path, mount: Callable[[], None], file: Path, opened: Path) -> None:
        self._process = subprocess.Popen(
            [program, file, opened],
            preexec_fn=mount,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.pid = self._process.pid
        self._wait()

    def open(self) -> None:
        """Has it open the file."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        self._wait()

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> None:
        """To be called once the file has ended."""
        self._process.communicate()

    def _wait(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"\n"
