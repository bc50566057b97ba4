"""Captures made up for measuring: what a busy host's would hold, in today's encoding (exit events only)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

START = 1_700_000_000 * 10**9
STEP_NS = 1000
PROGRAMS = ("nginx", "postgres", "python3", "redis-server", "sshd", "systemd", "node", "java", "bash", "cron")
FIRST_PID = 1000
CHILD_PIDS = 10_000
"""First of the pids that processes come and go with."""


def block(kind: int, body: bytes) -> bytes:
    """A block: type, length, body, padding, length."""
    total = (8 + len(body) + 4 + 3) // 4 * 4
    return struct.pack("<II", kind, total) + body.ljust(total - 12, b"\0") + struct.pack("<I", total)


def section() -> bytes:
    """The block that every file begins with."""
    return block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 2, -1))


def _text(value: bytes) -> bytes:
    return struct.pack("<H", len(value)) + value


def _process(pid: int, ppid: int, name: str) -> bytes:
    exe = f"/usr/bin/{name}".encode()
    body = struct.pack("<qqqqq", pid, pid, ppid, pid, pid) + _text(name.encode()) + _text(exe) + _text(exe)
    body += _text(b"--config\0/etc/app.conf\0") + _text(b"/srv/app") + struct.pack("<QIII", 1024, 0, 33, 33)
    body += struct.pack("<IIIQQ", 10_000, 5_000, 0, 3, 700) + _text(b"PATH=/usr/bin\0LANG=C\0")
    body += struct.pack("<qq", pid, pid) + _text(b"cpu=/system.slice\0") + _text(b"/")
    return struct.pack("<I", len(body) + 4) + body


Split = tuple[int, tuple[int, ...], tuple[int, ...]]

# fmt: off
PAIRS: dict[int, Split] = {
    5: (4, (1,), (0,)), 7: (6, (2, 3), (0, 1)), 9: (8, (2, 3), (0, 1)), 31: (30, (2, 3, 4), (0, 1)),
    35: (34, (3, 4), (0, 1, 2)), 65: (64, (1, 2, 3), (0,)), 67: (66, (), (0, 1)), 71: (70, (1,), (0,)),
    79: (78, (1,), (0,)), 151: (150, (1, 2), (0,)), 161: (160, (4, 5, 6, 7, 8, 9), (0, 1, 2, 3)),
    165: (164, (4, 5), (0, 1, 2, 3)), 223: (222, (), tuple(range(20))), 247: (246, (), (0, 1, 2, 3, 4)),
    293: (292, (30,), tuple(range(19))), 307: (306, (1, 2, 3, 4), (0, 1, 2, 3, 4, 5)),
}
"""Event → its enter event of 2022, and which of today's parameters each of the two had then."""
# fmt: on


class Events:
    """Event blocks one after the other, a microsecond apart; `pairs` makes them as writers of 2022 did."""

    def __init__(self, *, pairs: bool = False) -> None:
        self.count = 0
        """Finished calls."""
        self._now = START
        self._pairs = pairs

    def event(self, tid: int, kind: int, *params: bytes) -> bytes:
        """One event on CPU 0, or a call's begin and end."""
        self.count += 1
        if not self._pairs or kind not in PAIRS:
            return self._block(tid, kind, params)
        enter, before, after = PAIRS[kind]
        began = self._block(tid, enter, [params[at] for at in before])
        return began + self._block(tid, kind, [params[at] for at in after])

    def _block(self, tid: int, kind: int, params: Sequence[bytes]) -> bytes:
        self._now += STEP_NS
        payload = struct.pack(f"<{len(params)}H", *map(len, params)) + b"".join(params)
        head = struct.pack("<HQqIHI", 0, self._now, tid, 26 + len(payload), kind, len(params))
        return block(0x216, head + payload)


def _i(number: int) -> bytes:
    return struct.pack("<q", number)


def _u(number: int) -> bytes:
    return struct.pack("<I", number)


MEMORY = (_u(10_000), _u(5_000), _u(0))
"""kB: size, resident, swapped."""


def _tuple(local: int, remote: int) -> bytes:
    return b"\x02" + bytes((10, 0, 0, 5)) + struct.pack("<H", local) + bytes((10, 0, 0, 9)) + struct.pack("<H", remote)


_DATA = b"GET /index.html HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\nUser-Agent: curl/8.0\r\n\r\n"[:80]


