"""The plan: all enabled rules as one graph in which equal subterms are one node, in the core's JSON form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from . import descriptors, literals, printing
from .accessors import Accessors
from .descriptors import Use
from .lints import fields_of
from .nodes import And, Argument, Check, FieldRef, ListArg, MacroRef, Node, Not, Or, Transform

FORMAT = 1

_HISTORY_FIELDS = frozenset({"fd.name_changed", "fd.connected"})
"""Fields that look back at earlier events of a socket."""
_SLICE_FIELDS = frozenset({"thread.exectime", "thread.totexectime"})
"""Fields that add up what lies between two switches of a CPU, to whichever thread."""


class Graph:
    """Builds the node list; children come before their parents."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self._by_content: dict[str, int] = {}
        self._by_node: dict[tuple[int, int], tuple[Node, int]] = {}
        self._written: dict[int, Node] = {}
        self._single: set[int] = set()
        """Nodes that nothing else may share: a field below them counts from when this very use was asked before."""

    def add(self, node: Node, accessors: Accessors) -> int:
        """The number of the node, added with what is below it where it is new."""
        known = self._by_node.get((id(node), id(accessors)))
        if known is not None:
            return known[1]
        number = self._add(node, accessors)
        self._written[number] = node
        if number not in self._single:
            self._by_node[id(node), id(accessors)] = (node, number)
        return number

    def texts(self) -> dict[int, str]:
        """What each node says, by number."""
        return {number: printing.condition(node) for number, node in self._written.items()}

    def _add(self, node: Node, accessors: Accessors) -> int:
        match node:
            case Check():
                return self._check(node, accessors)
            case Not(child=child):
                number = self.add(child, accessors)
                return self._intern({"not": number}, [number])
            case MacroRef():
                raise ValueError(f"macro {node.name} is not resolved")
        kind = "and" if isinstance(node, And) else "or"
        numbers = list(dict.fromkeys(self.add(child, accessors) for child in node.children))
        return numbers[0] if len(numbers) == 1 else self._intern({kind: numbers}, numbers)

    def _check(self, check: Check, accessors: Accessors) -> int:
        lhs = accessors.json(check.lhs)
        entry: dict[str, Any] = {"lhs": lhs, "op": check.op}
        if check.rhs is not None:
            entry["rhs"] = accessors.json(check.rhs)
        elif check.op != "exists":
            kind = accessors.type_of(check.lhs, check.source).type
            entry["values"] = [literals.wire(value.text, kind) for value in check.values]
            entry["modifier"] = check.modifier
        if any("own-past" in accessors.resolve(ref, check.source).field.flags for ref in fields_of(check)):
            self._single.add(len(self.nodes))
            self.nodes.append({"check": entry})
            return len(self.nodes) - 1
        return self._intern({"check": entry})

    def _intern(self, entry: dict[str, Any], children: Iterable[int] = ()) -> int:
        key = json.dumps(entry)
        number = self._by_content.get(key)
        if number is None:
            number = self._by_content[key] = len(self.nodes)
            self.nodes.append(entry)
            if not self._single.isdisjoint(children):
                self._single.add(number)
        return number


def needs(fields: Iterable[Use]) -> dict[str, Any]:
    """What the core has to keep for these fields, and the sensor to tell."""
    uses = set(fields)
    names = sorted({use.name for use in uses})
    others = descriptors.asked_for(uses)
    history = not _HISTORY_FIELDS.isdisjoint(names) or descriptors.names_sockets(uses)
    wanted: dict[str, Any] = {"socket_history": history, "fields": names}
    if not _SLICE_FIELDS.isdisjoint(names):
        wanted["switches"] = True
    return wanted | ({"descriptors": others} if others else {})


def uses_in_condition(node: Node) -> Iterator[Use]:
    """The fields that a resolved condition reads, as written."""
    match node:
        case Check():
            for ref in fields_of(node):
                yield Use(ref.name, ref.arg)
        case Not(child=child):
            yield from uses_in_condition(child)
        case And() | Or():
            for child in node.children:
                yield from uses_in_condition(child)


def uses_in_accessor(argument: Argument) -> Iterator[Use]:
    """The fields that an accessor reads, as written."""
    match argument:
        case FieldRef(name=name, arg=arg):
            yield Use(name, arg)
        case Transform(args=inner) | ListArg(items=inner):
            for part in inner:
                yield from uses_in_accessor(part)
