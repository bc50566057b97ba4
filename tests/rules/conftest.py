from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from language_fixtures import compile_condition, compile_texts, listing

__all__ = ["compile_condition", "compile_texts", "listing"]
