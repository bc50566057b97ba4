"""What is wrong with a rules file, and how a person is told.

``Diagnostic`` is the one form of every error and warning. ``render`` is the one renderer for people: file, line and
column counted from 1, the source line, a caret, what was expected, a hint. The 0-based forms are in result.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from . import printing
from .codes import ERRORS, short_text
from .excerpt import Excerpt
from .position import Context, Place

_RED: Final = "\x1b[1;31m"
_YELLOW: Final = "\x1b[1;33m"
_BOLD: Final = "\x1b[1m"
_PLAIN: Final = "\x1b[0m"

_Paint = Callable[[str, str], str]


class Diagnostic(msgspec.Struct, frozen=True):
    """One error or warning.

    ``context`` is the chain that the spec's forms print; ``place`` the exact characters where they are known, else
    the context's own position is shown. ``expected`` and ``hint`` are whole phrases or empty.
    """

    code: str
    message: str
    context: Context
    place: Place | None = None
    expected: str = ""
    hint: str = ""
    deprecated_field: str = ""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "message", printing.visible(self.message))

    @property
    def is_error(self) -> bool:
        """Whether the code is one of the errors."""
        return self.code in ERRORS

    def where(self) -> Place:
        """The place to show: ``place``, or where the innermost location of the context starts."""
        if self.place is not None:
            return self.place
        # Inside a condition the spec's position is named after the condition's text, which is no file.
        steps = reversed(self.context.locations)
        position = next(step.position for step in steps if step.item_type != "condition expression")
        return Place(position.name, position.line, position.column)


class LoadError(Exception):
    """Loading of a file cannot go on; carries the diagnostic to report."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def render(diagnostic: Diagnostic, files: Mapping[str, str], color: bool = False) -> str:
    """The diagnostic for people, several lines without a final newline.

    ``files`` maps the names of files to their text; ``color`` only when the reader is a terminal.
    """
    place = diagnostic.where()
    paint = _painter(color)
    kind = "error" if diagnostic.is_error else "warning"
    tone = _RED if diagnostic.is_error else _YELLOW
    where = f"{place.file}:{place.line + 1}:{place.column + 1}:"
    message = diagnostic.message or short_text(diagnostic.code)
    lines = [f"{paint(where, _BOLD)} {paint(kind + ':', tone)} {message} [{diagnostic.code}]"]
    excerpt = Excerpt.of(place, files.get(place.file, ""))
    if excerpt is not None:
        lines += [f"{place.line + 1:>5} | {excerpt.line}", f"      | {excerpt.pad}{paint(excerpt.carets, tone)}"]
    if diagnostic.expected:
        lines.append(f"      = expected {diagnostic.expected}")
    if diagnostic.hint:
        lines.append(f"      = hint: {diagnostic.hint}")
    owner = diagnostic.context.owner
    if owner is not None and not message.endswith(f"'{owner.item_name}'"):
        lines.append(f"      = in {owner.item_type} '{owner.item_name}'")
    return "\n".join(lines)


def _painter(color: bool) -> _Paint:
    return (lambda text, tone: f"{tone}{text}{_PLAIN}") if color else (lambda text, _tone: text)
