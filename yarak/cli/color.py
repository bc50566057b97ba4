"""Whether output is coloured: on terminals, unless the environment wants it otherwise (no-color.org, clicolors)."""

from __future__ import annotations

import os
from typing import TextIO


def is_wanted(stream: TextIO) -> bool:
    """Whether what goes to a stream is coloured."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
