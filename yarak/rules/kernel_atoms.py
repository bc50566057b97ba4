"""What the kernel can say about single checks: for which events each may be true, and for which it may be false.

The two answers are independent. A field that is absent makes its check false, so *may be false* is everything unless
the field is never absent; an atom that the kernel cannot decide may be both everywhere. No operator is ever turned
into its opposite.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Final

from . import boxes
from .accessors import Resolved, lookup
from .boxes import Box, Networks, PathTest, Union, Users
from .events import never_or_always
from .lints import fields_of
from .listing import Code, Listing
from .literals import is_utf8
from .nodes import Check, FieldRef

Answers = tuple[Union, Union]
"""``(may be true, may be false)``."""

OPEN_FLAG_EVENTS: Final = frozenset({"open", "openat", "openat2", "open_by_handle_at"})
OPEN_EVENTS: Final = OPEN_FLAG_EVENTS | {"creat"}
_RESULT_TYPES: Final = frozenset({"ERRNO", "FD", "PID"})
_EINPROGRESS: Final = -115
_NO_DESCRIPTOR: Final = -1

_ON_HOST_EMPTY: Final = frozenset(
    ("container.image", "container.image.id", "container.image.repository", "container.image.tag",
     "container.image.digest", "k8s.pod.name", "k8s.ns.name", "k8s.pod.uid", "k8s.pod.id", "k8s.pod.sandbox_id",
     "k8s.pod.full_sandbox_id")
)  # fmt: skip
"""Text fields that are empty or absent on the host, so that a check that an empty text fails means a container."""


class Atoms:
    """Answers for the events of one listing."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self.everything = Box(listing.all)
        self._both: Answers = ((self.everything,), (self.everything,))
        self._open_flags = self._select(lambda code: code.event.name in OPEN_FLAG_EVENTS)
        self._opens = self._select(lambda code: code.event.name in OPEN_EVENTS)
        self._results = self._select(_has_result)
        self._tables: dict[str, Callable[[Check], Answers]] = {
            "evt.type": self._event_type,
            "syscall.type": self._syscall_type,
            "evt.is_open_read": lambda check: self._open_flag(check, boxes.READ | boxes.RDWR),
            "evt.is_open_write": lambda check: self._open_flag(check, boxes.WRITE | boxes.RDWR),
            "evt.is_open_create": self._creating,
            "evt.rawres": lambda check: self._number_result(check, self._results, (_EINPROGRESS,)),
            "fd.num": lambda check: self._number_result(check, self._opens, (_EINPROGRESS, _NO_DESCRIPTOR)),
            "evt.res": self._text_result,
            "evt.failed": self._failed,
            "container.id": self._host_name,
            "container.type": self._host_name,
            "fd.name": self._path,
            "fd.directory": self._directory,
            "fd.filename": self._filename,
            "fd.nameraw": self._climbing,
            "proc.name": self._name,
            "fd.type": lambda check: self._kind(check, _TYPES),
            "fd.typechar": lambda check: self._kind(check, _TYPE_CHARS),
            "fd.sockfamily": lambda check: self._kind(check, _SOCKET_FAMILIES),
            "fd.l4proto": self._transport,
            **dict.fromkeys(_PORTS, self._port),
            **dict.fromkeys(_ADDRESSES, self._network),
            "user.uid": self._user,
        }

    def _select(self, wanted: Callable[[Code], bool]) -> int:
        return self._listing.select(code for code in self._listing.codes if wanted(code))

    def answers(self, check: Check) -> Answers:
        """The two answers for a check."""
        true, false = self._decide(check)
        holders = self._holders(check)
        if holders != self._listing.all:
            true = boxes.simplify(box.meet(Box(holders)) for box in true)
        return true, false

    def _holders(self, check: Check) -> int:
        """The events that have all parameters which the check reads; it is false for the others."""
        holders = self._listing.all
        for ref in fields_of(check):
            found = lookup(self._listing, ref.name, ref.arg)
            if isinstance(found, Resolved) and found.field.name in ("evt.arg", "evt.rawarg") and found.arg is not None:
                holders &= self._listing.having(found.arg)
        return holders

    def _decide(self, check: Check) -> Answers:
        truth = never_or_always(check)
        if truth is not None:
            return ((self.everything,), ()) if truth else ((), (self.everything,))
        if not isinstance(check.lhs, FieldRef) or check.lhs.arg is not None or check.rhs is not None:
            return self._both
        if not all(is_utf8(value.text) for value in check.values):
            return self._both  # the tables hold text
        if check.lhs.name in _ON_HOST_EMPTY:
            return self._container_only(check)
        decide = self._tables.get(check.lhs.name)
        return decide(check) if decide is not None else self._both

    def _if(self, box: Box) -> Answers:
        """May be true only inside the box, may be false anywhere."""
        return (() if box.is_empty else (box,)), (self.everything,)

    def _event_type(self, check: Check) -> Answers:
        """``evt.type`` is never absent and the kernel knows it: both answers are exact, but for asynchronous events,
        whose one code prints many names."""
        if check.op not in ("=", "!=", "in") or check.modifier is not None:
            return self._both
        yes = Box(self._printed(check))
        no = Box(self._listing.all & ~yes.codes | self._listing.asynchronous)
        if check.op == "!=":
            yes, no = no, yes
        return boxes.simplify((yes,)), boxes.simplify((no,))

    def _syscall_type(self, check: Check) -> Answers:
        """Like ``evt.type`` where true; absent, and so false, for whatever is no system call."""
        if check.op not in ("=", "in") or check.modifier is not None:
            return self._both
        codes = self._printed(check)
        return boxes.simplify((Box(codes),)), boxes.simplify((Box(self._listing.all & ~codes),))

    def _printed(self, check: Check) -> int:
        codes = 0
        for value in check.values:
            codes |= self._listing.printed.get(value.text, 0)
        return codes

    def _open_flag(self, check: Check, access: int) -> Answers:
        """True only for opens with one of the access modes; false, never absent, for all other events."""
        if check.op in ("=", "in") and check.modifier is None and [v.text for v in check.values] == ["true"]:
            return self._if(Box(self._open_flags, access=access))
        return self._both

    def _creating(self, check: Check) -> Answers:
        """True only for opens that may make a file; false, never absent, for all other events."""
        if check.op in ("=", "in") and check.modifier is None and [v.text for v in check.values] == ["true"]:
            return self._if(Box(self._opens, creating=boxes.CREATES))
        return self._both

    def _result(self, codes: int, result: int) -> Answers:
        """True only for these results where ``codes`` have one; unknown for the other events."""
        rest = self._listing.all & ~codes
        return boxes.simplify((Box(codes, result=result), Box(rest))), (self.everything,)

    def _number_result(self, check: Check, codes: int, in_progress: tuple[int, ...]) -> Answers:
        """The result itself, or a number that is negative where it is; ``in_progress`` is what EINPROGRESS yields."""
        if check.modifier is not None or check.op not in _NUMBER_TESTS:
            return self._both
        bounds = [int(value.text) for value in check.values]
        test = _NUMBER_TESTS[check.op]
        result = 0
        if any(_holds_in_range(check.op, bound, 0, None) for bound in bounds):
            result |= boxes.OK
        if any(test(number, bound) for number in in_progress for bound in bounds):
            result |= boxes.PROGRESS
        if any(_holds_in_range(check.op, bound, None, -1) for bound in bounds):
            result |= boxes.FAIL
        return self._result(codes, result)

    def _text_result(self, check: Check) -> Answers:
        """``evt.res``: SUCCESS, EINPROGRESS, or any other name for a failure."""
        if check.modifier is not None or check.op not in ("=", "in", "startswith"):
            return self._both
        texts = [value.text for value in check.values]
        if check.op == "startswith":
            named = (result for name, result in _RESULT_NAMES.items() if name.startswith(texts[0]))
        else:
            named = (_RESULT_NAMES.get(text, boxes.FAIL) for text in texts)
        return self._result(self._results, _sum(named) | (boxes.FAIL if check.op == "startswith" else 0))

    def _failed(self, check: Check) -> Answers:
        if check.op not in ("=", "in") or check.modifier is not None or [v.text for v in check.values] != ["false"]:
            return self._both
        return self._result(self._results, boxes.OK)

    def _host_name(self, check: Check) -> Answers:
        """Container id and type are the word ``host`` on the host and never that inside a container."""
        if check.modifier is not None or check.op not in ("=", "!=", "in"):
            return self._both
        texts = {value.text for value in check.values}
        host, container = "host" in texts, texts != {"host"} and bool(texts)
        if check.op == "!=":
            host, container = not host, True
        where = (boxes.HOST if host else 0) | (boxes.CONTAINER if container else 0)
        return self._if(Box(self._listing.all, container=where))

    def _container_only(self, check: Check) -> Answers:
        ops = ("=", "in", "startswith", "endswith", "contains", "icontains")
        if check.op not in ops or not check.values or any(not value.text for value in check.values):
            return self._both
        return self._if(Box(self._listing.all, container=boxes.CONTAINER))

    def _path(self, check: Check) -> Answers:
        return self._tests(check, _path_tests)

    def _directory(self, check: Check) -> Answers:
        return self._tests(check, _directory_tests)

    def _filename(self, check: Check) -> Answers:
        return self._tests(check, _filename_tests)

    def _climbing(self, check: Check) -> Answers:
        """The path as given can only hold a text with ``../`` in it where it holds ``../``."""
        ops = ("=", "in", "contains", "startswith", "endswith")
        if check.op not in ops or not check.values or not all("../" in value.text for value in check.values):
            return self._both
        return self._if(Box(self._listing.all, climbing=boxes.CLIMBS))

    def _name(self, check: Check) -> Answers:
        """True only for tasks whose short name is one of the texts."""
        if check.op not in ("=", "in") or check.modifier is not None or not check.values:
            return self._both
        return self._if(Box(self._listing.all, names=frozenset(value.text for value in check.values)))

    def _kind(self, check: Check, words: dict[str, int]) -> Answers:
        """True only for descriptors of the kinds that are named. Any other word may be said of what the kernel filter
        takes for a file or for none of the others."""
        if check.op not in ("=", "in") or check.modifier is not None or not check.values:
            return self._both
        kind = _sum(words.get(value.text, boxes.FILE | boxes.OTHER) for value in check.values)
        return self._if(Box(self._listing.all, kind=kind))

    def _transport(self, check: Check) -> Answers:
        """Absent, and so false, where the descriptor is no internet socket."""
        if check.op not in ("=", "!=", "in") or check.modifier is not None or not check.values:
            return self._both
        transport = _sum(_TRANSPORTS.get(value.text, boxes.NO_TCP_UDP) for value in check.values)
        if check.op == "!=":
            # Other words than tcp and udp share a bit with what they are not.
            transport = boxes.ANY_TRANSPORT & ~(transport & (boxes.TCP | boxes.UDP))
        return self._if(Box(self._listing.all, kind=_INTERNET, transport=transport))

    def _port(self, check: Check) -> Answers:
        """True only where one of the two ports is the number; which of them is the kernel's guess as good as ours."""
        if check.op not in ("=", "in") or check.modifier is not None or not check.values:
            return self._both
        texts = [value.text for value in check.values]
        if not all(text.isdecimal() and int(text) <= _MAX_PORT for text in texts):
            return self._both
        return self._if(Box(self._listing.all, kind=_INTERNET, ports=frozenset(map(int, texts))))

    def _network(self, check: Check) -> Answers:
        """True only where an address is among those that are named, and false only where one is not; which of the two
        ends a field means is userspace's to tell."""
        if check.op not in ("=", "!=", "in") or check.modifier is not None or not check.values:
            return self._both
        named = _networks(value.text for value in check.values)
        if named is None:
            return self._both
        everything = self._listing.all
        if check.op == "!=":
            return self._if(Box(everything, kind=_INTERNET, outside=frozenset({named})))
        inside = Box(everything, kind=_INTERNET, inside=named)
        return (inside,), (Box(everything, outside=frozenset({named})),)

    def _user(self, check: Check) -> Answers:
        """True only for tasks whose effective user is among those that compare so."""
        if check.modifier is not None or not check.values:
            return self._both
        users = _users(check.op, [int(value.text) % _USERS for value in check.values])
        return self._if(Box(self._listing.all, users=users)) if users is not None else self._both

    def _tests(self, check: Check, derive: Callable[[str, str], list[PathTest] | None]) -> Answers:
        """True only where one of the tests passes that some value of the check implies."""
        if not check.values:
            return self._both
        tests: set[PathTest] = set()
        for value in check.values:
            derived = derive(check.op, value.text)
            if derived is None:
                return self._both
            tests.update(derived)
        return self._if(Box(self._listing.all, path=frozenset(tests)))


