"""`-o key=value`: where a value goes, and putting it there (config.md §1)."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from yarak.config import tree
from yarak.config.tree import Node
from yarak.errors import ConfigError

APPEND = -1
"""The index of `list[]`."""

Step: TypeAlias = str | int


class Option(msgspec.Struct, frozen=True):
    """One `-o`: the way down to the value (names, indices, APPEND), and the value."""

    steps: tuple[Step, ...]
    value: Node

    @property
    def top(self) -> Step:
        """The top-level key."""
        return self.steps[0]


def parse(text: str) -> Option:
    """Read `a.b[0].c=value`.

    Raises: ConfigError for a missing `=`, a bad escape, a bad index.
    """
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ConfigError(f'Error parsing config option "{text}". Must be of the form key=val or key.subkey=val')
    return Option(tuple(_steps(key)), _value(value))


def _value(text: str) -> Node:
    return tree.parse(text, "-o") if text.startswith("{") and text.endswith("}") else text


def _steps(key: str) -> list[Step]:
    steps: list[Step] = []
    name, position, after_index = "", 0, False
    while position < len(key):
        letter = key[position]
        if letter == "\\":
            name += _escaped(key, position)
            position += 2
            continue
        position += 1
        if letter == ".":
            _end_of_name(steps, name, after_index, key)
            name, after_index = "", False
        elif letter == "[":
            if name or not after_index:
                _end_of_name(steps, name, after_index, key)
                name = ""
            closing = key.find("]", position)
            steps.append(_index(key, position, closing))
            position, after_index = closing + 1, True
        else:
            name += letter
    _end_of_name(steps, name, after_index, key)
    return steps


def _end_of_name(steps: list[Step], name: str, after_index: bool, key: str) -> None:
    if name and after_index:
        raise ConfigError(f"config option key \"{key}\": expected '.' or '[' after ']'")
    if name:
        steps.append(name)
    elif not after_index:
        raise ConfigError(f'config option key "{key}": empty name')


def _escaped(key: str, position: int) -> str:
    letter = key[position + 1 : position + 2]
    if letter not in (".", "[", "]", "\\"):
        raise ConfigError(f"config option key \"{key}\": invalid escape sequence '\\{letter}'")
    return letter


def _index(key: str, start: int, closing: int) -> int:
    if closing < 0:
        raise ConfigError(f"config option key \"{key}\": '[' is not closed")
    inner = key[start:closing]
    if not inner:
        return APPEND
    if not (inner.isascii() and inner.isdigit()) or len(inner) > 6:
        raise ConfigError(f"expected a numeric index, found '{inner}'")
    return int(inner)


def apply(document: dict[str, Node], option: Option) -> None:
    """Set the option's value in `document`, making mappings and lists on the way.

    Raises: ConfigError when an index lies beyond the end of its list.
    """
    name = str(option.top)
    document[name] = _placed(document.get(name), option.steps[1:], option.value)


def _placed(node: Node | None, steps: tuple[Step, ...], value: Node) -> Node:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        mapping = node if isinstance(node, dict) else {}
        mapping[step] = _placed(mapping.get(step), rest, value)
        return mapping
    items = node if isinstance(node, list) else []
    if step == APPEND or step == len(items):
        items.append(_placed(None, rest, value))
    elif step < len(items):
        items[step] = _placed(items[step], rest, value)
    else:
        raise ConfigError(f"config option index [{step}] is beyond the end of a list of {len(items)}")
    return items
