"""Where the reference captures are, and captures made by hand."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

Replayed = Callable[..., list[str]]
"""Runs `yarak replay`: arguments → lines on stdout; `err` has what was on stderr."""


SHADOW_RULE = """
- rule: Shadow
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "%proc.name read %fd.name (%evt.num)"
  priority: WARNING
"""
"""Reads of the password store."""


def shared() -> Path:
    """The folder with reference captures. Skips, or fails where CI=true, if there is none."""
    default = Path(__file__).resolve().parents[3] / "shared"
    folder = Path(os.environ.get("YARAK_SHARED", default)) / "data" / "captures"
    if not folder.is_dir():
        assert os.environ.get("CI") != "true", f"reference data is missing: {folder}"
        pytest.skip(f"reference data is missing: {folder} (set YARAK_SHARED)")
    return folder


def block(kind: int, body: bytes) -> bytes:
    """A block: type, length, body, padding, length."""
    total = (8 + len(body) + 4 + 3) // 4 * 4
    return struct.pack("<II", kind, total) + body.ljust(total - 12, b"\0") + struct.pack("<I", total)


def section() -> bytes:
    """The block that every file begins with."""
    return block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 2, -1))


def text(value: str) -> bytes:
    """Bytes behind their length, as in lists."""
    raw = value.encode()
    return struct.pack("<H", len(raw)) + raw


def process(pid: int, ptid: int, name: str, *, cwd: str = "/", uid: int = 0) -> bytes:
    """An entry of a process list of version 5."""
    args = struct.pack("<H", 0)
    return (
        struct.pack("<qqq", pid, pid, ptid) + text(name) + text(f"/bin/{name}") + args + text(cwd)
        + struct.pack("<QIII", 1024, 0, uid, uid) + struct.pack("<IIIQQ", 0, 0, 0, 0, 0) + struct.pack("<H", 0)
        + struct.pack("<qq", pid, pid) + text("") + text("/")
    )  # fmt: skip


def processes(*entries: bytes) -> bytes:
    """A process list of version 5."""
    return block(0x211, b"".join(entries))


def event(ts: int, tid: int, kind: int, params: Sequence[bytes], *, cpu: int = 0) -> bytes:
    """An event block of today."""
    lengths = b"".join(struct.pack("<H", len(param)) for param in params)
    payload = lengths + b"".join(params)
    head = struct.pack("<QqIHI", ts, tid, 26 + len(payload), kind, len(params))
    return block(0x216, struct.pack("<H", cpu) + head + payload)


def write(path: Path, *blocks: bytes) -> Path:
    """A file of these blocks, behind a section header."""
    path.write_bytes(section() + b"".join(blocks))
    return path


def i64(*numbers: int) -> list[bytes]:
    """Parameters of eight bytes."""
    return [struct.pack("<q", number) for number in numbers]


def u32(number: int) -> bytes:
    """A parameter of four bytes."""
    return struct.pack("<I", number)


def chars(value: str) -> bytes:
    """A string parameter."""
    return value.encode() + b"\0"


def openat(ts: int, tid: int, fd: int, name: str, *, dirfd: int = -100, flags: int = 1) -> bytes:
    """A finished openat."""
    return event(ts, tid, 307, [*i64(fd, dirfd), chars(name), u32(flags), u32(0), u32(0), *i64(5)])
