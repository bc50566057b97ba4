"""Compiles the small C programs that make load or stand for an empty sensor."""

from __future__ import annotations

import subprocess
from pathlib import Path

SOURCES = Path(__file__).parent / "programs"


def workloads(folder: Path) -> Path:
    """The workload generator, built in `folder`. Raises: CalledProcessError, FileNotFoundError without a compiler."""
    binary = folder / "work"
    subprocess.run(["cc", "-O2", "-Wall", str(SOURCES / "work.c"), "-o", str(binary)], check=True)
    return binary


def empty_program(folder: Path) -> Path:
    """The BPF object whose only program does nothing. Raises as `workloads`."""
    object_file = folder / "empty.bpf.o"
    source = str(SOURCES / "empty.bpf.c")
    subprocess.run(["clang", "-O2", "-g", "-target", "bpf", "-c", source, "-o", str(object_file)], check=True)
    return object_file
