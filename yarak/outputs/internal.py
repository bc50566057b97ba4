"""Internal messages: what Yarak has to say in the alert stream itself (outputs.md §3)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import msgspec

from yarak import priorities
from yarak.outputs.message import Message

EVENT_DROP: Final = "Falco internal: syscall event drop"
RESTART_FAILURE: Final = "Falco internal: hot restart failure"
TIMEOUTS: Final = "Falco internal: timeouts notification"
GAP: Final = "Yarak internal: gap"
CAPTURE_SIZE: Final = "Falco internal: capture size limit reached"
QUEUE_DROP: Final = "Yarak internal: output queue drop"

Value: TypeAlias = "str | int"


@dataclass(frozen=True)
class Internal:
    """A message before it has a form: rule name, priority 0 to 7, text, fields, time in ns since the epoch."""

    rule: str
    priority: int
    text: str
    fields: dict[str, Value] = field(default_factory=dict)
    time_ns: int = field(default_factory=time.time_ns)

    def message(self, hostname: str, as_json: bool) -> Message:
        """The line, in the form that alerts have."""
        return Message(self.priority, self._json(hostname) if as_json else self._text())

    def _text(self) -> str:
        fields = " ".join(f"{name}={_dump(value)}" for name, value in sorted(self.fields.items()))
        return f"{_clock(self.time_ns)}: {priorities.NAMES[self.priority]} {self.text} ({fields})"

    def _json(self, hostname: str) -> str:
        seconds, nanoseconds = divmod(self.time_ns, 1_000_000_000)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
        return _dump(
            {
                "hostname": hostname,
                "output": self.text,
                "output_fields": dict(sorted(self.fields.items())),
                "priority": priorities.NAMES[self.priority],
                "rule": self.rule,
                "source": "internal",
                "time": f"{stamp}.{nanoseconds:09}Z",
            }
        )


def _clock(time_ns: int) -> str:
    seconds, nanoseconds = divmod(time_ns, 1_000_000_000)
    return f"{time.strftime('%H:%M:%S', time.localtime(seconds))}.{nanoseconds:09}"


def _dump(value: object) -> str:
    return msgspec.json.encode(value).decode()


def restart_failure(error: str) -> Internal:
    """A reload that changed nothing, because `error`."""
    return Internal(RESTART_FAILURE, 2, f"{RESTART_FAILURE}: {error}")


def event_drop(lost: int, fields: Mapping[str, Value]) -> Internal:
    """`lost` system calls did not reach the rules in the last second; `fields` are counters as text."""
    return Internal(EVENT_DROP, 7, f"{EVENT_DROP}. {lost} system calls dropped in last second.", dict(fields))


def timeouts(consecutive: int, last_event_ns: int | None) -> Internal:
    """The kernel told of no system call for so many reads in a row; the last one was at `last_event_ns`."""
    last = "none" if last_event_ns is None else _clock(last_event_ns)
    return Internal(
        TIMEOUTS, 7, f"{TIMEOUTS}. {consecutive} consecutive timeouts without event.", {"last_event_time": last}
    )


def gap(what: str, severe: bool, fields: Mapping[str, Value]) -> Internal:
    """Something was lost: `what` says it in words. Severe are lost events and alerts, the rest are lost details."""
    return Internal(GAP, 3 if severe else 5, f"{GAP}. {what}", dict(fields))


def capture_size(limit_mb: int, written: int) -> Internal:
    """A capture file was closed because it had grown to `limit_mb` MiB; `written` are its bytes."""
    text = f"{CAPTURE_SIZE}. Configured limit: {limit_mb} MB."
    return Internal(CAPTURE_SIZE, 6, text, {"max_file_size_mb": limit_mb, "written_bytes": written})


def queue_drop(output: str, lost: int, since_ns: int, until_ns: int) -> Internal:
    """`lost` messages for `output` were thrown away between the two times, because its queue was full."""
    text = f"{QUEUE_DROP}. {lost} messages for output '{output}' lost."
    return Internal(QUEUE_DROP, 3, text, {"output": output, "n_lost": lost, "since_ns": since_ns, "until_ns": until_ns})
