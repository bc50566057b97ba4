"""Calls that make, copy, close and ask descriptors."""

from __future__ import annotations

import fcntl
import os
import select
import socket
import struct
import tempfile

from livekit.calls import Cases, Told, UnavailableError, Within, told
from livekit.raw import AT_FDCWD, BAD_POINTER, call, longs, room, words

cases = Cases(__name__)

F_DUPFD_CLOEXEC, F_GETPIPE_SZ, F_OFD_GETLK = 1030, 1032, 36


@cases
def closing() -> list[Told]:
    fd = os.open("/etc/hostname", os.O_RDONLY)
    return [
        told("close", {"fd.num": fd}, res=call("close", fd), fd=fd),
        told("close", {"evt.res": "EBADF"}, res=call("close", fd), fd=fd),
        told("close", {"evt.res": "EBADF"}, res=call("close", -7), fd=-7),
        told("close_range", res=call("close_range", 900, 4_294_967_295, 0), first=900, last=4_294_967_295, flags=0),
        told("close_range", res=call("close_range", 900, 950, 4), first=900, last=950, flags="CLOSE_RANGE_CLOEXEC"),
        told("close_range", {"evt.res": "EINVAL"}, res=call("close_range", 9, 3, 0), first=9, last=3),
    ]


@cases
def copying() -> list[Told]:
    fd = os.open("/etc/hostname", os.O_RDONLY)
    copy = call("dup", fd)
    return [
        told("dup", {"fd.num": copy, "fd.name": "/etc/hostname"}, res=copy, oldfd=fd),
        told("dup", {"evt.res": "EBADF"}, res=call("dup", -3), oldfd=-3),
        told("dup2", {"fd.num": 70, "fd.name": "/etc/hostname"}, res=call("dup2", fd, 70), oldfd=fd, newfd=70),
        told("dup2", {"evt.res": "EBADF"}, res=call("dup2", fd, -1), oldfd=fd, newfd=-1),
        told("dup3", {"fd.num": 71}, res=call("dup3", fd, 71, os.O_CLOEXEC), oldfd=fd, newfd=71, flags="O_CLOEXEC"),
        told("dup3", {"evt.res": "EINVAL"}, res=call("dup3", fd, fd, 0), oldfd=fd, newfd=fd, flags=0),
    ]


@cases
def pipes() -> list[Told]:
    ends = words(0, 0)
    plain = told("pipe", res=call("pipe", ends), fd1=ends[0], fd2=ends[1], ino=os.fstat(ends[0]).st_ino)
    fields: dict[str, str | int] = {"fd.num": ends[0], "fd.type": "pipe", "fd.name": ""}
    plain = told("pipe", fields, **plain.params)
    res = call("pipe2", ends, os.O_CLOEXEC | os.O_NONBLOCK)
    return [
        plain,
        told("pipe2", res=res, fd1=ends[0], fd2=ends[1], ino=os.fstat(ends[1]).st_ino, flags="O_NONBLOCK|O_CLOEXEC"),
        told("pipe", {"evt.res": "EFAULT"}, res=call("pipe", BAD_POINTER), fd1=-1, fd2=-1, ino=0),
        told("pipe2", {"evt.res": "EINVAL"}, res=call("pipe2", ends, 1), fd1=-1, fd2=-1, ino=0),
    ]


@cases
def counters_of_events() -> list[Told]:
    one, two = call("eventfd", 5), call("eventfd2", 1 << 31, os.O_NONBLOCK)
    return [
        told("eventfd", {"fd.num": one, "fd.type": "event"}, res=one, initval=5, flags=0),
        told("eventfd2", {"fd.num": two, "fd.type": "event"}, res=two, initval=1 << 31, flags="O_NONBLOCK"),
        told(
            "eventfd2", {"evt.res": "EINVAL", "fd.num": -1}, res=call("eventfd2", 1, 0x40), initval=1, flags="O_CREAT"
        ),
    ]


