"""For programs: a list of objects. Lines and columns count from 1; ``end_column`` is one behind the last character."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from yarak.rules.lint.finding import Finding


def render(findings: Sequence[Finding], _files: Mapping[str, str], _color: bool) -> str:
    """An indented JSON list."""
    return json.dumps([_entry(found) for found in findings], indent=2, ensure_ascii=False)


def _entry(found: Finding) -> dict[str, object]:
    place = found.place
    return {
        "code": found.code,
        "severity": "error" if found.is_error else "warning",
        "message": found.message,
        "file": place.file,
        "line": place.line + 1,
        "column": place.column + 1,
        "end_column": place.column + 1 + place.length,
        "expected": found.expected or None,
        "hint": found.hint or None,
        "context": found.trail or None,
    }
