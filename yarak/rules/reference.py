"""The rules language in a few dozen lines, straight from the spec (rules-language.md, sections 9 to 12).

It evaluates a condition over a dict of field values; a field that is missing from the dict is absent. It is slow and
plain on purpose: the fast evaluator and the kernel filter are tested against it.
"""

from __future__ import annotations

import base64
import fnmatch
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from msgspec import structs

from . import literals
from .boxes import MAX_OUTSIDE
from .nodes import And, Argument, Check, FieldRef, ListArg, Node, Not, Or, TextArg, Transform
from .operators import family
from .printing import accessor

Values = Mapping[str, Any]
"""Field as written (``proc.aname[2]``) to its value: str, bytes, bool, int, float, an ipaddress object, a list for list
fields, or Ancestors."""

Types = Mapping[str, str]
"""Field as written to its declared type: how a number that does not fit is converted. Without it nothing is cut."""


@dataclass(frozen=True, slots=True)
class Ancestors:
    """The value of an ancestor field without an index: a check holds if it holds for any of these."""

    values: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends of a connection: a check holds if it holds for either; ``!=`` has to hold for both."""

    values: Sequence[Any]


def matches(node: Node, values: Values, types: Types = MappingProxyType({})) -> bool:
    """Whether the (macro-free) condition holds."""
    match node:
        case And(children=children):
            return all(matches(child, values, types) for child in children)
        case Or(children=children):
            return any(matches(child, values, types) for child in children)
        case Not(child=child):
            return not matches(child, values, types)
        case Check():
            return _check(node, values, types)
    raise ValueError(f"macro {node.name} is not resolved")


def _check(check: Check, values: Values, types: Types) -> bool:
    left = value_of(check.lhs, values)
    if left is None:
        return False
    if check.op == "exists":
        return True
    if check.rhs is not None:
        right = value_of(check.rhs, values)
        wanted = None if right is None else right if isinstance(right, list) else [right]
    else:
        wanted = [_number(value.text, _type_of(check.lhs, types)) for value in check.values]
    if wanted is None:
        return False
    if isinstance(left, Ends):
        return _compare_ends(check, left, wanted)
    candidates = left.values if isinstance(left, Ancestors) else [left]
    return any(_compare(check, candidate, wanted) for candidate in candidates)


def _compare_ends(check: Check, ends: Ends, wanted: list[Any]) -> bool:
    if isinstance(check.lhs, FieldRef) and check.lhs.name == "fd.net" and check.op in ("in", "intersects"):
        wanted = wanted[:1]  # only the first network counts (fields-semantics.md, section 4)
    over = all if check.op == "!=" else any
    single = structs.replace(check, modifier=None)
    return _quantify(check.modifier, [over(_compare(single, end, [one]) for end in ends.values) for one in wanted])


def _type_of(argument: Argument, types: Types) -> str | None:
    """The declared type of what an accessor yields, where it is known and matters."""
    if isinstance(argument, FieldRef):
        return types.get(accessor(argument))
    return "UINT64" if isinstance(argument, Transform) and argument.name == "len" else None


def _number(text: str, type_name: str | None) -> str | int:
    if type_name is None or family(type_name) != "numeric":
        return text
    number = literals.port(text) if type_name == "PORT" else int(text)
    return text if number is None else literals.number(str(number), type_name)


def _compare(check: Check, left: Any, wanted: list[Any]) -> bool:
    if isinstance(left, list):
        found = [any(_equal(element, literal) for literal in wanted) for element in left]
        return all(found) if check.op == "in" else any(found)
    if check.op in ("in", "intersects"):
        return any(_equal(left, literal) for literal in wanted)
    if check.op == "pmatch":
        return any(_path_match(left, literal) for literal in wanted)
    test = _OPERATORS[check.op]
    return _quantify(check.modifier, [test(left, _typed(left, literal)) for literal in wanted])


def _quantify(modifier: str | None, results: list[bool]) -> bool:
    match modifier:
        case "oneof":
            return sum(results) == 1
        case "allof":
            return all(results)
    return any(results)


def _typed(left: Any, literal: Any) -> Any:
    """The literal as a value of the left side's type."""
    if not isinstance(literal, str) or isinstance(left, str):
        return literal
    if isinstance(left, bool):
        return literal == "true"
    if isinstance(left, (int, float)):
        return int(literal)
    if isinstance(left, bytes):
        return literals.as_bytes(literal)
    return ipaddress.ip_network(literal, strict=False) if "/" in literal else ipaddress.ip_address(literal)


def _equal(left: Any, literal: Any) -> bool:
    right = _typed(left, literal)
    if isinstance(right, (ipaddress.IPv4Network, ipaddress.IPv6Network)):
        return left in right
    return bool(left == right)


def _path_match(path: str, pattern: str) -> bool:
    have = [part for part in path.split("/") if part]
    want = [part for part in pattern.split("/") if part]
    return len(want) <= len(have) and all(_component(part, glob) for part, glob in zip(have, want, strict=False))


def _component(part: str, pattern: str) -> bool:
    return _glob(part, pattern) if set("?*[") & set(pattern) else part == pattern


def _glob(text: str, pattern: str) -> bool:
    return re.fullmatch(fnmatch.translate(re.sub(r"\\(.)", r"[\1]", pattern)), text, re.DOTALL) is not None


def _lower(text: str) -> str:
    """Only ASCII letters have two cases."""
    return literals.as_text(literals.as_bytes(text).lower())


_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "contains": lambda left, right: right in left,
    "icontains": lambda left, right: _lower(right) in _lower(left),
    "startswith": lambda left, right: left.startswith(right),
    "endswith": lambda left, right: left.endswith(right),
    "bcontains": lambda left, right: bytes.fromhex(right.decode()) in left,
    "bstartswith": lambda left, right: left.startswith(bytes.fromhex(right.decode())),
    "glob": _glob,
    "iglob": lambda left, right: _glob(_lower(left), _lower(right)),
    "regex": lambda left, right: re.fullmatch(right, left) is not None,
}


def value_of(argument: Argument, values: Values) -> Any:
    """The value of an accessor, None where it is absent."""
    match argument:
        case FieldRef():
            return values.get(accessor(argument))
        case TextArg(text=text):
            return text
        case ListArg(items=items):
            elements = [value_of(item, values) for item in items]
            return None if any(element is None for element in elements) else [str(element) for element in elements]
        case Transform(args=args):
            given = [value_of(arg, values) for arg in args]
            return None if any(value is None for value in given) else _transform(argument, given)


def _transform(call: Transform, given: list[Any]) -> Any:
    first = given[0]
    match call.name:
        case "tolower":
            return _lower(first)
        case "toupper":
            return literals.as_text(literals.as_bytes(first).upper())
        case "basename":
            return first.rpartition("/")[2]
        case "len":
            return len(literals.as_bytes(first) if isinstance(first, str) else first)
        case "concat":
            return "".join(given)
        case "join":
            return str(first).join(given[1])
        case "b64":
            return _decode(first)
        case "getopt":
            return _getopt(first, given[1], call.selector)
    return first


def _decode(text: str | bytes) -> str | bytes | None:
    raw = literals.as_bytes(text) if isinstance(text, str) else text
    try:
        decoded = base64.b64decode(raw.rstrip(b"=") + b"=" * (-len(raw.rstrip(b"=")) % 4), validate=True)
    except ValueError:
        return None
    return literals.as_text(decoded) if isinstance(text, str) else decoded


def _getopt(argv: list[str], options: str, selector: str | None) -> Any:
    found: list[tuple[str, str | None]] = []
    words = iter(argv)
    for word in words:
        if word.startswith("--") and word != "--":
            continue
        if not word.startswith("-") or word in ("-", "--"):
            break
        _cluster(word[1:], words, options, found)
    if selector is None:
        return [text for option, value in found for text in (option, value) if text is not None]
    chosen = [option if value is None else value for option, value in found if option == selector]
    return chosen[-1] if chosen else None


def _cluster(letters: str, words: Any, options: str, found: list[tuple[str, str | None]]) -> None:
    for at, letter in enumerate(letters):
        if letter == ":" or letter not in options:
            found.append(("?", None))
        elif f"{letter}:" in options:
            found.append((letter, letters[at + 1 :] or next(words, "")))
            return
        else:
            found.append((letter, None))


def kernel_answer(
    tables: Mapping[str, Any], syscall: int, result: str, *, access: str | None = None,
    paths: Sequence[str] | None = None, climbs: bool | None = None, where: str | None = None, kind: str | None = None,
    ports: Sequence[int] | None = None, name: str | None = None, user: int | None = None,
    addresses: Sequence[str | None] | None = None, creating: str | None = None, transport: str | None = None,
) -> set[int]:  # fmt: skip
    """The clauses that the kernel filter's tables leave possible for an event; none means that it is dropped.

    None for a dimension that the kernel cannot compute: it leaves everything. ``paths`` are the event's names, the
    given one and the real one; ``ports`` and ``addresses`` are the socket's two, none where the descriptor is no
    internet socket, and None for an address that the kernel has not set.
    """
    possible = set(tables["syscalls"].get(str(syscall), ()))
    possible &= set(tables["result"][result])
    small = {"access": access, "container": where, "kind": kind, "creating": creating, "transport": transport}
    for table, key in small.items():
        if key is not None:
            possible &= set(tables[table][key])
    if climbs is not None:
        possible &= set(tables["climbing"]["climbs" if climbs else "stays"])
    if paths is not None:
        possible &= set().union(*(_path_answer(tables["path"], path) for path in paths))
    if ports is not None:
        table = tables["port"]
        possible &= set(table["any"]).union(*(table["ports"].get(str(port), ()) for port in ports))
    if name is not None:
        possible &= {*tables["name"]["any"], *tables["name"]["names"].get(name, ())}
    if user is not None:
        table = tables["user"]
        possible &= {*table["any"], *table["users"].get(str(user), table["other"])}
    if addresses:
        possible = _network_answer(tables["network"], possible, addresses)
    return possible


def _network_answer(table: Mapping[str, Any], possible: set[int], addresses: Sequence[str | None]) -> set[int]:
    around = [
        [entry for network, entry in table["networks"].items() if _in_network(address, network)]
        for address in addresses
    ]
    wanted = {clause for entries in around for entry in entries for clause in entry["wanted"]}
    possible = {clause for clause in possible if clause not in table["inside"] or clause in wanted}
    if None not in addresses:
        for slot in range(MAX_OUTSIDE):
            shunned = [{clause for entry in entries for clause in entry["shunned"][slot]} for entries in around]
            possible -= set.intersection(*shunned)
    return possible


def _in_network(address: str | None, network: str) -> bool:
    return address is not None and ipaddress.ip_address(address) in ipaddress.ip_network(network)


def _path_answer(tables: Mapping[str, Any], path: str) -> set[int]:
    found = set(tables["any"]) | set(tables["exact"].get(path, ()))
    directory, _, name = path.rpartition("/")
    found |= set(tables["filename"].get(name, ())) | set(tables["folder"].get(directory or "/", ()))
    longest = max((prefix for prefix in tables["prefix"] if path.startswith(prefix)), key=len, default=None)
    return found | set(tables["prefix"][longest] if longest is not None else ())
