"""From open(/etc/shadow) to the alert's line, in the process that opens and reads the watcher's pipe."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator

from bench import row, rules
from bench.row import Row
from bench.watcher import Watcher

_PAUSE_SECONDS = 0.02
_LINE_SECONDS = 5.0
_WARM_UP = 5


def rows(opens: int) -> Iterator[Row]:
    """Milliseconds on a machine that is otherwise idle, with 25 rules."""
    with Watcher(rules.STABLE, keep_alerts=True) as watcher:
        watcher.wait()
        took = [_once(watcher) * 1000 for _ in range(opens + _WARM_UP)][_WARM_UP:]
    note = f"{opens} opens"
    yield row.of("alert latency", "median", took, "ms", target=2.0, note=note)
    p99 = statistics.quantiles(took, n=100)[98]
    yield Row("alert latency", "p99", p99, "ms", 10.0, note=note)


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
