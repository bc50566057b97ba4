"""`stdout_output`: one line per message on standard output."""

from __future__ import annotations

from collections.abc import Sequence

from yarak.outputs.descriptor import write_all
from yarak.outputs.message import Message


class Stdout:
    """Writes to the descriptor itself: nothing stays behind in a buffer."""

    def __init__(self, fd: int = 1) -> None:
        self._fd = fd

    def write(self, batch: Sequence[Message]) -> None:
        write_all(self._fd, batch)

    def reopen(self) -> None:
        """Standard output has no name to open anew."""

    def close(self) -> None:
        """Standard output belongs to the process."""
