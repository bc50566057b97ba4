"""How much longer than usual the tests wait: an emulated machine is slow (YARAK_LIVE_PATIENCE, a factor)."""

from __future__ import annotations

import os

PATIENCE = float(os.environ.get("YARAK_LIVE_PATIENCE", "1"))