@cases
def descriptors_for_signals() -> list[Told]:
    mask = longs(1 << 9)
    one, two = call("signalfd", -1, mask, 8), call("signalfd4", -1, mask, 8, os.O_CLOEXEC)
    return [
        told("signalfd", {"fd.num": one, "fd.type": "signalfd"}, res=one, fd=-1, mask=1 << 9, flags=0),
        told("signalfd4", {"fd.num": two, "fd.type": "signalfd"}, res=two, fd=-1, mask=1 << 9, flags="O_CLOEXEC"),
        told("signalfd4", {"evt.res": "EINVAL"}, res=call("signalfd4", -1, mask, 3, 0), mask=1 << 9, flags=0),
    ]


@cases
def timers() -> list[Told]:
    fd = call("timerfd_create", 1, 0)
    return [
        told("timerfd_create", {"fd.num": fd, "fd.type": "timerfd"}, res=fd, clockid=1, flags=0),
        told("timerfd_create", {"evt.res": "EINVAL"}, res=call("timerfd_create", 99, 0), clockid=99),
    ]


@cases
def file_watches() -> list[Told]:
    one, two = call("inotify_init"), call("inotify_init1", os.O_NONBLOCK)
    return [
        told("inotify_init", {"fd.num": one, "fd.type": "inotify"}, res=one, flags=0),
        told("inotify_init1", {"fd.num": two, "fd.type": "inotify"}, res=two, flags="O_NONBLOCK"),
        told("inotify_init1", {"evt.res": "EINVAL"}, res=call("inotify_init1", 1)),
    ]


@cases
def polling_sets() -> list[Told]:
    one, two = call("epoll_create", 9), call("epoll_create1", select.EPOLL_CLOEXEC)
    return [
        told("epoll_create", {"fd.num": one, "fd.type": "eventpoll"}, res=one, size=9),
        told("epoll_create", {"evt.res": "EINVAL"}, res=call("epoll_create", -1), size=-1),
        told("epoll_create1", {"fd.num": two, "fd.type": "eventpoll"}, res=two, flags="EPOLL_CLOEXEC"),
        told("epoll_create1", {"evt.res": "EINVAL"}, res=call("epoll_create1", 3)),
        told("epoll_wait", res=call("epoll_wait", one, room(12), 1, 0), maxevents=1),
        told("epoll_wait", {"evt.res": "EINVAL"}, res=call("epoll_wait", one, room(12), -2, 0), maxevents=-2),
    ]


@cases
def commands_on_descriptors() -> list[Told]:
    reader, _writer = os.pipe()
    copy = call("fcntl", reader, F_DUPFD_CLOEXEC, 80)
    lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 1, 0)
    return [
        told("fcntl", {"fd.num": reader}, res=copy, fd=reader, cmd="F_DUPFD_CLOEXEC", arg=80),
        told("fcntl", res=call("fcntl", reader, fcntl.F_GETFD), fd=reader, cmd="F_GETFD"),
        told(
            "fcntl",
            res=call("fcntl", reader, fcntl.F_SETFL, os.O_NONBLOCK),
            fd=reader,
            cmd="F_SETFL",
            arg=os.O_NONBLOCK,
        ),
        told("fcntl", res=call("fcntl", reader, F_GETPIPE_SZ, 0), cmd="F_GETPIPE_SZ"),
        told("fcntl", res=call("fcntl", reader, F_OFD_GETLK, lock), cmd="F_OFD_GETLK"),
        told("fcntl", {"evt.res": "EBADF"}, res=call("fcntl", -9, fcntl.F_GETFD, 0), fd=-9, cmd="F_GETFD"),
        told("fcntl", {"evt.res": "EINVAL"}, res=call("fcntl", reader, 777, 0), cmd="UNKNOWN"),
    ]


@cases
def device_control() -> list[Told]:
    reader, _writer = os.pipe()
    count = words(0)
    return [
        told("ioctl", {"fd.num": reader}, res=call("ioctl", reader, 0x541B, count), fd=reader, request=0x541B),
        told("ioctl", {"evt.res": "EBADF"}, res=call("ioctl", -1, 0x541B, 5), fd=-1, request=0x541B, argument=5),
    ]


