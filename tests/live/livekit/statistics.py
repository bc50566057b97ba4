"""The statistics that a run prints on standard output at its end: exactly the lines of the reference, outputs.md §5."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .alerts import Alert

TITLES = ("Rule counts by severity:", "Triggered rules by rule name:")
COUNT = re.compile(r"   (.+): ([1-9]\d*)")
SHORT = {"INFORMATIONAL": "INFO"}


@dataclass(frozen=True)
class Statistics:
    """`first_line` is where they begin on standard output; every line from there on belongs to them."""

    first_line: int
    total: int
    by_priority: dict[str, int]
    by_rule: dict[str, int]

    @classmethod
    def parse(cls, lines: Sequence[str]) -> Statistics:
        """The block at the end of the output. ValueError when it is missing or holds anything else."""
        texts = [line.removesuffix("\n") for line in lines]
        starts = [number for number, text in enumerate(texts) if re.fullmatch(r"Events detected: \d+", text)]
        if len(starts) != 1:
            raise ValueError(f"{len(starts)} statistics in the output")
        rest = texts[starts[0] + 1 :]
        titles = [rest.index(title) for title in TITLES]
        if titles[0] != 0:
            raise ValueError(f"statistics: {rest}")
        by_priority, by_rule = (_counts(part) for part in (rest[1 : titles[1]], rest[titles[1] + 1 :]))
        return cls(starts[0], int(texts[starts[0]].split()[-1]), by_priority, by_rule)

    def agree_with(self, alerts: Sequence[Alert]) -> None:
        """AssertionError unless these are the figures of these alerts. Messages of the program itself do not count."""
        counted = [alert for alert in alerts if alert.source != "internal"]
        priorities = Counter(SHORT.get(alert.priority.upper(), alert.priority.upper()) for alert in counted)
        assert self.total == len(counted)
        assert self.by_priority == priorities
        assert self.by_rule == Counter(alert.rule for alert in counted)


def _counts(lines: Sequence[str]) -> dict[str, int]:
    matches = [COUNT.fullmatch(line) for line in lines]
    if None in matches:
        raise ValueError(f"statistics: {lines}")
    return {match[1]: int(match[2]) for match in matches if match is not None}
