"""Captures replayed: events per second and core, memory, and time against sysdig's reader."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import captures, row, rules
from bench.row import Row
from bench.watcher import environment

_CHILD = """
import json, resource, sys, time
from yarak import _core
files, plan = json.loads(sys.argv[1]), open(sys.argv[2], "rb").read() if sys.argv[2] else None
status = lambda: dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
replay = _core.Replay(json.dumps({"files": files}).encode(), plan)
began, alerts = time.thread_time(), 0
while not replay.ended:
    alerts += len(replay.wait(1.0))
print(json.dumps({
    "seconds": time.thread_time() - began, "alerts": alerts, "events": replay.counters()["n_evts"],
    "peak_kib": int(status()["VmHWM"].split()[0]),
}))
"""
KINDS = (("mixed", captures.MIXED, 2.5), ("process-heavy", captures.PROCESS_HEAVY, 1.8))
"""Name, share of processes' lives, least millions of events per second with 25 rules."""
MEMORY_EVENTS = 10_000_000
FILTER = "evt.type=execve"
FORMAT = "%evt.rawtime %proc.name"


def rows(events: int, repetitions: int, folder: Path) -> Iterator[Row]:
    """Nanoseconds per event (a target is a most), MB, and the ratio to sysdig."""
    plan = folder / "replay.plan"
    plan.write_bytes(compiled(rules.STABLE))
    for name, share, least in KINDS:
        file = folder / f"{name}.scap"
        captures.write(file, events, process_share=share)
        for label, chosen, target in (("no rules", "", None), ("25 rules", str(plan), 1000 / least)):
            runs = [replay([file], chosen) for _ in range(repetitions)]
            per_event = [run["seconds"] * 1e9 / run["events"] for run in runs]
            millions = f"{1000 / min(per_event):.2f} M/s"
            yield row.of("replay", f"{name} capture, {label}", per_event, "ns/event", target=target, note=millions)
        file.unlink()
    for calls in (events, 10 * events):
        yield from _against_sysdig(calls, repetitions, folder)
    yield _memory(min(MEMORY_EVENTS, 10 * events), plan, folder)


def _memory(events: int, plan: Path, folder: Path) -> Row:
    file = folder / "long.scap"
    written = captures.write(file, events, process_share=captures.PROCESS_HEAVY)
    peak = replay([file], str(plan))["peak_kib"] / 1024
    file.unlink()
    return row.of("replay", f"memory, {written / 1e6:.0f} M events", [peak], "MB", target=100)


def compiled(files: Sequence[Path]) -> bytes:
    """The plan of rules files, as JSON. Raises: CalledProcessError."""
    request = json.dumps({"files": [str(path) for path in files]}).encode()
    command = [sys.executable, "-P", "-m", "yarak.rules.compile_main"]
    path = {**environment(), "PYTHONPATH": str(rules.REPOSITORY)}
    done = subprocess.run(command, input=request, stdout=subprocess.PIPE, check=True, env=path)
    return json.dumps(json.loads(done.stdout)["plan"]).encode()


def replay(files: Sequence[Path], plan: str) -> dict[str, float]:
    """Replays in a process of its own: `seconds` of its thread, `events`, `alerts`, `peak_kib`. An empty `plan` has no
    rules. Raises: CalledProcessError."""
    names = json.dumps([str(path) for path in files])
    command = [sys.executable, "-P", "-c", _CHILD, names, plan]
    path = {**environment(), "PYTHONPATH": str(rules.REPOSITORY)}
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=path)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _against_sysdig(events: int, repetitions: int, folder: Path) -> Iterator[Row]:
    """Wall and processor time against `sysdig -r` on the same file, with the same filter; nothing without sysdig."""
    if shutil.which("sysdig") is None:
        return
    file = folder / "pairs.scap"
    written = captures.write(file, events, process_share=captures.MIXED, pairs=True)
    yarak = [sys.executable, "-P", "-m", "yarak", "replay", str(file), "--filter", FILTER, "-p", FORMAT]
    sysdig = ["sysdig", "-r", str(file), "-p", FORMAT, f"evt.dir=< and {FILTER}"]
    runs = [(_timed(yarak), _timed(sysdig)) for _ in range(repetitions)]
    file.unlink()
    lines = {one.lines for run in runs for one in run}
    if len(lines) != 1:
        raise RuntimeError(f"the two readers do not print the same: {lines} lines")
    size = f"{written / 1e6:.0f} M calls"
    wall = [ours.wall / theirs.wall for ours, theirs in runs]
    yield row.of("replay", f"wall time against sysdig -r, {size}", wall, "x", target=1 / 3)
    processor = [ours.processor / theirs.processor for ours, theirs in runs]
    yield row.of("replay", f"processor time against sysdig -r, {size}", processor, "x")


@dataclass(frozen=True)
class _Run:
    """Seconds, and lines printed."""

    wall: float
    processor: float
    lines: int


def _timed(command: Sequence[str]) -> _Run:
    path = {**environment(), "PYTHONPATH": str(rules.REPOSITORY)}
    began, before = time.monotonic(), _processor_time()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=path)
    return _Run(time.monotonic() - began, _processor_time() - before, done.stdout.count(b"\n"))


def _processor_time() -> float:
    """Seconds, of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
