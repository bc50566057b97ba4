"""From a tree of text to typed settings."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from yarak.config import registry
from yarak.config.registry import StructField
from yarak.config.settings import Settings
from yarak.config.tree import Node
from yarak.errors import ConfigError

S = TypeVar("S", bound=msgspec.Struct)

_BOOLEANS = dict.fromkeys(("true", "yes", "on", "y", "1"), True) | dict.fromkeys(
    ("false", "no", "off", "n", "0"), False
)
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))


def read(document: dict[str, Node], warnings: list[str]) -> Settings:
    """Convert `document`; values that do not fit fall back to the default and add a line to `warnings`.

    Raises: ConfigError for a value that does not fit a key declared `fatal`.
    """
    return _section(Settings, document, "", warnings)


def _section(struct: type[S], node: dict[str, Node], prefix: str, warnings: list[str]) -> S:
    values: dict[str, Any] = {}
    for member in registry.members(struct):
        if member.name not in node:
            continue
        name, item = prefix + member.name, node[member.name]
        if registry.is_struct(member.bare):
            if isinstance(item, dict):
                values[member.name] = _section(member.bare, item, f"{name}.", warnings)
            elif item not in _NULLS:
                warnings.append(f"{name}: expected a mapping of keys; the defaults are used")
        elif not (isinstance(item, str) and item in _NULLS and member.bare is not str):
            _read_key(member, name, item, values, warnings)
    return struct(**values)


def _read_key(member: StructField, name: str, node: Node, values: dict[str, Any], warnings: list[str]) -> None:
    try:
        values[member.name] = convert(_folded(node) if member.fold else node, member.annotation)
    except (msgspec.ValidationError, ValueError) as error:
        text = f"{name}: {_reason(error)} (found {_shown(node)})"
        if member.fatal:
            raise ConfigError(text) from None
        warnings.append(f"{text}; the default is used: {_shown(msgspec.to_builtins(member.default))}")


def convert(node: Node, annotation: Any) -> Any:
    """Read `node` as `annotation` says: booleans by word, a scalar where a list is expected as a list of one.

    Raises: msgspec.ValidationError, ValueError when it does not fit.
    """
    return msgspec.convert(_shaped(node, annotation), annotation, strict=False)


def _shaped(node: Any, annotation: Any) -> Any:
    """`node` with YAML's boolean words as booleans wherever `annotation` has one, and single items as lists."""
    origin, args = get_origin(annotation), get_args(annotation)
    if registry.is_struct(annotation) and isinstance(node, dict):
        types = {member.name: member.annotation for member in registry.members(annotation)}
        return {name: _shaped(item, types.get(name, Any)) for name, item in node.items()}
    if annotation in _SCALARS and isinstance(node, str):
        return _SCALARS[annotation](node)
    if origin is list:
        items = node if isinstance(node, list) else [node]
        return [_shaped(item, args[0]) for item in items]
    if hasattr(annotation, "__metadata__"):
        return _shaped(node, args[0])
    if origin is not None and origin is not dict and (choice := _fitting(node, args)) is not None:
        return _shaped(node, choice)
    return node


def _boolean(text: str) -> bool:
    if (word := _BOOLEANS.get(text.lower())) is None:
        raise ValueError("Expected `bool`")
    return word


def _integer(text: str) -> int:
    try:
        return int(text, 0 if text[:2].lower() == "0x" else 10)
    except ValueError:
        raise ValueError("Expected `int`") from None


def _number(text: str) -> float:
    """Also `.1`, which YAML takes and JSON does not."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("Expected `float`")
    return number


_SCALARS: dict[Any, Callable[[str], Any]] = {bool: _boolean, int: _integer, float: _number}


def _fitting(node: Any, choices: tuple[Any, ...]) -> Any:
    """The alternative of a union that has the shape of `node`: a struct for a mapping, a list for the rest."""
    for choice in choices:
        if registry.is_struct(choice) and isinstance(node, dict):
            return choice
        if get_origin(choice) is list and not isinstance(node, dict):
            return choice
    return None


def _folded(node: Node) -> Node:
    return node.lower() if isinstance(node, str) else node


def _reason(error: Exception) -> str:
    text = str(error)
    return re.sub(r"^(.)", lambda match: match[1].lower(), text).replace("`", "'")


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return f"'{text}'" if len(text) <= 60 else f"'{text[:57]}...'"
