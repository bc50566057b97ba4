"""Something wrong inside a condition or an output, before it is known which rule it will be reported for."""

from __future__ import annotations

from dataclasses import dataclass

from .expand import Expanded


@dataclass(frozen=True, slots=True)
class Problem:
    """``start`` and ``end`` are offsets into ``source.value``. ``unknown``: can be skipped."""

    message: str
    source: Expanded
    start: int
    end: int
    expected: str = ""
    hint: str = ""
    unknown: bool = False


class ConditionError(Exception):
    """A condition that cannot be used; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem
