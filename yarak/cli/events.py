"""`--list-events` (cli.md §4). Of system calls only exit events exist; one without an event of its own is listed by
name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yarak import versions
from yarak.cli import info

if TYPE_CHECKING:
    from yarak._core import EventInfo, ParamInfo, SyscallInfo

CATEGORIES = {
    "syscall": "Syscall events",
    "tracepoint": "Tracepoint events",
    "plugin": "Plugin events",
    "meta": "Metaevents",
}
GENERIC = 1
"""The id of the event that stands for system calls without one of their own."""


@dataclass(frozen=True)
class Row:
    """One event of the listing."""

    name: str
    direction: str
    """As `evt.dir` says it: `<` for exits, `>` for what has none."""
    available: bool
    params: Sequence[ParamInfo]


def rows(events: Sequence[EventInfo], syscalls: Sequence[SyscallInfo]) -> dict[str, list[Row]]:
    """Category → its events."""
    ignored = {entry["name"] for entry in syscalls if entry["ignored"]}
    found: dict[str, list[Row]] = {kind: [] for kind in CATEGORIES}
    generic: Sequence[ParamInfo] = []
    for event in events:
        if event["id"] == GENERIC:
            generic = event["params"]
            continue
        names = set(event["syscalls"]) or {event["name"]}
        direction = "<" if event["id"] % 2 else ">"
        found[event["kind"]].append(Row(event["name"], direction, not names <= ignored, event["params"]))
    found["syscall"] += [
        Row(entry["name"], "<", not entry["ignored"], generic)
        for entry in syscalls
        if entry["event"] == GENERIC and entry["code"] != 0
    ]
    return found


def listing(events: Sequence[EventInfo], syscalls: Sequence[SyscallInfo], form: str) -> str:
    """The listing as `text`, `markdown` or `json`."""
    found = rows(events, syscalls)
    if form == "json":
        document: dict[str, Any] = {"schema_version": versions.DRIVER_SCHEMA}
        document |= {CATEGORIES[kind]: [_json(row) for row in members] for kind, members in found.items()}
        return info.as_json(document, 2)
    head = f"The events below are valid for Falco *Schema Version*: {versions.DRIVER_SCHEMA}"
    render = _markdown if form == "markdown" else _text
    return "\n".join([head, *(render(CATEGORIES[kind], members) for kind, members in found.items())])


def _text(title: str, members: Sequence[Row]) -> str:
    return "\n".join([f"## {title}", "", *(f"{row.direction} {row.name}({_params(row, '{}')})" for row in members), ""])


def _markdown(title: str, members: Sequence[Row]) -> str:
    lines = [
        f"{'Yes' if row.available else 'No'} | `{row.direction}` | `{row.name}` | {_params(row, '*{}*')}"
        for row in members
    ]
    return "\n".join([f"## {title}", "", "Default | Dir | Name | Params ", ":-------|:----|:-----|:-----", *lines, ""])


def _params(row: Row, flag: str) -> str:
    return ", ".join(_param(param, flag) for param in row.params)


def _param(param: ParamInfo, flag: str) -> str:
    names = f": {', '.join(map(flag.format, param['flags']))}" if param["flags"] else ""
    return f"{param['type']} **{param['name']}**{names}"


def _json(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "dir": row.direction,
        "available": row.available,
        "params": [_param_json(param) for param in row.params],
    }


def _param_json(param: ParamInfo) -> dict[str, Any]:
    flags = {"flags": param["flags"]} if param["flags"] else {}
    return {"type": param["type"], "name": param["name"], **flags}
