"""Text that is no YAML: the error of a load, and what somebody probably meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import msgspec
import yaml

from .diagnostics import Diagnostic
from .position import Context, Location, Place, Position
from .source import SourceFile

_WORDS: Final = {"mapping values are not allowed in this context": "illegal map value"}
"""Problems that rules' authors know under other words."""


def diagnostic(file: SourceFile, error: yaml.YAMLError) -> Diagnostic:
    """The error, where the parser stopped; for people, where they will look."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    line, column, offset = (mark.line, mark.column, mark.index) if mark else (0, 0, 0)
    context = Context((Location("rules content", "", Position(file.name, line, column, offset)),))
    message = f"YAML error at line {line + 1}, column {column + 1}: {_WORDS.get(problem, problem)}"
    begun = getattr(error, "context_mark", None)
    place, hint = _advice(file, problem, offset, begun.index if begun else offset)
    return Diagnostic("LOAD_ERR_YAML_PARSE", message, context, place, hint=hint)


class _Slip(msgspec.Struct, frozen=True):
    """A problem in the parser's words, and what it usually comes from.

    ``pattern`` is what stands where the parser stopped, or (``begun``) where what it was reading begins; all of it is
    shown. The hint may be made from the text of the line before the place.
    """

    problem: str
    pattern: re.Pattern[str]
    hint: str | Callable[[str], str]
    begun: bool = False


def _advice(file: SourceFile, problem: str, at: int, begun: int) -> tuple[Place, str]:
    for slip in _SLIPS:
        start = begun if slip.begun else at
        match = slip.pattern.match(file.text, start)
        is_open = "\n" in file.text[begun:at] or slip.problem not in _UNCLOSED
        if slip.problem in problem and match and is_open:
            before = file.text[file.text.rfind("\n", 0, start) + 1 : start]
            hint = slip.hint(before) if callable(slip.hint) else slip.hint.format(match.group())
            return file.place(start, max(1, len(match.group()))), hint
    return file.place(at), ""


def _colon_hint(before: str) -> str:
    if re.match(r"\s*(?:- +)?[\w-]+: ", before):
        return "a value with ': ' in it stands in quotes"
    return "this line is indented otherwise than the keys above it"


def _key_hint(before: str) -> str:
    if re.match(r"\s*(?:- +)?[\w-]+: *[\"']", before):
        return 'the value ends at this quote: double it inside \'…\', write \\" inside "…", or use a block (>)'
    return "this line is indented otherwise than the keys above it"


_UNCLOSED: Final = frozenset(("did not find expected ',' or ']'", "did not find expected ',' or '}'"))
"""Problems that mean something else where they are on the line on which the value begins."""

_SLIPS: Final = tuple(
    _Slip(problem, re.compile(pattern), hint, begun)
    for problem, pattern, hint, begun in (
        ("tab character", r"\t+", "YAML is indented by blanks, not by tabs", False),
        ("cannot start any token", r"\t+", "YAML is indented by blanks, not by tabs", False),
        ("cannot start any token", r"[%@`]", "a value that begins with '{}' stands in quotes", False),
        ("alphabetic or numeric character", r"[*&]", "a value that begins with '{}' stands in quotes", True),
        ("undefined alias", r"\*", "a value that begins with '{}' stands in quotes", False),
        ("mapping values are not allowed", r":", _colon_hint, False),
        ("could not find expected ':'", r"[\w-]+:\S+", "a blank is missing behind ':'", True),
        ("could not find expected ':'", r".*", "a value of several lines is indented deeper than its key", True),
        ("did not find expected key", r"\S*", _key_hint, False),
        ("expected '-' indicator", r"\S*", "this line is indented otherwise than the lines above it", False),
        ("unexpected end of stream", r"[\"']", "this quote is never closed", True),
        ("did not find expected ',' or ']'", r"\[", "this '{}' is never closed", True),
        ("did not find expected ',' or '}'", r"\{", "this '{}' is never closed", True),
        ("did not find expected ',' or", r"\S", "a comma is missing before this, or quotes around the value", False),
        ("expected node content", r"\S?", "a '[' or '{{' above is never closed, or a value is missing here", False),
        ("unknown escape", r".", "in double quotes a backslash is written twice; in single quotes it is itself", False),
    )
)
"""In the order in which they are tried."""
