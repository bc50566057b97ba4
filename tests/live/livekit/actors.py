"""Stand-in programs: copies of actor/ under whatever name and path a rule looks for."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from .patience import PATIENCE

SOURCES = Path(__file__).parent / "actor"
SECONDS = 60 * PATIENCE


def compile_actor(folder: Path) -> Path:
    """The statically linked stand-in program, compiled into folder."""
    binary = folder / "actor"
    sources = sorted(str(path) for path in SOURCES.glob("*.c"))
    subprocess.run(["cc", "-static", "-O1", "-o", str(binary), *sources], check=True)
    return binary


def arguments(steps: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """The stand-in's command line: each step's words, a comma between steps; {names} are filled in first."""
    words: list[str] = []
    for step in steps:
        words += [*([","] if words else []), *shlex.split(step.format_map(dict(names)))]
    return words


class Actors:
    """Stand-ins on the host, each in a folder of its own so that any two may have the same name."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self._binary = binary
        self._folder = folder

    def named(self, name: str) -> Path:
        """The stand-in as a program called name (15 bytes at most, the kernel keeps no more)."""
        path = self._folder / name
        if not path.exists():
            shutil.copy2(self._binary, path)
        return path

    def perform(self, name: str, steps: Iterable[str], names: Mapping[str, str] | None = None) -> None:
        """Runs the stand-in called name. CalledProcessError when a step fails that may not fail."""
        command = [str(self.named(name)), *arguments(steps, names or {})]
        subprocess.run(command, check=True, timeout=SECONDS, stdin=subprocess.DEVNULL, capture_output=True)
