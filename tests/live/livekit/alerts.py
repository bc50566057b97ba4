"""Alerts as the sensor printed them, and the questions that tests ask of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

GAP = "Yarak internal: gap"

Expected = str | int | bool | None | re.Pattern[str] | Callable[[Any], bool]


@dataclass(frozen=True)
class Alert:
    """One line of JSON output. `fields` is its output_fields object; messages of the program itself have no tags."""

    rule: str
    priority: str
    source: str
    output: str
    fields: dict[str, Any]
    tags: tuple[str, ...]

    @classmethod
    def parse(cls, line: str) -> Alert:
        """Raises ValueError or KeyError when the line is no alert."""
        data = json.loads(line)
        tags = () if data["source"] == "internal" else tuple(data["tags"])
        return cls(data["rule"], data["priority"], data["source"], data["output"], data["output_fields"], tags)

    @property
    def tells_loss(self) -> bool:
        """Whether it says that events were lost."""
        return self.rule == GAP and "n_events_lost" in self.fields

    def has(self, fields: Mapping[str, Expected]) -> bool:
        """Whether every named field is as expected; a pattern must match the whole text, a question must be true."""
        return all(_fits(self.fields.get(name), wanted) for name, wanted in fields.items())


class Seen:
    """The alerts raised between two points in time, complete once the block that collects them has ended."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def fill(self, lines: Iterable[str]) -> None:
        self.lines.extend(lines)

    @property
    def alerts(self) -> list[Alert]:
        """The lines as JSON alerts, oldest first. ValueError or KeyError where a line is none."""
        return [Alert.parse(line) for line in self.lines]

    def of(self, rule: str) -> list[Alert]:
        """The alerts of one rule, oldest first."""
        return [alert for alert in self.alerts if alert.rule == rule]

    def one(self, rule: str, priority: str, fields: Mapping[str, Expected]) -> Alert:
        """The first alert of the rule with this priority and these fields; AssertionError tells what came instead."""
        of_rule = self.of(rule)
        for alert in of_rule:
            if alert.priority == priority and alert.has(fields):
                return alert
        lines = [f"  {alert.priority}: {alert.fields}" for alert in of_rule]
        others = sorted({alert.rule for alert in self.alerts} - {rule})
        raise AssertionError(
            f"no '{priority}' alert of rule '{rule}' with {dict(fields)}\n"
            f"alerts of this rule: {len(of_rule)}\n" + "\n".join(lines) + f"\nother rules that fired: {others}"
        )

    def none(self, rule: str) -> None:
        """AssertionError when the rule fired."""
        of_rule = self.of(rule)
        assert not of_rule, f"rule '{rule}' should have stayed silent: {[alert.output for alert in of_rule]}"


def _fits(value: object, wanted: Expected) -> bool:
    if isinstance(wanted, re.Pattern):
        return isinstance(value, str) and wanted.fullmatch(value) is not None
    if callable(wanted):
        return value is not None and wanted(value)
    return value == wanted
