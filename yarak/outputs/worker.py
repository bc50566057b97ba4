"""A bounded queue with a thread behind it, one per sink: a slow sink holds up nothing but itself."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable

from yarak.log import Log
from yarak.outputs import internal
from yarak.outputs.internal import Internal
from yarak.outputs.message import Message
from yarak.outputs.sink import Sink

BATCH = 256
BUFFERED_SECONDS = 1.0
GAP_SECONDS = 1.0
"""Least time between two messages about losses, while others still get through."""


class Worker:
    """Feeds `sink`. `render` gives internal messages the form of alerts."""

    def __init__(
        self, name: str, sink: Sink, capacity: int, log: Log, render: Callable[[Internal], Message], buffered: bool
    ) -> None:
        self.name = name
        self.lost = 0
        """Messages that never reached the sink: queue full, write failed, or left over at the end."""
        self.broken = False
        """The other side is gone for good."""
        self._sink = sink
        self._capacity = capacity
        self._log = log
        self._render = render
        self._pause = BUFFERED_SECONDS if buffered else 0.0
        self._waiting: deque[Message] = deque()
        self._by_rule: Counter[str] = Counter()
        """How many of the waiting messages each rule has."""
        self._change = threading.Condition()
        self._closing = False
        self._reopen = False
        self._busy_since: float | None = None
        self._told_slow = False
        self._told_failed = False
        self._gap: tuple[int, int] | None = None
        """(messages refused, ns of the first) since the sink was last told of a loss."""
        self._gap_due = 0.0
        self._thread = threading.Thread(target=self._run, name=f"output-{name}", daemon=True)
        self._thread.start()

    def put(self, message: Message) -> None:
        """Queue `message`, or count it as lost when there is no room for it."""
        with self._change:
            if self._has_room(message):
                if time.monotonic() >= self._gap_due:
                    self._queue_gap()
                self._waiting.append(message)
                self._by_rule[message.rule] += 1
                self._change.notify()
                return
            self.lost += 1
            first = self._gap is None
            count, since = self._gap or (0, time.time_ns())
            self._gap = (count + 1, since)
        if first and not self.broken:
            self._log.error(f"Output '{self.name}': its queue of {self._capacity} messages is full, messages are lost")

    def _has_room(self, message: Message) -> bool:
        """A rule's alerts may take no more room than is left, so that however many come from one, others get through
        (Choudhury and Hahne's dynamic threshold, 1998)."""
        left = self._capacity - len(self._waiting)
        return not self.broken and left > 0 and (not message.rule or self._by_rule[message.rule] < left)

    def _take(self) -> Message:
        message = self._waiting.popleft()
        self._by_rule[message.rule] -= 1
        if not self._by_rule[message.rule]:
            del self._by_rule[message.rule]
        return message

    def wait_for_room(self, message: Message, timeout_seconds: float) -> None:
        """Wait until `message` has room, but no longer than this; for sources that can wait."""
        with self._change:
            self._change.wait_for(lambda: self.broken or self._has_room(message), timeout_seconds)

    def _queue_gap(self) -> None:
        """Tell of the loss at the place in the stream where it happened: behind what was queued before it."""
        if self._gap is not None:
            count, since = self._gap
            self._gap = None
            self._gap_due = time.monotonic() + GAP_SECONDS
            message = self._render(internal.queue_drop(self.name, count, since, time.time_ns()))
            self._waiting.append(message)
            self._by_rule[message.rule] += 1

    def reopen(self) -> None:
        """Have the sink open its file anew before the next message."""
        with self._change:
            self._reopen = True
            self._change.notify()

    def check(self, timeout_seconds: float) -> None:
        """Say once in the log when the sink has held one write for longer than `timeout_seconds`."""
        since = self._busy_since
        if since is None or time.monotonic() - since <= timeout_seconds:
            self._told_slow = False
        elif not self._told_slow:
            self._told_slow = True
            self._log.critical(f'"{self.name}" output timeout, {len(self._waiting)} messages wait for it')

    def close(self, timeout_seconds: float) -> None:
        """Write what waits, for at most `timeout_seconds` after the last progress; the rest counts as lost."""
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join(timeout_seconds)
        if self._thread.is_alive():
            with self._change:
                self.lost += len(self._waiting)
                left = len(self._waiting)
                self._waiting.clear()
                self._by_rule.clear()
            self._log.critical(f'"{self.name}" output timeout, {left} messages are thrown away')

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            self._busy_since = time.monotonic()
            try:
                self._deliver(batch)
            finally:
                self._busy_since = None
        self._sink.close()

    def _next(self) -> list[Message] | None:
        """What to write now (nothing: only the sink's file is due for reopening), or None at the end."""
        with self._change:
            while not (self._waiting or self._closing or self._reopen or self._gap):
                self._change.wait()
            if self._pause and not self._closing and not self._reopen:
                self._change.wait_for(lambda: self._closing or len(self._waiting) >= BATCH, self._pause)
            if not self._waiting:
                self._queue_gap()
            if self._closing and not self._waiting:
                return None
            batch = [self._take() for _ in range(min(BATCH, len(self._waiting)))]
            self._change.notify_all()  # who waits for room
            return batch

    def _deliver(self, batch: list[Message]) -> None:
        try:
            if self._reopen:
                self._reopen = False
                self._sink.reopen()
            if batch:
                self._sink.write(batch)
            self._told_failed = False
        except OSError as error:
            self.lost += len(batch)
            self.broken = isinstance(error, BrokenPipeError)
            if not self._told_failed:
                self._told_failed = True
                self._log.error(f"Output '{self.name}' failed, messages are lost: {error.strerror or error}")
