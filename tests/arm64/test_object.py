"""The sensor's object for arm64: `make test-kernels` loads it there; that it compiles is seen everywhere."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

EM_BPF = 247
E_MACHINE = slice(18, 20)
"""elf(5)."""


def test_the_sensor_compiles_for_arm64(tmp_path: Path) -> None:
    tools = str(Path(__file__).parents[2] / "tools")
    sys.path.insert(0, tools)
    try:
        arm64 = importlib.import_module("arm64")
    finally:
        sys.path.remove(tools)
    header = arm64.sensor(tmp_path).read_bytes()
    assert int.from_bytes(header[E_MACHINE], "little") == EM_BPF
