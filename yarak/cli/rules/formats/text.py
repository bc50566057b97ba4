"""For people: place, what is wrong, the source line with a caret under the guilty stretch, and what may help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from yarak.rules.excerpt import Excerpt
from yarak.rules.lint.finding import Finding

_RED: Final = "\x1b[1;31m"
_YELLOW: Final = "\x1b[1;33m"
_BOLD: Final = "\x1b[1m"
_BLUE: Final = "\x1b[34m"
_PLAIN: Final = "\x1b[0m"


def render(findings: Sequence[Finding], files: Mapping[str, str], color: bool) -> str:
    """All findings, an empty line between two, and how many there are."""
    blocks = [_block(found, files, color) for found in findings]
    return "\n\n".join([*blocks, _summary(findings)])


def _summary(findings: Sequence[Finding]) -> str:
    errors = sum(found.is_error for found in findings)
    counts = ((errors, "error"), (len(findings) - errors, "warning"))
    parts = [f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count]
    return ", ".join(parts) or "No problems found"


def _block(found: Finding, files: Mapping[str, str], color: bool) -> str:
    def paint(text: str, tone: str) -> str:
        return f"{tone}{text}{_PLAIN}" if color else text

    place = found.place
    tone = _RED if found.is_error else _YELLOW
    kind = "error" if found.is_error else "warning"
    where = paint(f"{place.file}:{place.line + 1}:{place.column + 1}:", _BOLD)
    lines = [f"{where} {paint(f'{kind}:', tone)} {found.message} [{found.code}]"]
    excerpt = Excerpt.of(place, files.get(place.file, ""))
    if excerpt is not None:
        lines += [f"{place.line + 1:>5} | {excerpt.line}", f"      | {excerpt.pad}{paint(excerpt.carets, tone)}"]
    notes = [f"expected {found.expected}" if found.expected else "", f"hint: {found.hint}" if found.hint else ""]
    lines += [f"      = {paint(note, _BLUE)}" for note in (*notes, found.trail) if note]
    return "\n".join(lines)
