"""The default rules file as data."""

from __future__ import annotations

from typing import Any

import yaml
from livekit.paths import DEFAULT_RULES

ITEMS: list[dict[str, Any]] = yaml.safe_load(DEFAULT_RULES.read_text())
RULES = [item for item in ITEMS if "rule" in item]