def work(events: Events, pid: int, turn: int) -> Iterator[bytes]:
    """What a server does for one request: 20 events."""
    name = f"/srv/app/static/{turn % 500}/page-{turn % 97}.html\0".encode()
    event = events.event
    yield event(pid, 247, _i(8), _tuple(40_000 + turn % 2000, 443), b"\0", _u(0), _u(128))
    yield event(pid, 35, _i(80), _DATA, b"", _i(8), _u(4096))
    yield event(pid, 307, _i(9), _i(-100), name, _u(0x1001), _u(0), _u(2049), _i(turn))
    yield event(pid, 71, _i(0), _i(9))
    for _ in range(4):
        yield event(pid, 7, _i(80), _DATA, _i(9), _u(4096))
        yield event(pid, 9, _i(80), _DATA, _i(8), _u(80))
    yield event(pid, 5, _i(0), _i(9))
    yield event(pid, 67, _i(-2), b"/srv/app/static/none.html\0")
    yield event(pid, 65, _i(0), _i(0x7F0000001000), struct.pack("<H", 1), _i(2))
    yield event(pid, 79, _i(1), _i(64))
    yield event(pid, 31, _i(80), _DATA, _i(8), _u(80), b"")
    memory = (_i(0x7F0000000000), *MEMORY)
    yield event(pid, 161, *memory, _i(0), _i(4096), _u(3), _u(10), _i(-1), _i(0))
    yield event(pid, 151, _i(0), _i(8), b"\x04", _i(0))
    yield event(pid, 5, _i(0), _i(8))


CWD = b"/srv/app\0"
CGROUPS = b"cpu=/system.slice\0"
_ENV = b"PATH=/usr/local/bin:/usr/bin:/bin\0LANG=C.UTF-8\0HOME=/srv\0SHELL=/bin/sh\0USER=app\0PWD=/srv/app\0"


def life(events: Events, parent: int, child: int, turn: int) -> Iterator[bytes]:
    """A process from birth to end: 11 events."""
    event = events.event
    caller = (_i(parent), _i(parent), _i(1))
    usage = (_i(1024), _i(0), _i(9), *MEMORY)
    ids = (_u(0), _u(33), _u(33))
    common = [b"/bin/bash\0", b"-c\0make\0", *caller, CWD, *usage, b"bash\0", CGROUPS, *ids, *caller[:2], _i(0)]
    yield event(parent, 223, _i(child), *common)
    own = [*common]
    own[2:5] = [_i(child), _i(child), _i(parent)]
    own[17:19] = [_i(child), _i(child)]
    yield event(child, 223, _i(0), *own)
    yield event(child, 363, _i(1), _i(4), _i(1))
    yield event(child, 5, _i(0), _i(4))
    args = f"-n\0{turn % 1000}\0/srv/app/list-{turn % 100}\0".encode()
    image = (b"/usr/bin/head\0", args, _i(child), _i(child), _i(parent), CWD, *usage, b"head\0", CGROUPS, _ENV)
    session = (_u(34816), _i(parent), _u(1000), _u(0))
    inode = (_i(777), _i(START), _i(START))
    path = b"/usr/bin/head\0"
    yield event(child, 293, _i(0), *image, *session, *[_i(0)] * 3, *inode, _u(33), path, _i(parent), _u(33), path)
    yield event(child, 307, _i(3), _i(-100), b"/etc/ld.so.cache\0", _u(0x1001), _u(0), _u(2049), _i(5))
    yield event(child, 7, _i(80), _DATA, _i(3), _u(832))
    yield event(child, 5, _i(0), _i(3))
    yield event(child, 165, _i(0), *MEMORY, _i(4096), _i(4096))
    yield event(child, 9, _i(20), _DATA[:20], _i(1), _u(20))
    yield event(child, 186, _i(0), _i(0), b"\0", b"\0", _i(0))


def _chunk(process_share: float, rounds: int, pairs: bool) -> tuple[bytes, int]:
    """Event blocks that can stand behind each other any number of times, and how many calls they are."""
    events, out = Events(pairs=pairs), bytearray()
    due = 0.0
    for turn in range(rounds):
        pid = FIRST_PID + turn % 200
        due += process_share
        if due >= 1:
            due -= 1
            out += b"".join(life(events, pid, CHILD_PIDS + turn % 5000, turn))
        else:
            out += b"".join(work(events, pid, turn))
    return bytes(out), events.count


def write(path: Path, total: int, *, process_share: float, pairs: bool = False) -> int:
    """A capture of about `total` finished calls, and how many they are.

    `process_share` of the rounds are processes' lives. `pairs` writes what readers of 2022 understand.
    """
    chunk, count = _chunk(process_share, 5000, pairs)
    repeats = max(1, total // count)
    with path.open("wb") as file:
        _head(file)
        for _ in range(repeats):
            file.write(chunk)
    return repeats * count


def _head(file: BinaryIO) -> None:
    processes = [_process(1, 0, "systemd")]
    processes += [_process(FIRST_PID + n, 1, PROGRAMS[n % len(PROGRAMS)]) for n in range(200)]
    file.write(section() + block(0x215, b"".join(processes)))


MIXED = 0.02
"""Share of processes' lives in a mixed capture, and …"""
PROCESS_HEAVY = 0.8
