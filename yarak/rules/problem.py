"""Something wrong inside a condition or an output, before it is known which rule it will be reported for."""

from __future__ import annotations

from typing import Final

import msgspec

from .expand import Expanded

_UNKNOWN: Final = ("nonexistent field", "invalid formatting token", "unknown event type", "unknown filter:")


class Problem(msgspec.Struct, frozen=True):
    """``start`` and ``end`` are offsets into ``source.value``.

    ``anchor`` is where the spec's forms say it is, if that is not ``start``: the start of the whole check.
    """

    message: str
    source: Expanded
    start: int
    end: int
    expected: str = ""
    hint: str = ""
    anchor: int | None = None

    @property
    def unknown(self) -> bool:
        """Whether ``skip-if-unknown-filter`` turns the problem into a warning (spec: section 6)."""
        return any(words in self.message for words in _UNKNOWN)


class ConditionError(Exception):
    """A condition that cannot be used; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem
