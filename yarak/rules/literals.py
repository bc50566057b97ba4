"""Which texts are values of which type (spec: rules-language.md, section 10)."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from . import operators, printing

MAX_TEXT_BYTES: Final = 255

_NUMBER: Final = re.compile(r"[ \t]*[+-]?[0-9]+")
_GROUPS: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()]", re.DOTALL)
_SIGNED: Final = {"INT8": 8, "INT16": 16, "INT32": 32, "INT64": 64, "FD": 64, "PID": 64, "ERRNO": 64, "DOUBLE": 32}
_UNSIGNED: Final = {
    **dict.fromkeys(("UINT8", "FLAGS8", "ENUMFLAGS8", "SIGTYPE"), 8),
    **dict.fromkeys(("UINT16", "FLAGS16", "ENUMFLAGS16", "SYSCALLID", "PORT"), 16),
    **dict.fromkeys(("UINT64", "RELTIME", "ABSTIME"), 64),
}
"""Bits of a number's type; the rest are unsigned with 32."""


def problem(text: str, op: str, type_name: str) -> str | None:
    """Why ``text`` cannot be compared by ``op`` with a value of the type, or None where it can."""
    kind = operators.family(type_name)
    if kind in ("string", "buffer"):
        return _text_problem(text, op)
    if not is_utf8(text):
        return f"{printing.value(text)} is no value of type {type_name}"
    if type_name == "BOOL":
        return None if text in ("true", "false") else f"{text} is not a valid boolean, expected true or false"
    if type_name == "IPADDR":
        return None if _is_address(text) else f"unrecognized IP address {text}"
    if type_name == "IPNET":
        return None if _is_network(text) else f"unrecognized IP network {text}"
    if type_name == "PORT":
        return None if port(text) is not None else f"unrecognized protocol {text}"
    return None if _NUMBER.fullmatch(text) else f"{text} is not a valid number"


def _text_problem(text: str, op: str) -> str | None:
    if len(as_bytes(text)) > MAX_TEXT_BYTES and op != "regex":
        return f"the value is longer than {MAX_TEXT_BYTES} bytes"
    if op in ("bcontains", "bstartswith"):
        fits = len(text) % 2 == 0 and re.fullmatch(r"[0-9A-Fa-f]+", text)
        return None if fits else f"'{text}' is not a valid hex string: expected an even number of hex digits"
    return _regex_problem(text) if op == "regex" else None


def _regex_problem(pattern: str) -> str | None:
    """What the core says of a pattern; nothing where there is no core to ask."""
    if not is_utf8(pattern):
        return f"invalid regular expression {printing.value(pattern)}: it is no UTF-8 text"
    try:
        from yarak import _core
    except ImportError:
        return None
    return _core.regex_problem(pattern)


def guilty_stretch(written: str, fault: str) -> tuple[int, int]:
    """The stretch of a regular expression, as it is written, that the core's words about it mean."""
    reason = fault.rpartition("': ")[2]
    if reason == "missing )":
        opened = _unclosed(written)
        return (opened, opened + 1) if opened is not None else (0, len(written))
    part = reason.partition(": ")[2]
    at = written.find(part) if part else -1
    return (at, at + len(part)) if at >= 0 else (0, len(written))


def _unclosed(pattern: str) -> int | None:
    opened: list[int] = []
    for match in _GROUPS.finditer(pattern):
        if match.group() == "(":
            opened.append(match.start())
        elif match.group() == ")" and opened:
            opened.pop()
    return opened[-1] if opened else None


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text) if "." in text else ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _is_network(text: str) -> bool:
    if "/" not in text:
        return ":" in text and _is_address(text)
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return text.rpartition("/")[2].isdecimal()


def port(text: str) -> int | None:
    """The port that a literal names: a number, a service of the services database, or 0 for an empty text."""
    if not text:
        return 0
    if text.isdecimal():
        return int(text)
    import socket

    try:
        return socket.getservbyname(text)
    except OSError:
        return None


def number(text: str, type_name: str) -> int:
    """The value that a number's text is for a field of the type: cut to its width, negative ones wrapped if unsigned.

    As sscanf does it: what exceeds 64 bits is the nearest number that has 64, and nothing is diagnosed.
    """
    value = int(text)
    if type_name in _SIGNED:
        half = 1 << _SIGNED[type_name] - 1
        return (max(-(1 << 63), min(value, (1 << 63) - 1)) + half) % (2 * half) - half
    whole = (1 << 64) - 1
    return max(-whole, min(value, whole)) % (1 << _UNSIGNED.get(type_name, 32))


def as_bytes(text: str) -> bytes:
    """The bytes of a value. Those that are no UTF-8 are lone surrogates in its text, as in names of files."""
    return text.encode(errors="surrogateescape")


def as_text(value: bytes) -> str:
    """The text that stands for the bytes of a value."""
    return value.decode(errors="surrogateescape")


def is_utf8(text: str) -> bool:
    """Whether the bytes of a value are UTF-8 text."""
    return text.isascii() or not any("\udc80" <= char <= "\udcff" for char in text)


def wire(text: str, type_name: str) -> str | dict[str, str]:
    """The form of a valid literal that the core reads: service names become numbers, bytes ``{"hex": …}``."""
    if not is_utf8(text):
        return {"hex": as_bytes(text).hex()}
    return str(port(text)) if type_name == "PORT" else text
