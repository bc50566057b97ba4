"""What the configuration adds to outputs: ``append_output`` (spec: rules-language.md, section 15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .items import RuleItem
from .listing import Listing


@dataclass(slots=True)
class Additions:
    """For one rule: the output text, and extra JSON fields as format strings or (``plain``) bare fields."""

    output: str = ""
    formats: dict[str, str] = field(default_factory=dict)
    plain: list[str] = field(default_factory=list)


def additions(rule: RuleItem, entries: list[dict[str, Any]], listing: Listing) -> Additions:
    """Everything that the entries add to a rule. Raises ValueError for a key defined twice in one entry."""
    result = Additions()
    for entry in entries:
        if not _matches(rule, entry.get("match") or {}):
            continue
        if entry.get("extra_output"):
            result.output += f" {entry['extra_output']}"
        if entry.get("suggested_output"):
            result.output += _suggested(rule, listing)
        _extra_fields(entry.get("extra_fields") or [], result)
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


def _extra_fields(entries: list[Any], result: Additions) -> None:
    seen: set[str] = set()
    for entry in entries:
        named = entry if isinstance(entry, Mapping) else {str(entry): None}
        for key, text in named.items():
            if key in seen:
                raise ValueError(f"append_output: extra field '{key}' is defined twice in one entry")
            seen.add(key)
            if text is None:
                result.plain.append(key)
            else:
                result.formats[key] = str(text)
