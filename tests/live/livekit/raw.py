"""System calls as the kernel takes them: by name, with registers and memory of one's own making."""

from __future__ import annotations

import ctypes
import errno
from functools import cache
from typing import Any

from yarak import _core

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long

BAD_POINTER = 0x10
"""An address that no program has anything at."""

AT_FDCWD = -100
AT_EMPTY_PATH = 0x1000

Argument = int | bytes | None | ctypes.Array[Any] | ctypes.Structure | ctypes._SimpleCData


@cache
def numbers() -> dict[str, int]:
    """x86_64 numbers of all system calls, by name."""
    return {call["name"]: call["native"] for call in _core.syscalls() if call["native"] is not None}


def call(name: str, *arguments: Argument) -> int:
    """Makes the system call; its result, or the negated errno."""
    words = [_word(argument) for argument in arguments]
    result: int = LIBC.syscall(ctypes.c_long(numbers()[name]), *words)
    return -ctypes.get_errno() if result == -1 and ctypes.get_errno() else result


def _word(argument: Argument) -> Any:
    if argument is None:
        return ctypes.c_long(0)
    if isinstance(argument, int):
        return ctypes.c_long(argument)
    if isinstance(argument, bytes):
        return ctypes.c_char_p(argument)
    return ctypes.byref(argument)


class TimeSpec(ctypes.Structure):
    """struct timespec (timespec(3type))."""

    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class Part(ctypes.Structure):
    """struct iovec (iovec(3type))."""

    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def parts(*buffers: ctypes.Array[Any]) -> ctypes.Array[Part]:
    """An iovec array over the buffers, which it keeps alive."""
    array = (Part * len(buffers))(*[Part(ctypes.addressof(b), ctypes.sizeof(b)) for b in buffers])
    array.buffers = buffers  # type: ignore[attr-defined]
    return array


def room(size_or_bytes: int | bytes) -> ctypes.Array[ctypes.c_char]:
    """Memory of a size, or with content (without a NUL behind it)."""
    if isinstance(size_or_bytes, int):
        return (ctypes.c_char * size_or_bytes)()
    return (ctypes.c_char * len(size_or_bytes)).from_buffer_copy(size_or_bytes)


def words(*values: int) -> ctypes.Array[ctypes.c_uint]:
    """An array of 32-bit numbers."""
    return (ctypes.c_uint * len(values))(*[value & 0xFFFFFFFF for value in values])


def longs(*values: int) -> ctypes.Array[ctypes.c_ulong]:
    """An array of 64-bit numbers."""
    return (ctypes.c_ulong * len(values))(*[value & (1 << 64) - 1 for value in values])


def address(memory: ctypes.Array[Any] | ctypes.Structure) -> int:
    """Where it lies."""
    return ctypes.addressof(memory)


__all__ = [
    "AT_EMPTY_PATH",
    "AT_FDCWD",
    "BAD_POINTER",
    "Part",
    "TimeSpec",
    "address",
    "call",
    "errno",
    "longs",
    "parts",
    "room",
    "words",
]
