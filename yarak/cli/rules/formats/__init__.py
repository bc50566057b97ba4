"""Findings in the forms that ``yarak rules check --format`` names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from yarak.rules.lint.finding import Finding

from . import github, json, sarif, text

Format = Callable[[Sequence[Finding], Mapping[str, str], bool], str]
"""``(findings, texts of files by name, color)`` to what is printed, without a last line feed."""

FORMATS: Final[dict[str, Format]] = {
    "text": text.render,
    "json": json.render,
    "github": github.render,
    "sarif": sarif.render,
}
