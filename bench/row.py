"""One line of the table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec


@dataclass
class Row:
    """`value` in `unit` is the median of `samples`; `target` is the most it may be, None where there is none."""

    group: str
    name: str
    value: float
    unit: str
    target: float | None = None
    samples: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def low(self) -> float:
        return min(self.samples, default=self.value)

    @property
    def high(self) -> float:
        return max(self.samples, default=self.value)

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        return None if self.target is None else self.value <= self.target

    def as_dict(self) -> dict[str, Any]:
        """For the JSON file."""
        return {**asdict(self), "low": self.low, "high": self.high, "met": self.met}


def of(
    group: str, name: str, samples: Sequence[float], unit: str, *, target: float | None = None, note: str = ""
) -> Row:
    """The row of some repetitions: their median, with their spread."""
    return Row(group, name, statistics.median(samples), unit, target, list(samples), note)


def encode(rows: Sequence[Row], about: dict[str, Any]) -> bytes:
    """All rows and what they were measured on, as JSON."""
    return msgspec.json.format(msgspec.json.encode({"about": about, "rows": [row.as_dict() for row in rows]}))
