"""The core in a process of its own that a test can stop and continue, and look into.

Run as a program, it writes one JSON object per line: {"counters", "gap", "alerts"}, several times a second.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from .paths import REPOSITORY
from .patience import PATIENCE

SECONDS = 60 * PATIENCE
LOOK_SECONDS = 0.05

Look: TypeAlias = "dict[str, Any]"


class Probe:
    """A running core under the rules of a file. `settings` go over the core's defaults, `options` to the compiler;
    `under` is a command that becomes it."""

    def __init__(
        self, rules: Path, settings: Mapping[str, object], under: Sequence[str] = (), **options: object
    ) -> None:
        self._changed = threading.Condition()
        self._looks: list[Look] = []
        self._process = subprocess.Popen(
            [
                *under,
                sys.executable,
                "-m",
                "livekit.probe",
                str(rules),
                json.dumps(dict(settings)),
                json.dumps(options),
            ],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": f"{REPOSITORY}:{Path(__file__).parents[1]}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait_for(lambda _look: True)

    @property
    def pid(self) -> int:
        return self._process.pid

    def pause(self) -> None:
        """Nothing is taken from the buffers from now on. Returns once the process has stopped."""
        self._process.send_signal(signal.SIGSTOP)
        stat = Path(f"/proc/{self._process.pid}/stat")
        deadline = time.monotonic() + SECONDS
        while stat.read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline, "the probe does not stop"

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def wait_for(self, wanted: Callable[[Look], bool], seconds: float = SECONDS) -> Look:
        """The first look from now on that is wanted. AssertionError with the last one when none comes in time."""
        deadline = time.monotonic() + seconds
        at = len(self._looks)
        with self._changed:
            while True:
                for look in self._looks[at:]:
                    if wanted(look):
                        return look
                at = len(self._looks)
                last = self._looks[-1:]
                assert self._process.poll() is None, f"the probe ended; last look: {last}"
                assert time.monotonic() < deadline, f"not within {seconds} s; last look: {last}"
                self._changed.wait(0.2)

    @property
    def looks(self) -> list[Look]:
        """Everything seen so far, oldest first."""
        return list(self._looks)

    def end(self) -> None:
        self._process.send_signal(signal.SIGCONT)
        self._process.kill()
        self._process.wait()
        self._reader.join(SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if not line.endswith("\n"):
                return  # It was killed while it wrote.
            with self._changed:
                self._looks.append(json.loads(line))
                self._changed.notify_all()


def main(rules: str, settings: str, options: str) -> None:
    from yarak import sensor as core
    from yarak.config import Settings
    from yarak.rules import CompileOptions, compile_files

    compiled = compile_files([Path(rules)], CompileOptions(plugins={"container": "0.7.1"}, **json.loads(options)))
    assert compiled.ok
    defaults = json.loads(core.settings_json(Settings(), ring_bytes=8 << 20, cpus_per_ring=2, hostname="test"))
    sensor = core.open_core(compiled.plan, json.dumps({**defaults, **json.loads(settings)}).encode())
    sensor.start()
    while True:
        alerts = [json.loads(alert.json) for alert in sensor.wait(LOOK_SECONDS)]
        look = {"counters": sensor.counters(), "gap": sensor.take_gap(), "alerts": alerts}
        print(json.dumps(look), flush=True)
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
