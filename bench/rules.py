"""The reference rules that figures are taken with."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("YARAK_SHARED", REPOSITORY.parent / "shared"))
_FOLDER = SHARED / "data" / "rules"

STABLE = (_FOLDER / "falco_rules.yaml",)
"""The 25 stable upstream rules."""

ALL = (*STABLE, _FOLDER / "falco-incubating_rules.yaml", _FOLDER / "falco-sandbox_rules.yaml")
"""All 93 upstream rules."""


def missing() -> str | None:
    """Why there is nothing to measure with, else None."""
    absent = [str(path) for path in ALL if not path.exists()]
    return f"reference rules are missing: {', '.join(absent)} (set YARAK_SHARED)" if absent else None
