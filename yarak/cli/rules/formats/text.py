"""For people: place, what is wrong, the source line with a caret under the guilty stretch, and what may help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from yarak.rules.lint.finding import Finding
from yarak.rules.source import lines_of

_RED: Final = "\x1b[1;31m"
_YELLOW: Final = "\x1b[1;33m"
_BOLD: Final = "\x1b[1m"
_BLUE: Final = "\x1b[34m"
_PLAIN: Final = "\x1b[0m"
_WIDTH: Final = 160


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
    quoted = _quote(found, files.get(place.file, ""))
    if quoted:
        source, pad, carets = quoted
        lines += [f"{place.line + 1:>5} | {source}", f"      | {pad}{paint(carets, tone)}"]
    notes = [f"expected {found.expected}" if found.expected else "", f"hint: {found.hint}" if found.hint else ""]
    lines += [f"      = {paint(note, _BLUE)}" for note in (*notes, found.trail) if note]
    return "\n".join(lines)


def _quote(found: Finding, text: str) -> tuple[str, str, str] | None:
    """The source line cut to a width that can be read, the blanks below it, and the carets."""
    lines = lines_of(text)
    place = found.place
    if not text or place.line >= len(lines):
        return None
    line = lines[place.line].replace("\t", " ").rstrip("\r")
    start = max(0, place.column - _WIDTH // 2) if len(line) > _WIDTH else 0
    shown = line[start : start + _WIDTH]
    column = place.column - start
    carets = "^" * max(1, min(place.length, len(shown) - column))
    return shown, " " * column, carets
