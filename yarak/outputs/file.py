"""`file_output`: lines appended to a file."""

from __future__ import annotations

import os
from collections.abc import Sequence

from yarak.errors import OutputError
from yarak.outputs.descriptor import write_all
from yarak.outputs.message import Message

CREATE_MODE = 0o600
"""Alerts tell what programs and people did: not for everybody's eyes."""


class File:
    """Opens the file for each batch, or with `keep_alive` once."""

    def __init__(self, path: str, keep_alive: bool) -> None:
        """Raises: OutputError when the path is empty or cannot be opened."""
        if not path:
            raise OutputError("file_output is enabled but file_output.filename is empty")
        self._path = path
        self._keep_alive = keep_alive
        self._fd: int | None = None
        try:
            self._open()
        except OSError as error:
            raise OutputError(f"file_output: cannot open {path}: {error.strerror}") from None
        self._let_go_unless_kept()

    def _open(self) -> int:
        if self._fd is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._fd = os.open(self._path, flags, CREATE_MODE)
        return self._fd

    def _let_go_unless_kept(self) -> None:
        if not self._keep_alive:
            self.close()

    def write(self, batch: Sequence[Message]) -> None:
        try:
            write_all(self._open(), batch)
        finally:
            self._let_go_unless_kept()

    def reopen(self) -> None:
        self.close()

    def close(self) -> None:
        if self._fd is not None:
            fd, self._fd = self._fd, None
            os.close(fd)
