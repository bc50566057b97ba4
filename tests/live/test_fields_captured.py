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

SNAPSHOT = {
    "evt.count.procinfo": 1,
    "evt.count.threadinfo": 1,
    "thread.cpu": 37.0,
    "thread.cpu.user": 30.0,
    "thread.cpu.system": 7.0,
}
"""What the second snapshot of the program shows: 30 and 7 hundredths of a second more than the first."""

INFRA = {
    "evt.infra.docker.container.id": "3ad7b26ded6d",
    "evt.infra.docker.container.image": "nginx",
    "evt.infra.docker.container.name": "web",
    "evt.infra.docker.name": "start",
}
"""What the event of the infrastructure shows."""

SLICES = [(PID, 0, 0), (71, 3_000, 3_000), (PID, 500, 500), (0, 20, None), (PID, 250, 750), (71, 0, 3_000)]
"""Of each switch who leaves, for how long it had its CPU, and how long in all so far. Nobody's time is counted, and
the last one's slice did not begin where it was seen."""

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


def later(folder: Path) -> Path:
    """Another capture: of snapshots, of a container, and of switches on two CPUs."""
    infra = "Event: start; ID: 3ad7b26ded6d8e7b23da; name: web; Image: nginx:1.25"
    switched = [(0, PID, 71), (3_000, 71, PID), (3_500, PID, 0), (3_520, 0, PID), (3_770, PID, 99), (4_000, 71, PID)]
    return write(
        folder / "later.scap",
        processes(process(PID, 1, "app"), process(71, 1, "other")),
        event(START - SECOND, PID, of("procinfo"), i64(100, 20)),
        event(START, PID, of("procinfo"), i64(130, 27)),
        event(START + 1, -1, of("infra"), [chars("docker"), chars("start"), chars(infra), chars("")]),
        event(START + 2, PID, of("switch"), [*i64(71, 0, 0), *[u32(0)] * 3], cpu=1),
        *(
            event(START + SECOND + at, leaving, of("switch"), [*i64(taking, 0, 0), *[u32(0)] * 3])
            for at, leaving, taking in switched
        ),
    )


def alerts(folder: Path, condition: str, *fields: str) -> list[dict[str, Any]]:
    """What a rule tells of the later capture; snapshots are shown to rules alone."""
    rules = folder / "rules.yaml"
    output = " ".join(f"%{name}" for name in fields)
    rules.write_text(f"- rule: told\n  desc: d\n  condition: {condition}\n  output: told {output}\n  priority: DEBUG\n")
    done = run("replay", later(folder), "-r", rules, "--json")
    assert done.returncode == 0, done.stderr
    told = [json.loads(line)["output_fields"] for line in done.stdout.splitlines()]
    return [{name: one[name] for name in fields} for one in told]


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


def test_snapshots(tmp_path: Path) -> None:
    first, second = alerts(tmp_path, "evt.type = procinfo", *SNAPSHOT)
    assert first == SNAPSHOT | dict.fromkeys(("thread.cpu", "thread.cpu.user", "thread.cpu.system"), 0.0)
    assert second == SNAPSHOT


def test_a_container_of_the_infrastructure(tmp_path: Path) -> None:
    assert alerts(tmp_path, "evt.type = infra", *INFRA) == [INFRA]


def test_slices(tmp_path: Path) -> None:
    told = alerts(tmp_path, "evt.type = switch and evt.cpu = 0", "thread.tid", "thread.exectime", "thread.totexectime")
    assert [tuple(one.values()) for one in told] == SLICES


def test_every_such_field_is_tested() -> None:
    assert {*BY_CAPTURE} <= {*map(field_of, SHOWN), *SNAPSHOT, *INFRA, "evt.around"}
