"""Calls that move bytes: the bytes, how many, from or to what; buffers in parts; what does not fit is told."""

from __future__ import annotations

import ctypes
import os
import tempfile

from livekit.calls import Cases, Told, told
from livekit.raw import BAD_POINTER, Part, address, call, longs, parts, room

cases = Cases(__name__)

SNAPLEN = 80
TEXT = b"twelve bytes"


def file_with(content: bytes) -> int:
    """A descriptor of a new, unlinked file, at its beginning."""
    fd, path = tempfile.mkstemp(prefix="yarak-data-")
    os.unlink(path)
    os.write(fd, content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


@cases
def reading() -> list[Told]:
    fd, buffer = file_with(TEXT), room(64)
    return [
        told(
            "read",
            {"fd.num": fd, "fd.type": "file"},
            res=call("read", fd, buffer, 64),
            data=TEXT.decode(),
            fd=fd,
            size=64,
        ),
        told("read", {"evt.truncated": False}, res=call("read", fd, buffer, 64), data=None, fd=fd, size=64),
        told("read", {"evt.res": "EBADF"}, res=call("read", -1, buffer, 9), data=None, fd=-1, size=9),
        told("pread", res=call("pread64", fd, buffer, 4, 3), data="lve ", fd=fd, size=4, pos=3),
        told("pread", {"evt.res": "EFAULT"}, res=call("pread64", fd, BAD_POINTER, 4, 0), data=None, size=4, pos=0),
    ]


@cases
def writing() -> list[Told]:
    fd = file_with(b"")
    return [
        told("write", {"fd.num": fd}, res=call("write", fd, TEXT, 12), data=TEXT.decode(), fd=fd, size=12),
        told("write", {"evt.res": "EBADF"}, res=call("write", 999, TEXT, 6), data="twelve", fd=999, size=6),
        told("write", {"evt.res": "EFAULT"}, res=call("write", fd, BAD_POINTER, 6), data=None, fd=fd, size=6),
        told("pwrite", res=call("pwrite64", fd, TEXT, 2, 7), data="tw", fd=fd, size=2, pos=7),
    ]


@cases
def a_partial_write() -> Told:
    """Only what was written is told, not what was asked for."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    call("fcntl", writer, 1031, 4096)
    os.write(writer, b"-" * 4090)
    # A pipe takes what fits on its last page once it is more than can go in one piece.
    res = call("write", writer, b"x" * 8192, 8192)
    os.close(reader)
    return told("write", {"evt.truncated": True} if res > SNAPLEN else {}, res=res, size=8192, fd=writer)


@cases
def more_than_the_snap_length() -> list[Told]:
    fd = file_with(b"")
    exact, longer = b"e" * SNAPLEN, b"l" * (SNAPLEN + 1)
    return [
        told("write", {"evt.truncated": False}, res=call("write", fd, exact, SNAPLEN), data=exact.decode()),
        told(
            "write",
            {"evt.truncated": True, "evt.arglen.data": SNAPLEN + 1},
            res=call("write", fd, longer, len(longer)),
            data="l" * SNAPLEN,
            size=len(longer),
        ),
    ]


@cases
def buffers_in_parts() -> list[Told]:
    fd = file_with(TEXT)
    first, second = room(4), room(20)
    both = parts(first, second)
    return [
        told("readv", {"fd.num": fd}, res=call("readv", fd, both, 2), size=24, data=TEXT.decode(), fd=fd),
        told("preadv", res=call("preadv", fd, both, 2, 6), size=24, data=" bytes", fd=fd, pos=6),
        told("writev", res=call("writev", fd, parts(room(b"ab"), room(b"cde")), 2), data="abcde", fd=fd, size=5),
        told("pwritev", res=call("pwritev", fd, parts(room(b"xyz")), 1, 1), data="xyz", fd=fd, size=3, pos=1),
        told(
            "writev",
            {"evt.res": "EBADF"},
            res=call("writev", -1, parts(room(b"ab"), room(b"c")), 2),
            data="abc",
            fd=-1,
            size=3,
        ),
        told("readv", {"evt.res": "EFAULT"}, res=call("readv", fd, BAD_POINTER, 2), size=0, data=None),
        told("readv", res=call("readv", fd, None, 0), size=0, data=None),
        told("writev", {"evt.res": "EINVAL"}, res=call("writev", fd, (Part * 1025)(), 1025), size=0),
    ]


@cases
def parts_longer_than_the_snap_length() -> list[Told]:
    fd = file_with(b"")
    many = [room(b"%02d" % i) for i in range(64)]
    text = b"".join(bytes(part) for part in many)
    return [
        told(
            "writev",
            {"evt.truncated": True, "evt.arglen.data": 128},
            res=call("writev", fd, parts(*many), 64),
            data=text[:SNAPLEN].decode(),
            size=128,
        ),
        told(
            "preadv",
            {"evt.truncated": True},
            res=call("preadv", fd, parts(room(128)), 1, 0),
            data=text[:SNAPLEN].decode(),
        ),
    ]


@cases
def memory_of_another_process() -> list[Told]:
    source, target = room(b"remote words"), room(12)
    here, there = parts(target), (Part * 1)(Part(address(source), 12))
    me = os.getpid()
    return [
        told("process_vm_readv", res=call("process_vm_readv", me, here, 1, there, 1, 0), pid=me, data="remote words"),
        told("process_vm_writev", res=call("process_vm_writev", me, here, 1, there, 1, 0), pid=me, data="remote words"),
        told(
            "process_vm_readv",
            {"evt.failed": True},
            res=call("process_vm_readv", -5, here, 1, there, 1, 0),
            pid=-5,
            data=None,
        ),
    ]


@cases
def between_descriptors() -> list[Told]:
    source, target = file_with(TEXT), file_with(b"")
    reader, writer = os.pipe()
    offset, out = longs(2), longs(5)
    return [
        told(
            "sendfile",
            {"fd.num": target},
            res=call("sendfile", target, source, offset, 4),
            offset=6,
            out_fd=target,
            in_fd=source,
            size=4,
        ),
        told("sendfile", res=call("sendfile", target, source, None, 1), offset=0, out_fd=target, in_fd=source, size=1),
        told("sendfile", {"evt.res": "EBADF"}, res=call("sendfile", -1, source, None, 1), out_fd=-1),
        told(
            "splice",
            {"fd.num": source},
            res=call("splice", source, None, writer, None, 3, 1),
            fd_in=source,
            fd_out=writer,
            size=3,
            flags="SPLICE_F_MOVE",
        ),
        told(
            "splice",
            {"evt.res": "EBADF"},
            res=call("splice", -1, None, reader, None, 3, 0),
            fd_in=-1,
            fd_out=reader,
            size=3,
        ),
        told(
            "copy_file_range",
            {"fd.num": target},
            res=call("copy_file_range", source, longs(0), target, out, 5, 0),
            fdout=target,
            offout=10,
            fdin=source,
            offin=5,
            len=5,
        ),
        told(
            "copy_file_range",
            res=call("copy_file_range", source, None, target, None, 2, 0),
            fdout=target,
            offout=0,
            fdin=source,
            offin=0,
            len=2,
        ),
    ]


@cases
def through_descriptors_of_other_kinds() -> list[Told]:
    number = ctypes.create_string_buffer(8)
    event = call("eventfd2", 7, 0)
    reader, writer = os.pipe()
    os.write(writer, b"through")
    return [
        told("read", {"fd.type": "event", "fd.name": ""}, res=call("read", event, number, 8), fd=event),
        told("read", {"fd.type": "pipe"}, res=call("read", reader, room(7), 7), data="through"),
    ]


told_of, test_call = cases.fixture(), cases.test()
