"""What is counted over a run and printed at its end (outputs.md §5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from yarak.priorities import SHORT_NAMES


class Statistics:
    """Alerts by rule and priority."""

    def __init__(self) -> None:
        self.by_rule: Counter[str] = Counter()
        self.by_priority: Counter[int] = Counter()

    def count(self, rule: str, priority: int) -> None:
        """Count one alert of `priority` 0 to 7."""
        self.by_rule[rule] += 1
        self.by_priority[priority] += 1

    def text(self) -> str:
        """The block for stdout, with its last line feed."""
        lines = [f"Events detected: {self.by_rule.total()}", "Rule counts by severity:"]
        lines += [f"   {SHORT_NAMES[number]}: {count}" for number, count in sorted(self.by_priority.items())]
        lines.append("Triggered rules by rule name:")
        lines += [f"   {rule}: {count}" for rule, count in sorted(self.by_rule.items())]
        return "\n".join(lines) + "\n"


def events_line(counters: Mapping[str, int]) -> str:
    """What became of the events: seen by the sensor, dropped in the kernel because no rule can match, lost."""
    return (
        f"Events seen: {counters.get('n_evts', 0)}, dropped in the kernel by filter: {counters.get('n_filtered', 0)}, "
        f"lost: {counters.get('n_drops', 0)}\n"
    )
