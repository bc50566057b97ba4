"""From process start to armed, and the rules compiler alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from bench import row, rules
from bench.row import Row
from bench.watcher import START_SECONDS, Watcher, environment

_SETS = (("25 rules", rules.STABLE), ("93 rules", rules.ALL))
_KNOCK_SECONDS = 0.002


def rows(repetitions: int) -> Iterator[Row]:
    """Seconds, with each set of rules."""
    for name, files in _SETS:
        yield row.of("start", f"armed, {name}", [armed(files) for _ in range(repetitions)], "s", target=1.0)
    for name, files in _SETS:
        runs = [compiled(files) for _ in range(repetitions)]
        yield row.of("start", f"rules compiler, {name}: process", [run[0] for run in runs], "s", target=0.5)
        yield row.of("start", f"rules compiler, {name}: compiling alone", [run[1] for run in runs], "s")


def armed(files: Sequence[Path]) -> float:
    """Seconds from the start of the process to the first open that is seen, by knocking every 2 ms."""
    with Watcher(files, keep_alerts=True) as watcher:
        deadline = time.monotonic() + START_SECONDS
        text = b""
        while b"\n" not in text:
            os.close(os.open("/etc/shadow", os.O_RDONLY))
            text += watcher.alerts(_KNOCK_SECONDS)
            if time.monotonic() > deadline:
                raise RuntimeError(f"no alert came:\n{watcher.log()}")
        first = json.loads(text.split(b"\n", 1)[0])["time"]
        return (_nanoseconds(first) - watcher.started_ns) / 1e9


def _nanoseconds(text: str) -> int:
    """Epoch time of an alert's `time`, which has nine digits that datetime does not keep."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(seconds + "+00:00").timestamp()) * 10**9 + int(fraction)


def compiled(files: Sequence[Path]) -> tuple[float, float]:
    """Seconds of the compiler's whole process, and of the compiling in it."""
    request = json.dumps({"files": [str(path) for path in files]}).encode()
    command = [sys.executable, "-P", "-m", "yarak.rules.compile_main"]
    began = time.monotonic()
    done = subprocess.run(
        command,
        input=request,
        stdout=subprocess.PIPE,
        check=True,
        env={**environment(), "PYTHONPATH": str(rules.REPOSITORY)},
    )
    took = time.monotonic() - began
    return took, float(json.loads(done.stdout)["summary"]["seconds"])
