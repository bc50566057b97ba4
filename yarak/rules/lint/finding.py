"""One thing to tell about rules files, whoever found it."""

from __future__ import annotations

from dataclasses import dataclass

from .. import printing
from ..codes import short_text
from ..diagnostics import Diagnostic
from ..position import Place


@dataclass(frozen=True, slots=True)
class Finding:
    """``hint`` and ``expected`` are phrases or empty; ``trail`` is ``in macro 'm', used by rule 'r'`` and its like."""

    code: str
    message: str
    place: Place
    hint: str = ""
    expected: str = ""
    trail: str = ""
    is_error: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", printing.visible(self.message))

    @classmethod
    def of(cls, diagnostic: Diagnostic, trail: str) -> Finding:
        """The finding that an error or warning of a load is."""
        message = diagnostic.message or short_text(diagnostic.code)
        place = diagnostic.where()
        return cls(diagnostic.code, message, place, diagnostic.hint, diagnostic.expected, trail, diagnostic.is_error)

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Sorts findings by place."""
        return self.place.file, self.place.line, self.place.column, self.code, self.message
