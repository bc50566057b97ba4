"""The pid file (cli.md §1): own pid, no line feed; it stays after the end."""

from __future__ import annotations

import os

from yarak.errors import PidfileError


def write(path: str) -> None:
    """Raises: PidfileError."""
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
    except OSError:
        raise PidfileError(f"Could not write pid to pidfile {path}. Exiting.") from None
