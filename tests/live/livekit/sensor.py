"""A live `yarak` process under test.

Nothing here sleeps to let things settle. Events are evaluated in the order of kernel time, so once the alert for a
marker (a uniquely named file, opened after the action) has been printed, everything that the action raised has been
printed before it. That is what proves silence, too.
"""

from __future__ import annotations

import itertools
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .alerts import Alert, Seen
from .paths import REPOSITORY, yarak_command

MARKER_RULE = "Live test marker"
START_SECONDS = 60.0
MARKER_SECONDS = 20.0
STOP_SECONDS = 20.0

MARKER_FILE = """\
- required_engine_version: 0.57.0

- rule: {rule}
  desc: Tells the test that everything before this moment has been evaluated.
  condition: evt.type in (open, openat, openat2) and fd.name startswith {folder}/
  output: marker %fd.name
  priority: CRITICAL
  tags: [live_test]
"""

CONFIG = """\
stdout_output:
  enabled: true
syslog_output:
  enabled: false
file_output:
  enabled: false
watch_config_files: false
"""


class Sensor:
    """Starts on construction; `stop` ends it. Alerts are collected by a thread of their own."""

    def __init__(self, rules: Sequence[Path], folder: Path) -> None:
        self._markers = folder / "markers"
        self._markers.mkdir(parents=True)
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._alerts: list[Alert] = []
        self._stderr: list[str] = []
        self._unreadable: list[str] = []
        self._process: subprocess.Popen[str] = subprocess.Popen(
            self._command(rules, folder),
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._streams = (self._process.stdout, self._process.stderr)
        self._readers = [
            threading.Thread(target=reader, args=(stream,), daemon=True)
            for reader, stream in zip((self._read_alerts, self._read_log), self._streams, strict=True)
        ]
        for reader in self._readers:
            reader.start()

    def _command(self, rules: Sequence[Path], folder: Path) -> list[str]:
        marker_rules = folder / "marker_rules.yaml"
        marker_rules.write_text(MARKER_FILE.format(rule=MARKER_RULE, folder=self._markers))
        config = folder / "yarak.yaml"
        config.write_text(CONFIG)
        command = [*yarak_command(), "-c", str(config)]
        for path in (*rules, marker_rules):
            command += ["-r", str(path)]
        for option in ("json_output=true", "rule_matching=all", "priority=debug"):
            command += ["-o", option]
        return command

    @property
    def log(self) -> str:
        """What the process wrote to its standard error so far."""
        return "".join(self._stderr)

    def wait_until_armed(self) -> None:
        """Returns when an event that happens now raises an alert. RuntimeError when that does not come about."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._mark(1.0) is not None:
                return
        raise RuntimeError(f"the sensor did not start within {START_SECONDS} seconds:\n{self.log}")

    @contextmanager
    def watch(self) -> Iterator[Seen]:
        """Collects the alerts of everything that happens in the block; they are there once the block has ended."""
        with self._changed:
            first = len(self._alerts)
        seen = Seen()
        yield seen
        last = self._mark(MARKER_SECONDS)
        if last is None:
            raise RuntimeError(f"the marker's alert did not come within {MARKER_SECONDS} seconds:\n{self.log}")
        with self._changed:
            alerts = self._alerts[first:last]
        seen.fill(alert for alert in alerts if alert.rule != MARKER_RULE)

    def stop(self) -> int:
        """Ends the process as Ctrl-C does and returns its exit code."""
        self._process.send_signal(signal.SIGINT)
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        for reader in self._readers:
            reader.join(STOP_SECONDS)
        for stream in self._streams:
            stream.close()
        return code

    @property
    def unreadable(self) -> list[str]:
        """Lines of standard output that were no alerts."""
        return list(self._unreadable)

    def _mark(self, seconds: float) -> int | None:
        """Makes a marker and waits for its alert; its index among all alerts, or None when the time is up."""
        marker = self._markers / f"{next(self._numbers)}"
        marker.touch()
        deadline = time.monotonic() + seconds
        with self._changed:
            start = max(0, len(self._alerts) - 1)
            while True:
                for index in range(start, len(self._alerts)):
                    alert = self._alerts[index]
                    if alert.rule == MARKER_RULE and alert.fields.get("fd.name") == str(marker):
                        return index
                start = len(self._alerts)
                if self._process.poll() is not None:
                    raise RuntimeError(f"the sensor ended with exit code {self._process.returncode}:\n{self.log}")
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._changed.wait(min(left, 0.5))

    def _read_alerts(self, stream: IO[str]) -> None:
        for line in stream:
            try:
                alert = Alert.parse(line)
            except (ValueError, KeyError, TypeError):
                self._unreadable.append(line)
                continue
            with self._changed:
                self._alerts.append(alert)
                self._changed.notify_all()

    def _read_log(self, stream: IO[str]) -> None:
        for line in stream:
            self._stderr.append(line)