_TYPES: Final = {"ipv4": boxes.IPV4, "ipv6": boxes.IPV6, "unix": boxes.UNIX, "directory": boxes.DIRECTORY}
_TYPE_CHARS: Final = {"4": boxes.IPV4, "6": boxes.IPV6, "u": boxes.UNIX, "d": boxes.DIRECTORY}
_INTERNET: Final = boxes.IPV4 | boxes.IPV6
_SOCKET_FAMILIES: Final = {"ip": _INTERNET, "unix": boxes.UNIX}
_TRANSPORTS: Final = {"tcp": boxes.TCP, "udp": boxes.UDP}
_PORTS: Final = ("fd.port", "fd.cport", "fd.sport", "fd.lport", "fd.rport")
_MAX_PORT: Final = 65535
_ADDRESSES: Final = tuple(f"fd.{end}{kind}" for end in ("", "c", "s", "l", "r") for kind in ("ip", "net"))
_LONGEST_WHOLE: Final = 240
_USERS: Final = 1 << 32
_MOST_USERS: Final = 64
"""Users that an order comparison may spell out."""

_RESULT_NAMES: Final = {"SUCCESS": boxes.OK, "EINPROGRESS": boxes.PROGRESS}

_NUMBER_TESTS: Final[dict[str, Callable[[int, int], bool]]] = {
    "=": lambda number, bound: number == bound,
    "in": lambda number, bound: number == bound,
    "!=": lambda number, bound: number != bound,
    "<": lambda number, bound: number < bound,
    "<=": lambda number, bound: number <= bound,
    ">": lambda number, bound: number > bound,
    ">=": lambda number, bound: number >= bound,
}


