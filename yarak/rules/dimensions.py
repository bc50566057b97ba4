"""What each dimension of a box says: in words for ``yarak rules plan``, as a condition where its events are counted.

One entry per dimension, in the order in which clauses tell them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from . import boxes, printing
from .boxes import Box, Networks, PathTest, Users
from .kernel_atoms import OPEN_EVENTS

_FEW: Final = 6


@dataclass(frozen=True, slots=True)
class Dimension:
    """``noun`` names it; ``words`` and ``condition`` tell a restriction. What the kernel cannot know passes the
    condition too."""

    name: str
    noun: str
    words: Callable[[Any], str]
    condition: Callable[[Any], str]


def asks(box: Box) -> list[str]:
    """What a clause asks for besides the system call, in words."""
    return [one.words(getattr(box, one.name)) for one in DIMENSIONS if one.name in box.asked]


def conditions(box: Box) -> list[str]:
    """The same as conditions."""
    return [one.condition(getattr(box, one.name)) for one in DIMENSIONS if one.name in box.asked]


def overlap(dimension: str, one: Box, other: Box) -> bool:
    """Whether both boxes restrict the dimension, and have something in common there."""
    if dimension not in one.asked or dimension not in other.asked:
        return False
    mine, theirs = getattr(one, dimension), getattr(other, dimension)
    return mine & theirs != boxes.NOBODY if isinstance(mine, Users) else bool(mine & theirs)


def listed(texts: Iterable[str], more_than: int = _FEW) -> str:
    """The first few of the texts, and how many more there are."""
    texts = list(texts)
    more = f", … {len(texts) - more_than} more" if len(texts) > more_than else ""
    return ", ".join(texts[:more_than]) + more


def _either(texts: Iterable[str]) -> str:
    return f"({' or '.join(texts)})"


def _among(field: str, values: Iterable[str]) -> str:
    return f"{field} in ({', '.join(map(printing.value, values))})"


Choice = tuple[int, str, str]
"""``(bit, words, condition)`` of one alternative."""


def _choice(name: str, noun: str, *choices: Choice, lead: str = "") -> Dimension:
    """A dimension that is a mask."""

    def words(mask: int) -> str:
        return lead + " or ".join(text for bit, text, _ in choices if mask & bit)

    def condition(mask: int) -> str:
        return _either(text for bit, _, text in choices if mask & bit)

    return Dimension(name, noun, words, condition)


_PATH_WORDS: Final = {"exact": "is", "prefix": "starts with", "filename": "ends in", "folder": "is in"}
_PATH_CHECKS: Final = {
    "exact": "fd.name = {}",
    "prefix": "fd.name startswith {}",
    "filename": "fd.filename = {}",
    "folder": "fd.directory = {}",
}


def _path_words(tests: frozenset[PathTest]) -> str:
    return f"path {listed(f'{_PATH_WORDS[kind]} {text}' for kind, text in sorted(tests))}"


def _path_condition(tests: frozenset[PathTest]) -> str:
    """The kernel looks at the names of opens alone."""
    others = f"not {_among('evt.type', sorted(OPEN_EVENTS))}"
    return _either([others, *(_PATH_CHECKS[kind].format(printing.value(text)) for kind, text in sorted(tests))])


def _ports_condition(ports: frozenset[int]) -> str:
    return f"({_among('fd.port', map(str, sorted(ports)))} or not fd.port exists)"


def _users_words(users: Users) -> str:
    return f"user id is {'none of ' if users.others else ''}{listed(map(str, sorted(users.named)))}"


def _users_condition(users: Users) -> str:
    return ("not " if users.others else "") + _among("user.uid", map(str, sorted(users.named)))


def _inside_condition(networks: Networks) -> str:
    return f"({_among('fd.net', sorted(networks))} or not fd.net exists)"


def _outside_words(groups: frozenset[Networks]) -> str:
    return " and ".join(f"an address is outside {listed(sorted(group))}" for group in sorted(groups, key=sorted))


def _outside_condition(groups: frozenset[Networks]) -> str:
    """An end without an address is in no network."""
    ends = (
        _either(f"not {_among(field, sorted(group))}" for field in ("fd.lnet", "fd.rnet"))
        for group in sorted(groups, key=sorted)
    )
    return f"({' and '.join(ends)})"


DIMENSIONS: Final = (
    _choice(
        "access", "access mode",
        (boxes.READ, "read", "(evt.is_open_read = true and evt.is_open_write = false)"),
        (boxes.WRITE, "write", "(evt.is_open_write = true and evt.is_open_read = false)"),
        (boxes.RDWR, "read and write", "(evt.is_open_read = true and evt.is_open_write = true)"),
        lead="opened to ",
    ),
    _choice(
        "result", "result",
        (boxes.OK, "succeeded", "(evt.failed = false or not evt.failed exists)"),
        (boxes.FAIL, "failed", "((evt.failed = true and not evt.res = EINPROGRESS) or not evt.failed exists)"),
        (boxes.PROGRESS, "in progress", "(evt.res = EINPROGRESS or not evt.failed exists)"),
    ),
    _choice(
        "container", "place",
        (boxes.HOST, "on the host", "(container.id = host or not container.id exists)"),
        (boxes.CONTAINER, "in a container", "not container.id = host"),
    ),
    _choice(
        "climbing", "../ in the path",
        (boxes.CLIMBS, "path holds ../", "fd.nameraw contains ../"),
        (boxes.STAYS, "path without ../", "not fd.nameraw contains ../"),
    ),
    _choice(
        "creating", "making files",
        (boxes.CREATES, "may make a file", "(evt.is_open_create = true or evt.arg.flags contains O_CREAT)"),
        (boxes.CREATES_NOT, "makes no file", "not evt.is_open_create = true"),
    ),
    _choice(
        "kind", "kind of descriptor",
        (boxes.IPV4, "IPv4", "fd.type = ipv4"),
        (boxes.IPV6, "IPv6", "fd.type = ipv6"),
        (boxes.UNIX, "unix socket", "fd.type = unix"),
        (boxes.FILE, "file", "fd.type in (file, memfd)"),
        (boxes.DIRECTORY, "directory", "fd.type = directory"),
        (boxes.OTHER, "anything else", "not fd.type in (ipv4, ipv6, unix, file, memfd, directory)"),
    ),
    _choice(
        "transport", "protocol",
        (boxes.TCP, "TCP", "fd.l4proto = tcp"),
        (boxes.UDP, "UDP", "fd.l4proto = udp"),
        (boxes.NO_TCP_UDP, "neither TCP nor UDP", "not fd.l4proto in (tcp, udp)"),
    ),
    Dimension("path", "path", _path_words, _path_condition),
    Dimension(
        "ports", "port", lambda ports: f"a port is {listed(map(str, sorted(ports)))}", _ports_condition
    ),
    Dimension(
        "names", "process name", lambda names: f"process name is {listed(sorted(names))}",
        lambda names: _among("proc.name", sorted(names)),
    ),
    Dimension("users", "user id", _users_words, _users_condition),
    Dimension(
        "inside", "network", lambda networks: f"an address is in {listed(sorted(networks))}", _inside_condition
    ),
    Dimension("outside", "network", _outside_words, _outside_condition),
)  # fmt: skip

NOUNS: Final = {one.name: one.noun for one in DIMENSIONS}
