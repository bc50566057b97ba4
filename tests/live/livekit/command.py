"""Runs of `yarak` that end by themselves."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from .paths import REPOSITORY, yarak_command
from .patience import PATIENCE

SECONDS = 60 * PATIENCE


def run(*arguments: str | Path, under: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Runs `yarak` with arguments to its end; `under` is a command that starts it, for example setpriv."""
    return subprocess.run(
        [*under, *yarak_command(), *map(str, arguments)],
        check=False,
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
