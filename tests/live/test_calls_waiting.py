"""Calls that wait: for descriptors, for time, for a word in memory."""

from __future__ import annotations

import os
import select
import struct

from livekit.calls import Cases, Told, Within, told
from livekit.raw import BAD_POINTER, TimeSpec, address, call, longs, room, words

cases = Cases(__name__)

MANY = 80


def entries(*wanted: tuple[int, int]) -> bytes:
    """A struct pollfd array (poll(2))."""
    return b"".join(struct.pack("ihh", fd, events, 0) for fd, events in wanted)


@cases
def polling() -> list[Told]:
    reader, writer = os.pipe()
    os.write(writer, b"x")
    both = room(entries((reader, select.POLLIN | select.POLLRDHUP), (writer, select.POLLOUT)))
    quiet, dead = os.pipe()[0], room(entries((4000, select.POLLIN)))
    return [
        told(
            "poll",
            {"fdlist.nums": f"{reader},{writer}"},
            res=call("poll", both, 2, 5),
            fds=f"{reader}:p1 {writer}:p4",
            timeout=5,
        ),
        told("poll", res=call("poll", room(entries((quiet, select.POLLIN))), 1, 0), fds="", timeout=0),
        told("poll", res=call("poll", dead, 1, -1), fds="4000:o40", timeout=-1),
        told("poll", {"evt.res": "EFAULT"}, res=call("poll", BAD_POINTER, 1, 0), fds="", timeout=0),
    ]


@cases
def polling_with_a_mask() -> list[Told]:
    reader, writer = os.pipe()
    one = room(entries((writer, select.POLLOUT)))
    return [
        told(
            "ppoll",
            res=call("ppoll", one, 1, TimeSpec(1, 5), longs(1 << 1), 8),
            timeout=Within(0, 1_000_000_005),
            sigmask="SIGINT",
        ),
        told("ppoll", res=call("ppoll", one, 1, None, None, 0), timeout=-1, sigmask=0),
        told("ppoll", {"evt.res": "EFAULT"}, res=call("ppoll", one, 1, BAD_POINTER, None, 0), timeout=-1),
        told("close", res=call("close", reader), fd=reader),
    ]


@cases
def polling_many() -> Told:
    """What goes beyond the list's room is told as cut."""
    _reader, writer = os.pipe()
    many = room(entries(*[(writer, select.POLLOUT)] * MANY))
    return told("poll", {"evt.truncated": True}, res=call("poll", many, MANY, 0), timeout=0)


@cases
def selecting() -> list[Told]:
    return [
        told("select", res=call("select", 0, None, None, None, longs(0, 10))),
        told("select", {"evt.res": "EINVAL"}, res=call("select", -1, None, None, None, None)),
    ]


@cases
def sleeping() -> list[Told]:
    return [
        told("nanosleep", res=call("nanosleep", TimeSpec(0, 1000), None), interval=1000),
        told(
            "nanosleep",
            {"evt.res": "EINVAL"},
            res=call("nanosleep", TimeSpec(0, 2_000_000_000), None),
            interval=2_000_000_000,
        ),
        told("nanosleep", {"evt.res": "EFAULT"}, res=call("nanosleep", BAD_POINTER, None), interval=0),
    ]


@cases
def futexes() -> list[Told]:
    word = words(7)
    at = address(word)
    return [
        told(
            "futex",
            {"evt.res": "EAGAIN"},
            res=call("futex", word, 128, 9, None, None, 0),
            addr=at,
            op="FUTEX_PRIVATE_FLAG",
            val=9,
        ),
        told("futex", res=call("futex", word, 1, 3, None, None, 0), addr=at, op="FUTEX_WAKE", val=3),
    ]


told_of, test_call = cases.fixture(), cases.test()
