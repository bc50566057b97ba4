"""Yarak's own messages: one line each on stderr and to syslog, below a level (config.md, Logging).

Alerts do not pass here; they are the outputs' business.
"""

from __future__ import annotations

import sys
import syslog
import threading
import time
from typing import Final

LEVELS: Final = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
EMERGENCY, ALERT, CRITICAL, ERROR, WARNING, NOTICE, INFO, DEBUG = range(8)


def stamp(seconds: float, iso_8601: bool) -> str:
    """Local `Mon Nov 23 21:12:46 2026`, or UTC `2026-11-23T21:12:46+0000`."""
    if iso_8601:
        return time.strftime("%Y-%m-%dT%H:%M:%S+0000", time.gmtime(seconds))
    return time.strftime("%a %b %d %H:%M:%S %Y", time.localtime(seconds))


class Log:
    """Where messages go. Starts with stderr at `info`, as before any configuration is read."""

    def __init__(self) -> None:
        self.level = INFO
        self.to_stderr = True
        self.to_syslog = False
        self.iso_8601 = False
        self._lock = threading.Lock()

    def configure(self, *, level: str, to_stderr: bool, to_syslog: bool, iso_8601: bool) -> None:
        """Take the settings of `log_level`, `log_stderr`, `log_syslog`, `time_format_iso_8601`."""
        self.level = LEVELS.index(level)
        self.to_stderr = to_stderr
        self.to_syslog = to_syslog
        self.iso_8601 = iso_8601

    def write(self, level: int, text: str) -> None:
        """Log `text` at `level` (0 to 7, syslog's numbers); several lines stay one message."""
        if level > self.level:
            return
        if self.to_stderr:
            with self._lock:
                write_stderr(f"{stamp(time.time(), self.iso_8601)}: {text}\n")
        if self.to_syslog:
            syslog.syslog(level, text)

    def critical(self, text: str) -> None:
        self.write(CRITICAL, text)

    def error(self, text: str) -> None:
        self.write(ERROR, text)

    def warning(self, text: str) -> None:
        self.write(WARNING, text)

    def notice(self, text: str) -> None:
        self.write(NOTICE, text)

    def info(self, text: str) -> None:
        self.write(INFO, text)

    def debug(self, text: str) -> None:
        self.write(DEBUG, text)


def write_stderr(text: str) -> None:
    """Write `text` and flush; a closed stderr is no reason to stop watching."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        pass
