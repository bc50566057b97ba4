"""What a sink is: somewhere that lines go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from yarak.outputs.message import Message


class Sink(Protocol):
    """Used by one thread alone, which may be blocked in `write` for as long as the other side pleases."""

    def write(self, batch: Sequence[Message]) -> None:
        """Hand over every message of `batch`, in order.

        Raises: OSError when that failed; the batch counts as lost.
        """

    def reopen(self) -> None:
        """Close and open anew what has a name (after log rotation)."""

    def close(self) -> None:
        """Let go of what is open."""
