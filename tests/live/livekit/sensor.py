"""A live `yarak` process under test, started as a user starts it.

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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .alerts import Alert, Seen
from .paths import REPOSITORY, yarak_command
from .patience import PATIENCE
from .statistics import Statistics

MARKER_RULE = "Live test marker"
RELOADED = "SIGHUP received, restarting..."
START_SECONDS = 60.0 * PATIENCE
WAIT_SECONDS = 20.0 * PATIENCE

OPTIONS = ("json_output=true", "rule_matching=all", "priority=debug")

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
log_stderr: true
log_level: info
"""


class Sensor:
    """Starts on construction; `stop` ends it. Two threads collect what it says.

    `rules` are its files, a marker rule is added; `options` are its -o arguments, by default JSON of every alert;
    `under` is a command that becomes it.
    """

    def __init__(
        self, rules: Sequence[Path], folder: Path, options: Sequence[str] = OPTIONS, under: Sequence[str] = ()
    ) -> None:
        self._markers = folder / "markers"
        self._markers.mkdir(parents=True)
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._lines: list[str] = []
        self._stderr: list[str] = []
        self._process: subprocess.Popen[str] = subprocess.Popen(
            [*under, *self._command(rules, folder, options)],
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
            threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            for stream, lines in zip(self._streams, (self._lines, self._stderr), strict=True)
        ]
        for reader in self._readers:
            reader.start()

    def _command(self, rules: Sequence[Path], folder: Path, options: Sequence[str]) -> list[str]:
        marker_rules = folder / "marker_rules.yaml"
        marker_rules.write_text(MARKER_FILE.format(rule=MARKER_RULE, folder=self._markers))
        config = folder / "yarak.yaml"
        config.write_text(CONFIG)
        command = [*yarak_command(), "-c", str(config)]
        for path in (*rules, marker_rules):
            command += ["-r", str(path)]
        for option in options:
            command += ["-o", option]
        return command

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        """What the process wrote to its standard error so far."""
        return "".join(self._stderr)

    @property
    def lines(self) -> list[str]:
        """The lines on standard output so far: alerts, and after the end the statistics."""
        return list(self._lines)

    def send(self, number: signal.Signals) -> None:
        """Sends the process a signal."""
        self._process.send_signal(number)

    def wait_until_armed(self) -> None:
        """Returns when an event that happens now raises an alert. RuntimeError when that does not come about."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._mark(1.0) is not None:
                return
        raise RuntimeError(f"the sensor did not start within {START_SECONDS} seconds:\n{self.log}")

    def wait_for_log(self, text: str, times: int = 1) -> None:
        """Returns once the log holds text so many times. RuntimeError when that does not come about."""
        if self._wait(lambda: self.log.count(text) >= times or None, WAIT_SECONDS) is None:
            raise RuntimeError(f"the log never said {text!r}:\n{self.log}")

    def reload(self) -> None:
        """Has the process read rules and configuration anew; returns once they are in force."""
        times = self.log.count(RELOADED)
        self.send(signal.SIGHUP)
        self.wait_for_log(RELOADED, times + 1)

    @property
    def alerts(self) -> list[Alert]:
        """All alerts so far, oldest first."""
        return [Alert.parse(line) for line in self._lines if line.startswith("{")]

    def wait_for(self, wanted: Callable[[Alert], bool], seconds: float = WAIT_SECONDS) -> Alert:
        """The first alert since the start that is wanted. RuntimeError when none comes in time."""
        at = 0

        def found() -> int | None:
            nonlocal at
            for index in range(at, len(self._lines)):
                if wanted(Alert.parse(self._lines[index])):
                    return index
            at = len(self._lines)
            return None

        index = self._wait(found, seconds)
        if index is None:
            raise RuntimeError(f"the alert never came:\n{self.log}")
        return Alert.parse(self._lines[index])

    @contextmanager
    def watch(self) -> Iterator[Seen]:
        """Collects the alerts of everything that happens in the block; they are there once the block has ended."""
        first = len(self._lines)
        seen = Seen()
        yield seen
        last = self._mark(WAIT_SECONDS)
        if last is None:
            raise RuntimeError(f"the marker's alert did not come within {WAIT_SECONDS} seconds:\n{self.log}")
        seen.fill(line for line in self._lines[first:last] if not self._is_marker(line))

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ends the process by a signal and returns its exit code."""
        if self._process.poll() is None:
            self.send(number)
        try:
            code = self._process.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        for reader in self._readers:
            reader.join(WAIT_SECONDS)
        for stream in self._streams:
            stream.close()
        return code

    def stop_cleanly(self, number: signal.Signals = signal.SIGINT) -> Statistics:
        """Ends the process; AssertionError unless it went in order: exit code 0, nothing lost, statistics that agree
        with the JSON alerts printed, and nothing else on standard output."""
        code = self.stop(number)
        assert code == 0, f"exit code {code}:\n{self.log}"
        statistics = Statistics.parse(self._lines)
        statistics.agree_with([Alert.parse(line) for line in self._lines[: statistics.first_line]])
        return statistics

    def _mark(self, seconds: float) -> int | None:
        """Makes a marker and waits for its alert; its index among all lines, or None when the time is up."""
        marker = self._markers / f"{next(self._numbers)}-marker"
        start = len(self._lines)
        marker.touch()

        def found() -> int | None:
            nonlocal start
            for index in range(start, len(self._lines)):
                if str(marker) in self._lines[index]:
                    return index
            start = len(self._lines)
            return None

        return self._wait(found, seconds)

    def _wait(self, question: Callable[[], int | None], seconds: float) -> int | None:
        """Asks whenever a line came, until there is an answer or the time is up. RuntimeError when the process ends."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while (answer := question()) is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                if self._process.poll() is not None:
                    raise RuntimeError(f"the sensor ended with exit code {self._process.returncode}:\n{self.log}")
                self._changed.wait(min(left, 0.5))
        return answer

    def _is_marker(self, line: str) -> bool:
        return str(self._markers) in line

    def _read(self, stream: IO[str], lines: list[str]) -> None:
        for line in stream:
            with self._changed:
                lines.append(line)
                self._changed.notify_all()
