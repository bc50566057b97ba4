"""Everything that is to be told about a program, in order and chosen by code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from msgspec import structs

from ..codes import ERRORS, WARNINGS
from ..source import lines_of
from .finding import Finding
from .lint import Subject
from .program import Program
from .registry import BY_CODE, LINTS


class Selection:
    """Codes and prefixes of codes to tell about (``select``; empty: all) and not to (``ignore``).

    The longest that fits a code decides, ``ignore`` on a tie. Errors are always told. Raises ValueError for a prefix
    that no code has.
    """

    def __init__(self, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> None:
        self._select = _checked(select)
        self._ignore = _checked(ignore)

    def __contains__(self, code: str) -> bool:
        if code in ERRORS:
            return True
        wanted = max((len(prefix) for prefix in self._select if code.startswith(prefix)), default=-1)
        unwanted = max((len(prefix) for prefix in self._ignore if code.startswith(prefix)), default=-1)
        return wanted > unwanted or (not self._select and unwanted < 0)


def codes() -> list[str]:
    """Every code there is."""
    return [*ERRORS, *WARNINGS, *BY_CODE]


def _checked(prefixes: Iterable[str]) -> list[str]:
    found = [prefix.strip().upper() for words in prefixes for prefix in words.split(",") if prefix.strip()]
    for prefix in found:
        if not any(code.startswith(prefix) for code in codes()):
            raise ValueError(f"no code starts with '{prefix}'")
    return found


def findings(program: Program, selection: Selection) -> list[Finding]:
    """What is wrong with the program, sorted by place."""
    found = [finding for finding in program.findings() if finding.code in selection]
    subject = Subject.of(program)
    partial = subject.partial()
    for lint in LINTS:
        if lint.code in selection:
            found += lint.run(subject)
            found += lint.run(partial) if lint.is_local else ()
    return [_on_one_line(one, program.files) for one in distinct(found)]


def _on_one_line(found: Finding, files: Mapping[str, str]) -> Finding:
    """A stretch of several lines is shown as far as its first line goes."""
    place = found.place
    lines = lines_of(files.get(place.file, ""))
    room = len(lines[place.line].rstrip("\r")) - place.column if place.line < len(lines) else 1
    return replace(found, place=structs.replace(place, length=max(1, min(place.length, room))))


def distinct(found: Sequence[Finding]) -> list[Finding]:
    """Sorted by place; what several rules share through a macro is told once."""
    first: dict[tuple[object, ...], Finding] = {}
    for one in found:
        first.setdefault((one.code, one.message, one.place), one)
    return sorted(first.values(), key=lambda one: one.order)
