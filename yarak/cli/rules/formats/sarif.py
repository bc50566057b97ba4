"""SARIF 2.1.0, the form that code scanning services read (OASIS: Static Analysis Results Interchange Format)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from yarak import __version__
from yarak.rules.codes import ERRORS, WARNINGS, description
from yarak.rules.lint.finding import Finding
from yarak.rules.lint.registry import BY_CODE

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def render(findings: Sequence[Finding], _files: Mapping[str, str], _color: bool) -> str:
    """One log with one run."""
    codes = sorted({found.code for found in findings})
    driver = {"name": "yarak", "version": __version__, "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(found, codes.index(found.code)) for found in findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(code: str) -> dict[str, Any]:
    lint = BY_CODE.get(code)
    rule: dict[str, Any] = {"id": code, "shortDescription": {"text": lint.summary if lint else _title(code)}}
    if lint is not None:
        rule |= {"name": lint.name, "fullDescription": {"text": " ".join(lint.why.split())}}
    return rule


def _title(code: str) -> str:
    return description(code) if code in ERRORS or code in WARNINGS else code


def _result(found: Finding, index: int) -> dict[str, Any]:
    place = found.place
    region = {
        "startLine": place.line + 1,
        "startColumn": place.column + 1,
        "endColumn": place.column + 1 + place.length,
    }
    notes = [found.message, found.hint, found.trail]
    location = {"physicalLocation": {"artifactLocation": {"uri": _uri(place.file)}, "region": region}}
    return {
        "ruleId": found.code,
        "ruleIndex": index,
        "level": "error" if found.is_error else "warning",
        "message": {"text": "; ".join(note for note in notes if note)},
        "locations": [location],
    }


def _uri(name: str) -> str:
    path = Path(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
