"""Resident memory after a busy shell, and loss under a compile-like load."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import process, rules
from bench.row import Row
from bench.watcher import Watcher

_BUSY_SHELL = "while :; do ls / >/dev/null; cat /etc/hostname >/dev/null; echo x >file; rm file; done"

_COMPILING = """
for number in 1 2 3 4 5 6 7 8; do
    printf '#include <stdio.h>\\n#include <stdlib.h>\\nint f%d(void) { return puts("x"); }\\n' $number >$1_$number.c
done
while :; do
    for number in 1 2 3 4 5 6 7 8; do cc -O1 -c $1_$number.c -o $1_$number.o; done
done
"""

_TARGETS_MB = {"VmRSS": 48.0, "RssAnon": 30.0}
_MORE_MB = 5.0
"""What 93 rules may take beyond that."""


@contextmanager
def compiling(folder: Path) -> Iterator[None]:
    """Two compilers, for as long as the context lasts."""
    with _running([(_COMPILING, "a"), (_COMPILING, "b")], folder):
        yield


@contextmanager
def _running(scripts: Sequence[tuple[str, str]], folder: Path) -> Iterator[None]:
    """Shells with (script, $1), for as long as the context lasts."""
    shells = [
        subprocess.Popen(["sh", "-c", script, "sh", argument], cwd=folder, start_new_session=True)
        for script, argument in scripts
    ]
    try:
        yield
    finally:
        for shell in shells:
            shell.kill()
            shell.wait()


def memory_rows(seconds: float, folder: Path) -> Iterator[Row]:
    """Megabytes of the watcher with 25 rules and with 93; a ring's pages count twice, being mapped twice in a row."""
    for name, files, more in (("25 rules", rules.STABLE, 0.0), ("93 rules", rules.ALL, _MORE_MB)):
        with Watcher(files) as watcher:
            watcher.wait()
            with _running([(_BUSY_SHELL, "")], folder):
                time.sleep(seconds)
                found = process.memory_mb(watcher.pid)
        note = f"after {seconds:.0f} s of a busy shell"
        for kind in process.MEMORY:
            target = _TARGETS_MB[kind] + more if kind in _TARGETS_MB else None
            yield Row("resident memory", f"{name}: {kind}", found[kind], "MB", target, note=note)


def compile_rows(seconds: float, folder: Path) -> Iterator[Row]:
    """What is lost and what the watcher spends while two compilers run, with 25 rules and default buffers."""
    with Watcher(rules.STABLE) as watcher:
        watcher.wait()
        before = watcher.cpu_seconds
        with compiling(folder):
            time.sleep(seconds)
            spent = watcher.cpu_seconds - before
    note = f"in {seconds:.0f} s"
    yield Row("compile load, two jobs", "events lost", watcher.lost, "", 0.0, note=note)
    yield Row("compile load, two jobs", "events seen by the sensor", watcher.events, "", note=note)
    yield Row("compile load, two jobs", "of these dropped by the kernel filter", watcher.filtered, "", note=note)
    yield Row("compile load, two jobs", "watcher's own CPU", spent, "s", note=note)
