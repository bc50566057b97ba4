"""What the configuration adds to outputs: ``append_output`` (spec: rules-language.md, section 15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from .items import RuleItem
from .listing import Listing
from .position import Place
from .source import Text

KEY: Final = "append_output"

Entries = Sequence[Mapping[str, Any]]


class Setting(msgspec.Struct, frozen=True, eq=False):
    """A text of the configuration. Its key stands for the file that it is in, as several files and flags make one."""

    key: str
    value: str

    def locate(self, offset: int, length: int = 1) -> Place:
        """The place of a stretch of the text."""
        start = min(offset, len(self.value))
        line_start = self.value.rfind("\n", 0, start) + 1
        return Place(self.key, self.value.count("\n", 0, start), start - line_start, length)

    def text(self) -> Text:
        """The whole of it."""
        return Text(self.value, [(0, self)])


class Additions(msgspec.Struct):
    """For one rule: the output text, and extra JSON fields as format strings or (``plain``) bare fields."""

    output: list[Text] = msgspec.field(default_factory=list)
    formats: dict[str, Text] = msgspec.field(default_factory=dict)
    plain: dict[str, Text] = msgspec.field(default_factory=dict)


def is_setting(place: Place) -> bool:
    """Whether a place is in the configuration instead of in a rules file."""
    return place.file.startswith(f"{KEY}[")


def texts(entries: Entries) -> dict[str, str]:
    """The texts that places in the configuration refer to, by the names of their keys."""
    return {setting.key: setting.value for number, entry in enumerate(entries) for setting in _settings(number, entry)}


def additions(rule: RuleItem, entries: Entries, listing: Listing) -> Additions:
    """Everything that the entries add to a rule. Raises ValueError for a key defined twice in one entry."""
    result = Additions()
    for number, entry in enumerate(entries):
        if not _matches(rule, entry.get("match") or {}):
            continue
        if entry.get("extra_output"):
            result.output += [Text.own(" "), _extra_output(number, entry).text()]
        if entry.get("suggested_output"):
            result.output.append(Text.own(_suggested(rule, listing)))
        _extra_fields(number, entry, result)
    return result


def _matches(rule: RuleItem, match: Mapping[str, Any]) -> bool:
    return (
        match.get("source") in (None, "", rule.source)
        and match.get("rule") in (None, "", rule.name)
        and set(match.get("tags") or ()) <= rule.tags
    )


def _suggested(rule: RuleItem, listing: Listing) -> str:
    return "".join(
        f" {name.replace('.', '_')}=%{name}"
        for name, entry in listing.fields.items()
        if "format-suggested" in entry.flags and entry.has_source(rule.source)
    )


def _settings(number: int, entry: Mapping[str, Any]) -> Iterator[Setting]:
    if entry.get("extra_output"):
        yield _extra_output(number, entry)
    for _, setting, _ in _fields(number, entry):
        yield setting


def _extra_output(number: int, entry: Mapping[str, Any]) -> Setting:
    return Setting(f"{KEY}[{number}].extra_output", str(entry["extra_output"]))


def _fields(number: int, entry: Mapping[str, Any]) -> Iterator[tuple[str, Setting, bool]]:
    """The extra fields of an entry: key, text, and whether the text is a format."""
    for at, given in enumerate(entry.get("extra_fields") or []):
        path = f"{KEY}[{number}].extra_fields[{at}]"
        for key, text in given.items() if isinstance(given, Mapping) else ((str(given), None),):
            if text is None:
                yield key, Setting(path, key), False
            else:
                yield key, Setting(f"{path}.{key}", str(text)), True


def _extra_fields(number: int, entry: Mapping[str, Any], result: Additions) -> None:
    seen: set[str] = set()
    for key, setting, is_format in _fields(number, entry):
        if key in seen:
            raise ValueError(f"{KEY}: extra field '{key}' is defined twice in one entry")
        seen.add(key)
        if is_format:
            result.formats[key] = setting.text()
        else:
            result.plain[key] = Text.joined((Text.own("%"), setting.text()))
