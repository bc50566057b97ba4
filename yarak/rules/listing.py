"""What the core knows: fields, events, system calls. The rules compiler has no table of its own of these.

``Listing.from_core()`` asks ``yarak._core``; ``Listing.from_json()`` takes the same three listings from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

GENERIC_EVENT: Final = 1
"""Event id under which all system calls without an event of their own arrive."""

ASYNC_EVENT: Final = "asyncevent"
PLUGIN_EVENT: Final = "pluginevent"
_ASYNC_NAMES: Final = {"container": ("container", "container_removed")}
"""Names of asynchronous events by the plugin that sends them."""


class Field(msgspec.Struct, frozen=True):
    """A field: ``arg`` is one of none, index, key, index_or_key, dotted; no ``sources`` means all of them."""

    name: str
    type: str
    arg: str
    arg_required: bool
    is_list: bool
    flags: frozenset[str]
    sources: frozenset[str]

    def has_source(self, source: str) -> bool:
        """Whether events of ``source`` have the field."""
        return not self.sources or source in self.sources or "all" in self.sources


class Event(msgspec.Struct, frozen=True):
    """An event type: ``syscalls`` are the calls' own names, ``params`` maps parameter names to types, in order.

    ``words`` maps the names of parameters that are flags or one of a few values to the names of those.
    """

    id: int
    name: str
    kind: str
    syscalls: tuple[str, ...]
    flags: frozenset[str]
    params: Mapping[str, str]
    words: Mapping[str, frozenset[str]]


class Code(msgspec.Struct, frozen=True):
    """One kind of thing that a rule can be run for: an event type, or one system call of the generic event.

    ``syscall`` is the capture format's code of a generic system call, None for an event of its own. ``native`` are
    the machine's system call numbers that produce it. A set of codes is an integer whose bit n is code n.
    """

    event: Event
    name: str
    syscall: int | None
    native: tuple[int, ...]
    ignored: bool


class Listing:
    """The three listings, indexed for the compiler."""

    def __init__(self, fields: Iterable[Field], events: Iterable[Event], syscalls: Sequence[Mapping[str, Any]]) -> None:
        self.fields: dict[str, Field] = {field.name: field for field in fields}
        self.events: dict[int, Event] = {event.id: event for event in events}
        self.codes: list[Code] = []
        self.named: dict[str, int] = {}
        """For each name that ``evt.type`` may be compared to, the codes it stands for."""
        self.printed: dict[str, int] = {}
        """For each text, the codes whose ``evt.type`` is exactly that text."""
        self.parameters: dict[str, str] = {}
        """Every event parameter's name, with its type in the first event that has it."""
        self._holders: dict[str, int] = {}
        self._index(syscalls)
        self.asynchronous: int = self.printed.get(ASYNC_EVENT, 0)
        """The code whose ``evt.type`` is whatever name a plugin gave the event."""
        self.all: int = (1 << len(self.codes)) - 1
        self.generic: int = sum(1 << n for n, code in enumerate(self.codes) if code.syscall is not None)
        """The codes of the generic event."""

    @classmethod
    def from_core(cls) -> Listing:
        """The listing of the built core. Raises ImportError where it is not built."""
        from yarak import _core

        return cls.from_json(_core.fields(), _core.events(), _core.syscalls())

    @classmethod
    def from_json(cls, fields: Sequence[Any], events: Sequence[Any], syscalls: Sequence[Any]) -> Listing:
        """A listing from the dicts that ``_core.fields()``, ``_core.events()`` and ``_core.syscalls()`` give."""
        return cls((_field(entry) for entry in fields), (_event(entry) for entry in events), syscalls)

    def with_static_fields(self, names: Iterable[str]) -> Listing:
        """This listing with user-defined constant fields ``static.<name>`` added."""
        for name in names:
            full = f"static.{name}"
            flags = frozenset({"format-suggested"})
            self.fields[full] = Field(full, "CHARBUF", "none", False, False, flags, frozenset())
        return self

    def with_async_events(self, plugins: Iterable[str]) -> Listing:
        """This listing with the names of the events that these plugins send beside the system calls."""
        for name in (name for plugin in plugins for name in _ASYNC_NAMES.get(plugin, ())):
            for table in (self.named, self.printed):
                table[name] = table.get(name, 0) | self.asynchronous
        return self

    def _index(self, syscalls: Sequence[Mapping[str, Any]]) -> None:
        by_event: dict[int, list[Mapping[str, Any]]] = {}
        for syscall in syscalls:
            by_event.setdefault(syscall["event"], []).append(syscall)
        for event in self.events.values():
            for name, kind in event.params.items():
                self.parameters.setdefault(name, kind)
            if event.id == GENERIC_EVENT:
                self._add_generic(event, by_event.get(event.id, []))
            else:
                self._add_event(event, by_event.get(event.id, []))

    def _add_event(self, event: Event, syscalls: list[Mapping[str, Any]]) -> None:
        native = tuple(call["native"] for call in syscalls if call["native"] is not None)
        ignored = bool(syscalls) and all(call["ignored"] for call in syscalls)
        self.codes.append(Code(event, event.name, None, native, ignored))
        bit = 1 << len(self.codes) - 1
        self.printed[event.name] = self.printed.get(event.name, 0) | bit
        for name in {event.name, *event.syscalls, *(call["name"] for call in syscalls)}:
            self.named[name] = self.named.get(name, 0) | bit

    def _add_generic(self, event: Event, syscalls: list[Mapping[str, Any]]) -> None:
        for call in syscalls:
            native = () if call["native"] is None else (call["native"],)
            self.codes.append(Code(event, call["name"], call["code"], native, call["ignored"]))
            bit = 1 << len(self.codes) - 1
            for table in (self.named, self.printed):
                table[call["name"]] = table.get(call["name"], 0) | bit
        generic = sum(1 << n for n, code in enumerate(self.codes) if code.event is event)
        self.named.setdefault(event.name, generic)

    def members(self, codes: int) -> Iterator[Code]:
        """The codes of a set, in order."""
        while codes:
            lowest = codes & -codes
            yield self.codes[lowest.bit_length() - 1]
            codes ^= lowest

    def having(self, parameter: str) -> int:
        """The codes whose events have a parameter of this name, or at this position."""
        if parameter not in self._holders:
            at = int(parameter) if parameter.isdecimal() else None
            self._holders[parameter] = self.select(
                code
                for code in self.codes
                if (parameter in code.event.params if at is None else at < len(code.event.params))
            )
        return self._holders[parameter]

    def words(self, parameter: str, codes: int) -> frozenset[str]:
        """The names that the parameter's values have in these events; none where one of them has other values."""
        found: set[str] = set()
        for code in self.members(codes & self.having(parameter)):
            names = code.event.words.get(parameter)
            if names is None:
                return frozenset()
            found |= names
        return frozenset(found)

    def select(self, codes: Iterable[Code]) -> int:
        """The set that holds the given codes."""
        wanted = {id(code) for code in codes}
        return sum(1 << n for n, code in enumerate(self.codes) if id(code) in wanted)


def _field(entry: Mapping[str, Any]) -> Field:
    return Field(
        entry["name"], entry["type"], entry["arg"], entry["arg_required"], entry["is_list"],
        frozenset(entry["flags"]), frozenset(entry["sources"]),
    )  # fmt: skip


def _event(entry: Mapping[str, Any]) -> Event:
    params = {param["name"]: param["type"] for param in entry["params"]}
    words = {param["name"]: frozenset(param["flags"]) for param in entry["params"] if param.get("flags")}
    return Event(
        entry["id"], entry["name"], entry["kind"], tuple(entry["syscalls"]), frozenset(entry["flags"]), params, words
    )  # fmt: skip
