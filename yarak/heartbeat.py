"""The sensor's sign of life, watched as `syscall_event_timeouts` says (config.md, Drops and timeouts).

The kernel counts every system call, whatever the filter drops of them, and the watcher itself makes several per
second: while the sensor is attached, that count grows. An idle machine or a strict filter is no silence.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from yarak.config.settings import EventTimeouts
from yarak.outputs import internal
from yarak.outputs.internal import Internal

READ_SECONDS = 0.03
"""How long a read without an event takes, of which `max_consecutives` in a row are silence."""


class Heartbeat:
    """Watches the count of system calls; `tell` puts an internal message into the alert stream."""

    def __init__(self, settings: EventTimeouts, tell: Callable[[Internal], None], now: float) -> None:
        self._consecutive = settings.max_consecutives
        self._tell = tell
        self._count = 0
        self._since = now
        self._last_ns: int | None = None

    def look(self, count: int, now: float) -> None:
        """Take in the number of system calls counted up to `now` (seconds of a monotonic clock)."""
        if count != self._count:
            self._count, self._since, self._last_ns = count, now, time.time_ns()
        elif now - self._since > self._consecutive * READ_SECONDS:
            self._since = now
            self._tell(internal.timeouts(self._consecutive, self._last_ns))
