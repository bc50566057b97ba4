"""Fields that captures have and live events do not: what is open, and what was told by no thread.

The capture is written here, so that every value is known beforehand.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from livekit.command import run
from livekit.field_lists import BY_CAPTURE
from livekit.fields import field_of

from yarak import _core

sys.path.append(str(Path(__file__).parents[1] / "replay"))

from capture_files import block, chars, event, i64, openat, process, processes, u32, write

START = 1_700_000_000 * 10**9
SECOND = 10**9
PID = 70
AF_INET = 2

SHOWN = {
    "proc.stdin.name": "/dev/null",
    "proc.stdin.type": "file",
    "proc.stdout.name": "",
    "proc.stdout.type": "pipe",
    "proc.stderr.name": "/var/log/app",
    "proc.stderr.type": "file",
    "proc.fdopencount": 6,
    "proc.fdusage": 6 * 100 / 1024,
    "fd.types": ["file", "pipe", "ipv4"],
    "fd.types[1]": ["pipe"],
    "fdlist.nums": "0,3,4,9",
    "fdlist.names": "/dev/null,10.0.0.1:40000->10.0.0.2:443,10.0.0.1:8080,<NA>",
    "fdlist.cips": "10.0.0.1",
    "fdlist.cports": "40000",
    "fdlist.sips": "10.0.0.2,10.0.0.1",
    "fdlist.sports": "443,8080",
    "evt.asynctype": None,
    "evt.is_async": False,
    "evt.type": "poll",
    # Times and counts, exactly.
    "evt.num": 8,
    "evt.reltime": 7 * SECOND + 7,
    "evt.reltime.s": 7,
    "evt.reltime.ns": 7,
    "evt.deltatime": 0,
    "evt.rawtime": START + 7 * SECOND + 7,
}
"""What the last event of the program shows: it waits for descriptors 0, 3 and 4, and 9, which is not open."""

NOTICES = {"useradded": "useradded", "asyncevent": "yk-notice"}
"""Name of the event, and what its type and its asynctype are."""


def of(name: str) -> int:
    """The number of an event."""
    return next(one["id"] for one in _core.events() if one["name"] == name)


def end(address: str, port: int) -> bytes:
    return socket.inet_aton(address) + struct.pack("<H", port)


def descriptors(*numbers: int) -> bytes:
    return struct.pack("<H", len(numbers)) + b"".join(struct.pack("<qh", number, 1) for number in numbers)


def new_socket(ts: int, fd: int) -> bytes:
    return event(ts, PID, of("socket"), [*i64(fd), u32(AF_INET), u32(1), u32(6), u32(0)])


def notice(ts: int, name: str) -> bytes:
    """Its lengths have four bytes, as it may carry more than others."""
    params = [u32(0), chars(name), b"data"]
    payload = b"".join([*(u32(len(param)) for param in params), *params])
    head = struct.pack("<QqIHI", ts, -1, 26 + len(payload), of("asyncevent"), len(params))
    return block(0x221, struct.pack("<H", 0) + head + payload)


def connect(ts: int, fd: int) -> bytes:
    tuple_ = bytes([AF_INET]) + end("10.0.0.1", 40000) + end("10.0.0.2", 443)
    return event(ts, PID, of("connect"), [*i64(0), tuple_, *i64(fd), bytes([AF_INET]) + end("10.0.0.2", 443)])


def bind(ts: int, fd: int) -> bytes:
    return event(ts, PID, of("bind"), [*i64(0), bytes([AF_INET]) + end("10.0.0.1", 8080), *i64(fd)])


@cache
def capture() -> Path:
    """A program opens things, one a second; then it waits for some of them."""
    folder = Path(tempfile.mkdtemp(prefix="yarak-capture-"))
    moments = [START + n * SECOND for n in range(12)]
    return write(
        folder / "made.scap",
        processes(process(1, 0, "init"), process(PID, 1, "app")),
        openat(moments[0], PID, 0, "/dev/null"),
        event(moments[1], PID, of("pipe"), [*i64(0, 1, 5), struct.pack("<Q", 99)]),
        openat(moments[2], PID, 2, "/var/log/app", flags=2),
        new_socket(moments[3], 3),
        connect(moments[4], 3),
        new_socket(moments[5], 4),
        bind(moments[6], 4),
        event(moments[7] + 7, PID, of("poll"), [*i64(1), descriptors(0, 3, 4, 9), *i64(-1)]),
        event(moments[8], -1, of("useradded"), [u32(7), u32(7), *[chars("x")] * 3, chars("")]),
        notice(moments[9], "yk-notice"),
    )


def replayed(condition: str, *fields: str) -> list[dict[str, Any]]:
    form = " ".join(f"%{name}" for name in fields)
    done = run("replay", capture(), "-p", form, "--json", "--filter", condition)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@cache
def shown() -> dict[str, Any]:
    (found,) = replayed("evt.type = poll", *SHOWN)
    return found


@pytest.mark.parametrize("name", list(SHOWN))
def test_a_captures_field(name: str) -> None:
    assert shown()[name] == SHOWN[name]


@pytest.mark.parametrize("name", list(NOTICES))
def test_notices(name: str) -> None:
    own = NOTICES[name]
    found = replayed(f"evt.asynctype = {own}", "evt.type", "evt.asynctype", "evt.is_async", "syscall.type", "evt.num")
    assert [(one["evt.type"], one["evt.asynctype"], one["evt.is_async"], one["syscall.type"]) for one in found] == [
        (own, own, True, None)
    ]


def test_around_a_moment() -> None:
    """Half a second on either side of the third event, the moment's own second included."""
    near = f"evt.around[{START + 2 * SECOND}]"
    assert [one["evt.num"] for one in replayed(f"{near} = 500", "evt.num")] == [3]
    assert [one["evt.num"] for one in replayed(f"{near} = 1000", "evt.num")] == [2, 3, 4]


def test_every_such_field_is_tested() -> None:
    assert {*BY_CAPTURE} <= {*map(field_of, SHOWN), "evt.around"}
