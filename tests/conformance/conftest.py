from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "rules")]

from language_fixtures import compile_condition, compile_texts, listing  # noqa: E402

__all__ = ["compile_condition", "compile_texts", "listing"]
