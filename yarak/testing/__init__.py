"""Tests of rules: events that somebody wrote down, and the alerts that rules make of them. No root, no kernel.

    from yarak.testing import RuleSet

    def test_shadow() -> None:
        outcome = RuleSet("rules/").event("openat", {"name": "/etc/shadow"}, process={"name": "cat"})
        outcome.expect("Password store read by an unknown program")

Tests in YAML (``*.test.yaml``) are run by pytest, to which `yarak.testing.plugin` is known, and by `yarak rules test`.
Names are imported on first use: the plugin is loaded by every pytest of an environment that has Yarak.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .explanation import Explanation
    from .ruleset import Alert, Judged, Outcome, RuleSet

_HOMES = {
    "Alert": "ruleset",
    "Explanation": "explanation",
    "Judged": "ruleset",
    "Outcome": "ruleset",
    "RuleSet": "ruleset",
}

__all__ = ["Alert", "Explanation", "Judged", "Outcome", "RuleSet"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