@cases
def positions_and_locks() -> list[Told]:
    fd, path = tempfile.mkstemp(prefix="yarak-fd-")
    os.unlink(path)
    reader, _writer = os.pipe()
    return [
        told("lseek", {"fd.num": fd}, res=call("lseek", fd, 11, os.SEEK_SET), fd=fd, offset=11, whence="SEEK_SET"),
        told(
            "lseek",
            {"evt.res": "ESPIPE"},
            res=call("lseek", reader, 0, os.SEEK_END),
            fd=reader,
            offset=0,
            whence="SEEK_END",
        ),
        told(
            "flock",
            {"fd.num": fd},
            res=call("flock", fd, fcntl.LOCK_EX | fcntl.LOCK_NB),
            fd=fd,
            operation="LOCK_EX|LOCK_NB",
        ),
        told(
            "flock", {"evt.res": "EBADF"}, res=call("flock", AT_FDCWD, fcntl.LOCK_SH), fd=AT_FDCWD, operation="LOCK_SH"
        ),
    ]


@cases
def facts_and_entries() -> list[Told]:
    folder = os.open("/etc", os.O_RDONLY)
    return [
        told(
            "fstat",
            {"fd.num": folder, "fd.type": "directory", "fd.name": "/etc"},
            res=call("fstat", folder, room(256)),
            fd=folder,
        ),
        told("fstat", {"evt.res": "EBADF"}, res=call("fstat", -1, room(256)), fd=-1),
        told("getdents", {"fd.num": folder}, res=call("getdents", folder, room(512), 512), fd=folder),
        told("getdents64", {"fd.num": folder}, res=call("getdents64", folder, room(512), 512), fd=folder),
        told("getdents64", {"evt.res": "EBADF"}, res=call("getdents64", -5, room(512), 512), fd=-5),
    ]


@cases
def processes_as_descriptors() -> list[Told]:
    me = os.getpid()
    fd = call("pidfd_open", me, 0)
    if fd < 0:
        raise UnavailableError("pidfd_open lacks (Linux 5.3)")
    ours = os.open("/etc/hostname", os.O_RDONLY)
    got = call("pidfd_getfd", fd, ours, 0)
    return [
        told("pidfd_open", {"fd.num": fd, "fd.type": "pidfd", "fd.name": f"/proc/{me}"}, fd=fd, pid=me, flags=0),
        told(
            "pidfd_open", {"evt.failed": True}, fd=call("pidfd_open", -4, os.O_NONBLOCK), pid=-4, flags="PIDFD_NONBLOCK"
        ),
        told("pidfd_getfd", {"fd.num": got, "fd.name": "/etc/hostname"}, fd=got, pid_fd=fd, target_fd=ours, flags=0),
        told("pidfd_getfd", {"evt.res": "EBADF"}, fd=call("pidfd_getfd", fd, 4000, 0), pid_fd=fd, target_fd=4000),
    ]


@cases
def deleted_files_keep_their_name() -> Told:
    fd, path = tempfile.mkstemp(prefix="yarak-deleted-")
    os.unlink(path)
    return told("fstat", {"fd.name": path, "fd.type": "file"}, res=call("fstat", fd, room(256)), fd=fd)


@cases
def sockets_are_told_apart() -> list[Told]:
    left, right = socket.socketpair()
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    expected = [
        told("fcntl", {"fd.type": "unix", "fd.num": left.fileno()}, res=call("fcntl", left.fileno(), fcntl.F_GETFD, 0)),
        told(
            "fcntl", {"fd.type": "netlink"}, res=call("fcntl", netlink.fileno(), fcntl.F_GETFD, 0), fd=netlink.fileno()
        ),
    ]
    right.close()
    return expected


@cases
def numbers_beyond_every_table() -> Told:
    return told("close", {"evt.res": "EBADF"}, res=call("close", 1 << 30), fd=Within(1 << 30, 1 << 30))


told_of, test_call = cases.fixture(), cases.test()
