"""Lines into a descriptor."""

from __future__ import annotations

import os
from collections.abc import Sequence

from yarak.outputs.message import Message


def write_all(fd: int, batch: Sequence[Message]) -> None:
    """Write every line with its line feed; lone surrogates come out as `?`.

    Raises: OSError.
    """
    left = memoryview("".join(f"{message.line}\n" for message in batch).encode("utf-8", "replace"))
    while left:
        left = left[os.write(fd, left) :]
