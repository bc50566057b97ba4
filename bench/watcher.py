"""Yarak as a process under measurement."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from bench import process
from bench.rules import REPOSITORY

START_SECONDS = 30
_SUMMARY = re.compile(r"Events seen: (\d+), dropped in the kernel by filter: (\d+), lost: (\d+)")
_IDLE_SECONDS = 0.005
"""CPU time in 50 ms that is no work."""
_ARMED = "Start: start the sensor"


def environment() -> dict[str, str]:
    """The caller's, without what would keep Python from storing its byte code: an installed package has it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def command(rules: Sequence[Path], options: Sequence[str] = ()) -> list[str]:
    """The command line of a watcher that writes JSON to stdout and its steps to stderr."""
    chosen = ("json_output=true", "log_level=debug", *options)
    return [
        *(sys.executable, "-m", "yarak"),
        *(word for path in rules for word in ("-r", str(path))),
        *(word for option in chosen for word in ("-o", option)),
    ]


class Watcher:
    """Runs Yarak for as long as the context lasts. `events`, `filtered` and `lost` are known once it has ended."""

    def __init__(self, rules: Sequence[Path], options: Sequence[str] = (), *, keep_alerts: bool = False) -> None:
        self._command = command(rules, options)
        self._keep_alerts = keep_alerts
        self.events = self.filtered = self.lost = 0

    def __enter__(self) -> Self:
        self._log: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")
        self.started_ns = time.time_ns()
        self._process = subprocess.Popen(
            self._command,
            stdout=subprocess.PIPE if self._keep_alerts else subprocess.DEVNULL,
            stderr=self._log,
            cwd=REPOSITORY,
            env=environment(),
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        if self._process.stdout is not None:
            while self._process.stdout.read(1 << 16):
                pass
        self._process.wait(START_SECONDS)
        summary = _SUMMARY.search(self.log())
        self._log.close()
        if summary is not None:
            self.events, self.filtered, self.lost = (int(number) for number in summary.groups())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def cpu_seconds(self) -> float:
        return process.cpu_seconds(self.pid)

    def settle(self) -> None:
        """Return once the watcher has worked off what a workload left in its buffers."""
        deadline, before = time.monotonic() + START_SECONDS, -1.0
        while (now := self.cpu_seconds) - before > _IDLE_SECONDS and time.monotonic() < deadline:
            before = now
            time.sleep(0.05)

    def log(self) -> str:
        """Everything on stderr so far."""
        self._log.seek(0)
        return self._log.read()

    def wait(self) -> Self:
        """Return once the last start step is done. Raises: RuntimeError with the log when that never comes."""
        deadline = time.monotonic() + START_SECONDS
        while _ARMED not in self.log():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the watcher did not start:\n{self.log()}")
            time.sleep(0.01)
        return self

    def alerts(self, timeout: float) -> bytes:
        """What stdout has to give now, or within `timeout` seconds; empty when nothing came."""
        assert self._process.stdout is not None, "made with keep_alerts"
        out = self._process.stdout.fileno()
        return os.read(out, 1 << 16) if select.select([out], [], [], timeout)[0] else b""
