"""What a process's BPF maps hold, asked of the kernel (bpf(2))."""

from __future__ import annotations

import ctypes
import os
import re
import struct
from contextlib import suppress
from pathlib import Path

from .raw import call

GET_NEXT_KEY, GET_FD_BY_ID, GET_INFO = 4, 14, 15
INFO_BYTES, NAME_AT, KEY_SIZE_AT = 88, 24, 8
"""Of struct bpf_map_info."""


def keys(pid: int, name: str) -> set[bytes]:
    """The keys of the map of this name that the process has open; KeyError if it has none."""
    folder = Path(f"/proc/{pid}/fdinfo")
    texts = []
    for entry in folder.iterdir():
        with suppress(FileNotFoundError):
            texts.append(entry.read_text())
    for number in sorted({int(found[1]) for text in texts if (found := re.search(r"^map_id:\s*(\d+)", text, re.M))}):
        fd = _bpf(GET_FD_BY_ID, ctypes.create_string_buffer(struct.pack("=I", number), 16))
        try:
            info = ctypes.create_string_buffer(INFO_BYTES)
            _bpf(GET_INFO, ctypes.create_string_buffer(struct.pack("=IIQ", fd, INFO_BYTES, ctypes.addressof(info)), 16))
            if info.raw[NAME_AT : NAME_AT + 16].rstrip(b"\0") == name.encode()[:15]:
                (size,) = struct.unpack_from("=I", info.raw, KEY_SIZE_AT)
                return set(_keys(fd, size))
        finally:
            os.close(fd)
    raise KeyError(name)


def _keys(fd: int, size: int) -> list[bytes]:
    """In order, from the first; entries that go meanwhile may let it begin anew, so that it may name one twice."""
    found: list[bytes] = []
    at, after = ctypes.create_string_buffer(size), ctypes.create_string_buffer(size)
    while True:
        start = ctypes.addressof(at) if found else 0
        attr = ctypes.create_string_buffer(struct.pack("=IxxxxQQ", fd, start, ctypes.addressof(after)), 32)
        if call("bpf", GET_NEXT_KEY, attr, 32) < 0:
            return found
        found.append(after.raw)
        at.raw = after.raw


def _bpf(command: int, attr: ctypes.Array[ctypes.c_char]) -> int:
    result = call("bpf", command, attr, ctypes.sizeof(attr))
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    return result
