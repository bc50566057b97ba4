"""The counters of a sensor that runs in this process, for as long as something is done and no longer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from yarak import sensor as core
from yarak.config import Settings
from yarak.rules import CompileOptions, compile_files

from .requirements import demand, lacking_for_sensor

N_CALLS = 10_000
# kill is a builtin of the shell: one system call each, which neither state nor any other rule asks for.
BUSY_SHELL = ("/bin/sh", "-c", f"i=0; while [ $i -lt {N_CALLS} ]; do kill -0 $$; i=$((i+1)); done")


def counters_during(rules: list[Path], act: Callable[[], object]) -> dict[str, int]:
    """What was counted under these rules, by counter."""
    demand(lacking_for_sensor())
    compiled = compile_files(rules, CompileOptions(plugins={"container": "0.7.1"}))
    assert compiled.ok
    settings = core.settings_json(Settings(), ring_bytes=8 << 20, cpus_per_ring=2, hostname="test")
    sensor = core.open_core(compiled.plan, settings)
    sensor.start()
    try:
        act()
    finally:
        sensor.stop()
    return sensor.counters()
