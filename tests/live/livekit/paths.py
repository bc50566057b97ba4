"""Where things lie: the checkout, the command under test, the reference data."""

from __future__ import annotations

import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
DEFAULT_RULES = REPOSITORY / "rules" / "yarak_rules.yaml"


def yarak_command() -> list[str]:
    """The command as a user has it: installed beside this Python, in the checkout's environment, or as a module."""
    for candidate in (Path(sys.executable).parent / "yarak", REPOSITORY / ".venv" / "bin" / "yarak"):
        if candidate.exists():
            return [str(candidate)]
    return [sys.executable, "-m", "yarak"]


def shared() -> Path:
    """The folder with the reference data: $YARAK_SHARED, else ../shared beside the checkout. It need not exist."""
    return Path(os.environ.get("YARAK_SHARED", REPOSITORY.parent / "shared"))


def upstream_rules(name: str) -> Path:
    """A rules file of the reference data, for example falco_rules.yaml."""
    return shared() / "data" / "rules" / name
