"""The reference rules several times over, under other names and with other constants: what more rules cost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from yarak import _core

Item = dict[str, Any]

_KINDS = ("rule", "macro", "list")
_PATH = re.compile(r"(?<![\w.])/[\w./-]*\w")
_LITERAL = re.compile(r"[a-z][a-z_-]{2,}")


def write(files: Sequence[Path], times: int, out: Path) -> int:
    """Writes `times` sets of the files' items, the first as it is; returns how many rules there are."""
    loaded = (item for path in files for item in yaml.safe_load(path.read_text()))
    items = [item for item in loaded if any(kind in item for kind in _KINDS)]
    made = [*items, *(copy for number in range(1, times) for copy in _copies(items, number))]
    out.write_text(yaml.safe_dump(made, sort_keys=False, width=10_000))
    return sum("rule" in item for item in made)


def _copies(items: Sequence[Item], number: int) -> Iterator[Item]:
    events = {event["name"] for event in _core.events()}
    names = {str(item[kind]) for item in items for kind in ("macro", "list") if kind in item} - events
    own = re.compile(rf"(?<![\w.])({'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})(?![\w.])")
    for item in items:
        # A macro may have an event's name, which a condition cannot tell from the event: all copies share it.
        if item.get("macro") not in events:
            yield {key: _value(key, value, own, number) for key, value in item.items()}


def _value(key: str, value: object, own: re.Pattern[str], number: int) -> object:
    """The value of one key in copy `number`: names of macros and lists get it appended, and so do constants."""
    if key == "rule":
        return f"{value} {number}"
    if key in ("macro", "list"):
        return f"{value}_{number}"
    if key == "condition":
        return own.sub(rf"\1_{number}", _PATH.sub(rf"\g<0>{number}", str(value)))
    if key == "items" and isinstance(value, list):
        return [_constant(one, own, number) for one in value]
    if key == "exceptions":
        return []
    return value


def _constant(one: object, own: re.Pattern[str], number: int) -> object:
    if not isinstance(one, str):
        return one
    if own.fullmatch(one):
        return f"{one}_{number}"
    return f"{one}{number}" if _PATH.fullmatch(one) or _LITERAL.fullmatch(one) else one
