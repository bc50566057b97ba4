"""From open(/etc/shadow) to the alert's line, in the process that opens and reads the watcher's pipe."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from bench import load, row, rules
from bench.row import Row
from bench.watcher import Watcher

_PAUSE_SECONDS = 0.02
_LINE_SECONDS = 5.0
_WARM_UP = 5


def rows(opens: int, folder: Path) -> Iterator[Row]:
    """Milliseconds with 25 rules, on a machine that is otherwise idle and on one that compiles."""
    with Watcher(rules.STABLE, keep_alerts=True) as watcher:
        watcher.wait()
        yield from _of(_samples(watcher, opens), "idle", 1.0, 5.0)
        with load.compiling(folder):
            yield from _of(_samples(watcher, opens), "compiling", None, 50.0)


def _of(took: list[float], where: str, median: float | None, tail: float) -> Iterator[Row]:
    note = f"{len(took)} opens"
    yield row.of("alert latency", f"{where}: median", took, "ms", target=median, note=note)
    yield Row("alert latency", f"{where}: p99", statistics.quantiles(took, n=100)[98], "ms", tail, note=note)


def _samples(watcher: Watcher, opens: int) -> list[float]:
    return [_once(watcher) * 1000 for _ in range(opens + _WARM_UP)][_WARM_UP:]


def _once(watcher: Watcher) -> float:
    """Seconds (CLOCK_MONOTONIC) for one open."""
    time.sleep(_PAUSE_SECONDS)
    began = time.monotonic()
    os.close(os.open("/etc/shadow", os.O_RDONLY))
    text = b""
    while b"/etc/shadow" not in text or not text.endswith(b"\n"):
        more = watcher.alerts(_LINE_SECONDS)
        if not more:
            raise RuntimeError(f"no alert within {_LINE_SECONDS} s:\n{watcher.log()}")
        text += more
    return time.monotonic() - began
