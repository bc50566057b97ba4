"""`--list`: the fields that rules can name (cli.md §2)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from yarak.cli import info

if TYPE_CHECKING:
    from yarak._core import FieldInfo

HIDDEN = frozenset(("deprecated", "print-only", "table-only", "hidden"))
COLUMN = 30
WIDTH = 120

_ARGUMENTS = {
    "none": (),
    "index": ("ARG_INDEX",),
    "key": ("ARG_KEY",),
    "index_or_key": ("ARG_INDEX", "ARG_KEY"),
    "dotted": ("ARG_INDEX", "ARG_KEY"),
}
_TAGS = {"no-rhs": "EPF_NO_RHS", "no-transformer": "EPF_NO_TRANSFORMER", "filter-only": "FILTER_ONLY"}


def visible(fields: Iterable[FieldInfo], source: str | None) -> list[FieldInfo]:
    """Fields of `source` (None: of all) that are not hidden."""
    return [
        field
        for field in fields
        if not HIDDEN.intersection(field["flags"]) and (source is None or source in field["sources"])
    ]


def listing(fields: Sequence[FieldInfo], form: str, *, names_only: bool, verbose: bool) -> str:
    """The listing as `text`, `markdown` or `json`, without its last line feed."""
    if names_only:
        names = [field["name"] for field in fields]
        return info.as_json({"fieldnames": names}, 2) if form == "json" else "\n".join(names)
    classes = by_class(fields)
    if form == "json":
        return info.as_json({"fieldclasses": [_class_json(name, members) for name, members in classes.items()]}, 2)
    if form == "markdown":
        return "\n".join(_class_markdown(name, members) for name, members in classes.items())
    return "\n".join(_class_text(name, members, verbose) for name, members in classes.items())


def by_class(fields: Iterable[FieldInfo]) -> dict[str, list[FieldInfo]]:
    """Class → its fields, in order of appearance."""
    classes: dict[str, list[FieldInfo]] = {}
    for field in fields:
        classes.setdefault(field["class"], []).append(field)
    return classes


def _sources(members: Sequence[FieldInfo]) -> list[str]:
    return sorted({source for field in members for source in field["sources"]})


def type_name(field: FieldInfo) -> str:
    """The type as listings print it."""
    return "DYNAMIC" if field["type"] == "DYN" else field["type"]


def tags(field: FieldInfo) -> list[str]:
    """The sorted tags of the text listing."""
    found = list(_ARGUMENTS[field["arg"]])
    if found:
        found.append("ARG_REQUIRED" if field["arg_required"] else "ARG_ALLOWED")
    if field["is_list"]:
        found.append("EPF_IS_LIST")
    found += [_TAGS[flag] for flag in field["flags"] if flag in _TAGS]
    return sorted(found)


def wrapped(text: str, column: int = COLUMN) -> str:
    """`text` in the right block: each word with a space behind it, lines of at most WIDTH."""
    lines = textwrap.wrap(text, WIDTH - column - 1, break_long_words=False, break_on_hyphens=False) or [""]
    return f"\n{' ' * column}".join(f"{line} " for line in lines)


def _class_text(name: str, members: Sequence[FieldInfo], verbose: bool) -> str:
    head = [
        "-" * 31,
        f"{'Field Class:':<{COLUMN}}{name}",
        f"{'Event Sources:':<{COLUMN}}{' '.join(_sources(members))} ",
        "",
    ]
    return "\n".join([*head, *(_field_text(field, verbose) for field in members), ""])


def _field_text(field: FieldInfo, verbose: bool) -> str:
    extra = f"(Type: {type_name(field)}) " if verbose else ""
    if found := tags(field):
        extra += f"({','.join(found)}) "
    name = field["name"]
    left = f"{name}\n{' ' * COLUMN}" if len(name) > COLUMN else f"{name:<{COLUMN}}"
    return left + wrapped(extra + field["desc"])


def _class_markdown(name: str, members: Sequence[FieldInfo]) -> str:
    rows = [f"`{field['name']}` | {_markdown_type(field)} | {field['desc']}" for field in members]
    head = [f"## Field Class: {name}", "", f"Event Sources: {' '.join(_sources(members))} ", ""]
    return "\n".join([*head, "Name | Type | Description", ":----|:-----|:-----------", *rows, ""])


def _markdown_type(field: FieldInfo) -> str:
    return f"LIST({type_name(field)})" if field["is_list"] else type_name(field)


def _class_json(name: str, members: Sequence[FieldInfo]) -> dict[str, Any]:
    return {"name": name, "desc": "", "event_sources": _sources(members), "fields": [_field_json(f) for f in members]}


def _field_json(field: FieldInfo) -> dict[str, Any]:
    kinds = [word.removeprefix("ARG_") for word in _ARGUMENTS[field["arg"]]]
    return {
        "name": field["name"],
        "type": type_name(field),
        "desc": field["desc"],
        "is_list": field["is_list"],
        "argument": {"required": field["arg_required"], "type": kinds} if kinds else None,
    }
