"""What stands in an item and is read by nobody, without a warning of the load."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..decode import Mapping, is_true
from ..keys import KEYS
from ..load import root
from ..position import Place
from ..read_rule import FULL_RULE
from ..source import SourceFile
from ..suggest import did_you_mean

_EXCEPTION_KEYS: Final = ("name", "fields", "comps", "values")
_APPENDED: Final = frozenset(("list", "macro", "rule", "append", "override", "items", "condition", "exceptions"))
_SWITCH: Final = frozenset(("rule", "enabled"))
_STANDARD_TAG: Final = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Ignored:
    """One such thing; ``owner`` is the item that it is in."""

    message: str
    place: Place
    hint: str
    owner: str


def ignored(node: MappingNode, file: SourceFile) -> Iterator[Ignored]:
    """Everything in a list, macro or rule that is not looked at."""
    item = Mapping(node, file, root(file))
    kind = next((kind for kind in ("list", "macro", "rule") if kind in item), None)
    if kind is None:
        return
    found = [*_repeated(item), *_beside(item, kind), *_tags(item), *_in_exceptions(item)]
    owner = f"in {kind} '{getattr(item.value(kind), 'value', '')}'"
    for message, place, hint in found:
        yield Ignored(message, place, hint, owner)


_Found = tuple[str, Place, str]


def _repeated(item: Mapping) -> Iterator[_Found]:
    seen: set[str] = set()
    for key in (key for key, _ in item.node.value if isinstance(key, ScalarNode)):
        if key.value in seen:
            yield (
                f"'{key.value}' is given twice: the first one counts",
                item.file.place_of(key),
                "delete one of the two",
            )
        seen.add(key.value)


def _beside(item: Mapping, kind: str) -> Iterator[_Found]:
    """Keys that an item of this form does not use."""
    append = item.value("append")
    if isinstance(append, ScalarNode) and is_true(append.value):
        used, form, hint = _APPENDED, "beside 'append: true'", "name it under 'override' instead of 'append: true'"
    elif kind == "rule" and "override" not in item and not any(key in item for key in FULL_RULE):
        used, form = _SWITCH, "in an item that switches a rule on or off"
        hint = "to change it too, name both under 'override'"
    else:
        return
    for key in item.keys():
        if key in KEYS[kind] and key not in used:
            yield f"'{key}' is ignored {form}", item.key_place(key), hint


def _tags(item: Mapping) -> Iterator[_Found]:
    for key in item.keys():
        value = item.value(key)
        tag = value.tag if value is not None else None
        if isinstance(value, ScalarNode) and tag and not tag.startswith(_STANDARD_TAG):
            hint = "for a negation write 'not'" if key == "condition" else "put the value in quotes"
            place = item.file.place(value.start_mark.index, len(tag))
            yield f"'{tag}' is a tag for YAML and no part of the value", place, hint


def _in_exceptions(item: Mapping) -> Iterator[_Found]:
    for node in _elements(item.value("exceptions")):
        if isinstance(node, MappingNode):
            exception = Mapping(node, item.file, item.context)
            yield from _repeated(exception)
            for key in exception.keys():
                if key not in _EXCEPTION_KEYS:
                    hint = did_you_mean(key, _EXCEPTION_KEYS)
                    yield f"'{key}' is no key of an exception and is ignored", exception.key_place(key), hint


def _elements(node: Node | None) -> list[Node]:
    return node.value if isinstance(node, SequenceNode) else []
