"""Time inside the sensor's programs, by the kernel's own statistics (bpf_stats_enabled), in a run of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import rules
from bench.row import Row
from bench.watcher import Watcher
from bench.workload import WORKLOADS

_SWITCH = Path("/proc/sys/kernel/bpf_stats_enabled")
_ATTACHED = ("dispatch", "enter", "exec", "fork", "process_exit")
"""Programs with a hook of their own. What a tail-called one takes counts for the one that is attached, too."""

_RUN_TIMES = ".data.run_times"
"""The sensor's map of what the kernel does not tell: run times of the tail-called ones (sensor/measure.h)."""

PROGRAMS = len(_ATTACHED)
_FEW_RUNS = 100

Stats = dict[str, tuple[int, int]]
"""Program → (runs, ns)."""


def missing() -> str | None:
    """Why there are no run times, else None."""
    return None if shutil.which("bpftool") else "bpftool is missing: no run times (Debian: apt-get install bpftool)"


@contextmanager
def _counting() -> Iterator[None]:
    before = _SWITCH.read_text()
    _SWITCH.write_text("1")
    try:
        yield
    finally:
        _SWITCH.write_text(before)


def _bpftool(*words: str) -> Any:
    return json.loads(subprocess.run(["bpftool", "--json", *words], check=True, stdout=subprocess.PIPE).stdout)


def _programs() -> list[dict[str, Any]]:
    """What bpftool knows of the programs that look like the sensor's own."""
    return [program for program in _bpftool("prog", "show") if program.get("name") in _ATTACHED]


def _maps() -> set[int]:
    """Ids of the maps with run times."""
    return {found["id"] for found in _bpftool("map", "show") if found.get("name") == _RUN_TIMES}


def others() -> set[int]:
    """Ids of such programs now: while nothing of ours runs, they belong to another watcher, which slows every row."""
    return {program["id"] for program in _programs()}


def _tail_called(foreign: set[int]) -> Stats:
    """Of the sensor's one map, each member by its name."""
    (own,) = _maps() - foreign
    (entry,) = _bpftool("map", "dump", "id", str(own))
    (times,) = entry["formatted"]["value"][_RUN_TIMES]
    return {name: (runs["runs"], runs["ns"]) for name, runs in times["run_times"].items()}


def _stats(foreign: set[int], foreign_maps: set[int]) -> Stats:
    attached = {
        program["name"]: (program.get("run_cnt", 0), program.get("run_time_ns", 0))
        for program in _programs()
        if program["id"] not in foreign
    }
    return attached | _tail_called(foreign_maps)


def rows(binary: Path, seconds: float, folder: Path) -> Iterator[Row]:
    """Nanoseconds a run with 25 rules, by workload and program."""
    foreign = others(), _maps()
    with _counting(), Watcher(rules.STABLE) as watcher:
        watcher.wait()
        for workload in WORKLOADS:
            before = _stats(*foreign)
            workload.run(binary, seconds, folder)
            yield from _workload_rows(workload.what, before, _stats(*foreign))


def _workload_rows(what: str, before: Stats, after: Stats) -> Iterator[Row]:
    for name, (runs, spent) in after.items():
        seen, known = before.get(name, (0, 0))
        if runs - seen > _FEW_RUNS:
            each = (spent - known) / (runs - seen)
            yield Row("program run time, 25 rules", f"{what}: {name}", each, "ns a run", note=f"{runs - seen} runs")