def _sum(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _holds_in_range(op: str, bound: int, low: int | None, high: int | None) -> bool:
    """Whether some result from ``low`` to ``high`` (None: unbounded) but EINPROGRESS compares so with ``bound``."""
    test = _NUMBER_TESTS[op]
    near = [*range(bound - 2, bound + 3), *(n for n in (low, high) if n is not None)]
    inside = (n for n in near if (low is None or n >= low) and (high is None or n <= high) and n != _EINPROGRESS)
    return any(test(n, bound) for n in inside)


def _has_result(code: Code) -> bool:
    first = next(iter(code.event.params.values()), "")
    return code.event.kind == "syscall" and code.syscall is None and first in _RESULT_TYPES


def _networks(texts: Iterable[str]) -> Networks | None:
    """The texts as networks, None where one is none. The kernel's tables keep no IPv4-mapped addresses."""
    found = set()
    for text in texts:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            return None
        if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped is not None:
            return None
        found.add(str(network))
    return frozenset(found)


def _users(op: str, bounds: list[int]) -> Users | None:
    """The users for whom the comparison holds with some bound; None where they are too many to name."""
    if op in ("=", "in"):
        return Users(frozenset(bounds), others=False)
    if op == "!=":
        return Users(frozenset(bounds)) if len(bounds) == 1 else boxes.ANY_USER
    if op not in _NUMBER_TESTS or len(bounds) != 1 or bounds[0] >= _MOST_USERS:
        return None
    (bound,) = bounds
    below = frozenset(user for user in range(bound + 1) if _NUMBER_TESTS[op](user, bound))
    if op in ("<", "<="):
        return Users(below, others=False)
    return Users(frozenset(range(bound + 1)) - below)


def _is_short(text: str) -> bool:
    """Whether the sensor can look for it as a whole: a key that was cut would never be found."""
    return len(text.encode()) <= _LONGEST_WHOLE


def _literal_prefix(pattern: str) -> str:
    """The part of a glob before its first special character."""
    for at, char in enumerate(pattern):
        if char in "*?[\\":
            return pattern[:at]
    return pattern


def _prefix(text: str) -> list[PathTest] | None:
    return [("prefix", text)] if text else None


def _path_tests(op: str, text: str) -> list[PathTest] | None:
    """Tests one of which passes whenever ``fd.name op text`` holds, or None where there are none."""
    match op:
        case "=" | "in" | "intersects":
            return [("exact", text)]
        case "startswith":
            return _prefix(text)
        case "glob":
            return _prefix(_literal_prefix(text))
        case "endswith":
            _directory, slash, name = text.rpartition("/")
            return [("filename", name)] if slash and name and _is_short(name) else None
        case "pmatch":
            return _component_tests(text)
    return None


def _component_tests(text: str) -> list[PathTest] | None:
    parts = [part for part in text.split("/") if part]
    plain: list[str] = []
    for part in parts:
        if set("?*[") & set(part):
            return _prefix(f"/{'/'.join(plain)}/") if plain else None
        plain.append(part)
    whole = f"/{'/'.join(plain)}"
    return [("exact", whole), ("prefix", f"{whole}/")] if plain else None


def _directory_tests(op: str, text: str) -> list[PathTest] | None:
    """The same for ``fd.directory``, which is the name up to its last slash, or the whole name of a directory."""
    if not text.strip("/") or not text.startswith("/"):
        return None
    match op:
        case "=" | "in" | "intersects":
            return [("exact", text), ("folder", text) if _is_short(text) else ("prefix", f"{text}/")]
        case "startswith":
            return _prefix(text)
        case "glob":
            return _directory_tests("startswith", _literal_prefix(text))
        case "pmatch":
            return _component_tests(text)
    return None


def _filename_tests(op: str, text: str) -> list[PathTest] | None:
    """The same for ``fd.filename``, the name behind the last slash."""
    if op in ("=", "in", "intersects") and text and "/" not in text and _is_short(text):
        return [("filename", text)]
    return None
