"""Lost events: noticed once per second and answered as `syscall_event_drops` says (config.md, Drops)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from yarak.config.settings import EventDrops
from yarak.errors import ConfigError, CoreDiedError
from yarak.log import Log
from yarak.outputs import internal
from yarak.outputs.internal import Internal

INTERVAL = 1.0
"""Seconds between looks."""

FIELDS = (
    "n_drops",
    *(f"n_drops_buffer_{kind}" for kind in (
        "clone_fork_exit", "close_exit", "connect_exit", "dir_file_exit", "execve_exit", "open_exit",
        "other_interest_exit", "proc_exit", "total",
    )),
    "n_drops_bug", "n_drops_page_faults", "n_drops_scratch_map", "n_evts",
)  # fmt: skip
"""Counters whose growth the alert tells."""


class TokenBucket:
    """`rate` tokens per second, at most `burst` saved up."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._last = burst, now

    def take(self, now: float) -> bool:
        """Use up one token, if there is one at `now` (seconds of a monotonic clock)."""
        self._tokens = min(self._burst, self._tokens + (now - self._last) * self._rate)
        self._last = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def _check(actions: tuple[str, ...]) -> None:
    if "ignore" in actions and {"log", "alert"} & set(actions[actions.index("ignore") :]):
        raise ConfigError("syscall_event_drops.actions: 'log' and 'alert' cannot stand after 'ignore'")


class DropMonitor:
    """Watches the counters; `tell` puts an internal message into the alert stream.

    Raises: ConfigError when actions contradict each other.
    """

    def __init__(self, settings: EventDrops, log: Log, tell: Callable[[Internal], None], now: float) -> None:
        self._actions = tuple(settings.actions)
        _check(self._actions)
        self._simulated = int(settings.simulate_drops)
        self._threshold = 0.0 if settings.simulate_drops else settings.threshold
        self._bucket = TokenBucket(settings.rate, settings.max_burst, now)
        self._log, self._tell = log, tell
        self._before: dict[str, int] = {}
        self._next = now + INTERVAL
        self.detected = 0
        self.acted = 0

    def follow(self, earlier: DropMonitor) -> None:
        """Go on where the one before stopped looking: what it has told is not told again, and nothing goes untold."""
        self._before = earlier._before
        self.detected, self.acted = earlier.detected, earlier.acted

    def due(self, now: float) -> bool:
        """Whether a second has passed since the last look."""
        return now >= self._next

    def look(self, counters: Mapping[str, int], now: float) -> None:
        """Compare with the last look.

        Raises: CoreDiedError when the action is to exit.
        """
        self._next = now + INTERVAL
        delta = {name: counters.get(name, 0) - self._before.get(name, 0) for name in (*FIELDS, "n_sent")}
        self._before = dict(counters)
        delta["n_drops"] += self._simulated
        lost = delta["n_drops"]
        # Events that the kernel filter dropped were never candidates: they must not dilute the share of lost ones.
        candidates = delta["n_sent"] + lost
        if lost <= 0 or lost <= self._threshold * candidates:
            return
        self.detected += 1
        if set(self._actions) - {"ignore"} and self._bucket.take(now):
            self.acted += 1
            self._act(lost, {"ebpf_enabled": "1", **{name: str(delta[name]) for name in FIELDS}})

    def _act(self, lost: int, fields: dict[str, str]) -> None:
        message = internal.event_drop(lost, fields)
        if "log" in self._actions:
            self._log.debug(message.text)
        if "alert" in self._actions:
            self._tell(message)
        if "exit" in self._actions:
            self._log.critical(message.text)
            self._log.critical("Exiting.")
            raise CoreDiedError("Drop manager internal error")

    def text(self) -> str:
        """The block for stderr at the end (outputs.md §5)."""
        return (
            "Syscall event drop monitoring:\n"
            f"   - event drop detected: {self.detected} occurrences\n"
            f"   - num times actions taken: {self.acted}\n"
        )
