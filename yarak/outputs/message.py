"""What outputs carry: a finished line and its priority."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One alert or internal message: `priority` 0 to 7, `line` complete without a line feed, `rule` of an alert."""

    priority: int
    line: str
    rule: str = ""
