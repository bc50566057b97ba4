"""Sizes and times as people write them on a command line."""

from __future__ import annotations

import re

SIZES = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
TIMES = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(text: str) -> float:
    """`90`, `30s`, `5m`, `1h30m` → seconds. Raises: ValueError."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"'{text}' is no time: write 30s, 5m, 1h30m")
    return sum(float(number) * TIMES[unit] for number, unit in parts)


def size(text: str) -> int:
    """`4096`, `10MB`, `1.5GiB` → bytes, in steps of 1024. Raises: ValueError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?", text, re.IGNORECASE)
    if found is None:
        raise ValueError(f"'{text}' is no size: write 100MB, 1GB")
    return int(float(found[1]) * SIZES[found[2].lower()])
