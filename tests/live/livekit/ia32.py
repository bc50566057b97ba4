"""A program that makes calls through the 32-bit entry (ia32.c)."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("ia32.c")
ABSENT = 77
"""How the program ends where the kernel has no such entry."""


def built(program: Path) -> Path:
    """Compiles it as `program`, whose name will be the process's."""
    if platform.machine() != "x86_64":
        pytest.skip("needs x86_64: only that has a 32-bit entry")
    compiler = shutil.which("cc")
    assert compiler is not None, "needs a C compiler"
    subprocess.run([compiler, "-static", "-no-pie", "-O1", "-o", program, SOURCE], check=True)
    return program


def call_all(program: Path) -> None:
    """Makes all of its calls once."""
    if subprocess.run([program], check=False).returncode == ABSENT:
        pytest.skip("this kernel was built without the 32-bit entry (CONFIG_IA32_EMULATION)")
