"""The result of loading one rules file, in the spec's text and JSON forms (rules-language.md, section 7; 0-based)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from .codes import description, short_text
from .diagnostics import Diagnostic, render
from .position import Context, Location
from .source import lines_of

SNIPPET_WIDTH: Final = 160
_NO_SNIPPET: Final = "<No context available>\n"


class LoadResult(msgspec.Struct):
    """What is wrong with one file. ``files`` maps names to texts of everything loaded so far, for snippets."""

    name: str
    diagnostics: list[Diagnostic]
    files: Mapping[str, str]
    schema_warnings: list[str] | None = None

    @property
    def errors(self) -> list[Diagnostic]:
        """The errors, in the order they were found."""
        return [found for found in self.diagnostics if found.is_error]

    @property
    def warnings(self) -> list[Diagnostic]:
        """The warnings, in the order they were found."""
        return [found for found in self.diagnostics if not found.is_error]

    @property
    def successful(self) -> bool:
        """Whether the file has no error."""
        return not self.errors

    def text(self, verbose: bool) -> str:
        """The text form; the summary names the codes only."""
        state = "Invalid" if self.errors else "Ok, with warnings" if self.warnings else "Ok"
        return f"{self.name}: {state}" + (self._details() if verbose else self._summary())

    def _summary(self) -> str:
        groups = (("errors", self.errors), ("warnings", self.warnings))
        lines = [f"\n {len(found)} {word}: [{_codes(found)}]" for word, found in groups if found]
        if self.schema_warnings:
            lines.append(f"\n {len(self.schema_warnings)} schema warnings: [{' '.join(self.schema_warnings)}]")
        return "".join(lines)

    def _details(self) -> str:
        blocks = [self._schema_block()] if self.schema_warnings else []
        for word, found in (("Errors", self.errors), ("Warnings", self.warnings)):
            if found:
                blocks.append(f"{len(found)} {word}:\n" + "".join(map(self._block, found)))
        return "\n" + "\n".join(blocks) if blocks else ""

    def _schema_block(self) -> str:
        warnings = self.schema_warnings or []
        texts = "".join(f"{text}\n" for text in warnings)
        return f"{len(warnings)} Schema warnings:\n------\n{texts}------\n"

    def _block(self, found: Diagnostic) -> str:
        trail = "".join(
            f"{'In ' if number == 0 else '    '}{_step(location)}\n"
            for number, location in enumerate(found.context.locations)
        )
        code = f"{found.code} ({_short(found)}): {found.message}\n"
        return f"{trail}------\n{snippet(found.context, self.files)}------\n{code}"

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        result: dict[str, Any] = {"name": self.name, "successful": self.successful}
        if self.schema_warnings is not None:
            result |= {"schema_valid": not self.schema_warnings, "schema_warnings": self.schema_warnings}
        result["errors"] = [self._entry(found) for found in self.errors]
        result["warnings"] = [self._entry(found) for found in self.warnings]
        return result

    def _entry(self, found: Diagnostic) -> dict[str, Any]:
        locations = [_location_json(location) for location in found.context.locations]
        entry: dict[str, Any] = {
            "code": found.code,
            "codedesc": description(found.code),
            "message": found.message,
            "context": {"locations": locations, "snippet": snippet(found.context, self.files)},
        }
        if found.deprecated_field:
            entry["deprecated_field"] = found.deprecated_field
        return entry

    def render(self, color: bool = False, skip: Iterable[Diagnostic] = ()) -> str:
        """The diagnostics for people, but those in ``skip``; empty where there are none."""
        old = set(skip)
        return "\n".join(render(found, self.files, color) for found in self.diagnostics if found not in old)


def _codes(found: list[Diagnostic]) -> str:
    return " ".join(f"{one.code} ({_short(one)})" for one in found)


def _short(found: Diagnostic) -> str:
    text = short_text(found.code)
    return f"{text}: field '{found.deprecated_field}'" if found.deprecated_field else text


def _step(location: Location) -> str:
    name = f" '{location.item_name}'" if location.item_name else ""
    at = location.position
    return f"{location.item_type}{name}: ({at.name}:{at.line}:{at.column})"


def _location_json(location: Location) -> dict[str, Any]:
    at = location.position
    return {
        "item_type": location.item_type,
        "item_name": location.item_name,
        "position": {"name": at.name, "line": at.line, "column": at.column, "offset": at.offset},
    }


def snippet(context: Context, files: Mapping[str, str], width: int = SNIPPET_WIDTH) -> str:
    """The line of the innermost position and a caret below it, each with a newline."""
    quote, at = context.quote, context.position
    text = quote.text if quote else files.get(at.name, "")
    line_number, column = (quote.line, quote.column) if quote else (at.line, at.column)
    lines = lines_of(text)
    if not text or line_number >= len(lines):
        return _NO_SNIPPET
    line, column = _cut(lines[line_number], min(column, len(lines[line_number])), width)
    return f"{line}\n{' ' * column}^\n"


def _cut(line: str, column: int, width: int) -> tuple[str, int]:
    """The line capped to half the width on either side of the column, and the column in what is left."""
    half = width // 2
    if len(line) > column + half:
        line = f"{line[: column + half]}..."
    if column > half:
        line, column = f"...{line[column - half :]}", half + 3
    return line, column
