"""Annotations of GitHub's workflows: one command line per finding (docs: workflow commands for GitHub Actions)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yarak.rules.lint.finding import Finding


def render(findings: Sequence[Finding], _files: Mapping[str, str], _color: bool) -> str:
    """One ``::error`` or ``::warning`` line each."""
    return "\n".join(map(_line, findings))


def _line(found: Finding) -> str:
    place = found.place
    kind = "error" if found.is_error else "warning"
    where = {
        "file": place.file,
        "line": place.line + 1,
        "col": place.column + 1,
        "endColumn": place.column + 1 + place.length,
        "title": found.code,
    }
    properties = ",".join(f"{key}={_property(str(value))}" for key, value in where.items())
    notes = "; ".join(note for note in (found.message, found.hint, found.trail) if note)
    return f"::{kind} {properties}::{_data(notes)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
