"""Problems of conditions and outputs as diagnostics: the spec's chain of locations, and the exact place for people."""

from __future__ import annotations

from .diagnostics import Diagnostic
from .expand import Expanded
from .position import Context, Position, Quote
from .problem import Problem

_SHOWN = 17
_WHOLE = 20


def condition_context(parent: Context, source: Expanded, start: int) -> Context:
    """The context of a point in a condition: the parser's line and column, from 1, added to the parent's mark."""
    text = source.value
    line = text.count("\n", 0, start)
    column = start - (text.rfind("\n", 0, start) + 1)
    base = parent.position
    position = Position(_label(text), base.line + line + 1, base.column + column + 1, base.offset + start)
    inner = parent.inside("condition expression", "", position)
    return Context(inner.locations, Quote(text, line, column))


def _label(text: str) -> str:
    shown = text if len(text) <= _WHOLE else f"{text[:_SHOWN]}..."
    return f'"{shown}"'.replace("\n", " ").replace("\r", " ")


def in_condition(code: str, problem: Problem, parent: Context) -> Diagnostic:
    """The diagnostic of a problem in the condition that ``parent`` holds."""
    at = problem.start if problem.anchor is None else problem.anchor
    context = condition_context(parent, problem.source, at)
    place = problem.source.locate(problem.start, problem.end)
    return Diagnostic(code, problem.message, context, place, problem.expected, problem.hint)


def in_output(code: str, problem: Problem, parent: Context) -> Diagnostic:
    """The diagnostic of a problem in an output."""
    place = problem.source.locate(problem.start, problem.end)
    return Diagnostic(code, problem.message, parent, place, problem.expected, problem.hint)
