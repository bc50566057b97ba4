"""Signals become flags that the main loop looks at (cli.md §9)."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any


class Signals:
    """SIGINT and SIGTERM set `stop`, SIGHUP `reload`, SIGUSR1 `reopen`."""

    def __init__(self) -> None:
        self.stop = False
        self.reload = False
        self.reopen = False
        self._flags = {
            signal.SIGINT: "stop",
            signal.SIGTERM: "stop",
            signal.SIGHUP: "reload",
            signal.SIGUSR1: "reopen",
        }
        self._before: dict[int, Any] = {}

    def catch(self) -> None:
        """Install the handlers (main thread only)."""
        for number in self._flags:
            self._before[number] = signal.signal(number, self._handle)

    def restore(self) -> None:
        """Put back what was there before `catch`."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def taken(self, flag: str) -> bool:
        """Whether `flag` is set; resets it."""
        value: bool = getattr(self, flag)
        if value:
            setattr(self, flag, False)
        return value

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        setattr(self, self._flags[signal.Signals(number)], True)
