"""Fields of events: what happened, when, where, with which parameters and which result."""

from __future__ import annotations

import mmap
import os
import socket
import tempfile
import time
from pathlib import Path

from livekit.calls import Like, Told, Within, told
from livekit.fields import FieldCases, From
from livekit.raw import AT_FDCWD, TimeSpec, call

cases = FieldCases(__name__, "evt.", "syscall.")

SLACK = 20_000_000
"""Between the kernel's clock as the sensor reads it and this process's, ns."""


def folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="yarak-fields-"))


@cases
def an_open() -> Told:
    """Of a file that is there, on a CPU that is known, at a time that is known. It lies on no overlay, whose files
    stat(2) may call by the device of a layer."""
    name = f"{folder()}/file"
    os.mknod(name)
    cpu = min(os.sched_getaffinity(0))
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    before = time.time_ns()
    fd = call("openat", AT_FDCWD, name.encode(), os.O_RDONLY, 0)
    after = time.time_ns()
    os.sched_setaffinity(0, everywhere)
    facts = os.fstat(fd)
    device = os.major(facts.st_dev) << 8 | os.minor(facts.st_dev)
    text = (
        f"fd={fd}(<f>{name}) dirfd=-100(AT_FDCWD) name={name} flags=1(O_RDONLY) mode=0 "
        f"dev={device:X} ino={facts.st_ino}"
    )
    return told(
        "openat",
        {
            "evt.type": "openat",
            "syscall.type": "openat",
            "evt.type.is.openat": 1,
            "evt.type.is.open": 0,
            "evt.category": "file",
            "evt.source": "syscall",
            "evt.dir": "<",
            "evt.cpu": cpu,
            "evt.hostname": os.uname().nodename,
            "evt.num": Within(1, 1 << 40),
            "evt.args": Like(
                text.replace("(", "[(]").replace(")", "[)]").replace("flags=1[(]O_RDONLY", "flags=.*O_RDONLY.*")
            ),
            "evt.info": From("evt.args", "the same"),
            "evt.arg.name": name,
            "evt.arg[0]": f"<f>{name}",
            "evt.arg[2]": name,
            "evt.rawarg.name": name,
            "evt.arglen.name": len(name) + 1,
            "evt.arglen.data": None,
            "evt.abspath": name,
            "evt.abspath.src": name,
            "evt.res": "SUCCESS",
            "evt.rawres": fd,
            "evt.failed": False,
            "evt.count": 1,
            "evt.count.exit": 1,
            "evt.count.error": 0,
            "evt.count.error.file": 0,
            "evt.count.error.net": None,
            "evt.is_open_read": True,
            "evt.is_open_write": False,
            "evt.is_open_create": False,
            "evt.is_open_exec": False,
            "evt.is_io": False,
            "evt.is_io_read": False,
            "evt.is_io_write": False,
            "evt.io_dir": None,
            "evt.is_wait": False,
            "evt.is_async": False,
            "evt.is_syslog": False,
            "evt.is_io_uring": False,
            "evt.is_res_assumed": False,
            "evt.truncated": False,
            "evt.args_changed": False,
            "evt.buffer": None,
            "evt.buflen": None,
            "evt.rawtime": Within(before - SLACK, after + SLACK),
            "evt.rawtime.s": From("evt.rawtime", "seconds"),
            "evt.rawtime.ns": From("evt.rawtime", "fraction"),
            "evt.time": From("evt.rawtime", "local clock"),
            "evt.time.s": From("evt.rawtime", "local clock in seconds"),
            "evt.time.iso8601": From("evt.rawtime", "utc"),
            "evt.datetime": From("evt.rawtime", "local date"),
            "evt.datetime.s": From("evt.rawtime", "local date in seconds"),
            "evt.outputtime": From("evt.rawtime", "local clock"),
            "evt.reltime": Within(1, 3600 * 10**9),
            "evt.reltime.s": From("evt.reltime", "seconds"),
            "evt.reltime.ns": From("evt.reltime", "fraction"),
            "evt.deltatime": Within(0, 3600 * 10**9),
            "evt.deltatime.s": From("evt.deltatime", "seconds"),
            "evt.deltatime.ns": From("evt.deltatime", "fraction"),
            "evt.latency": 0,
            "evt.latency.s": 0,
            "evt.latency.ns": 0,
            "evt.latency.quantized": 0,
            "evt.latency.human": "0ns",
            "evt.wait_latency": 0,
        },
        fd=fd,
        name=name,
    )


@cases
def a_file_is_made() -> Told:
    path = folder() / "made"
    fd = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o755)
    return told(
        "openat",
        {
            "evt.is_open_read": False,
            "evt.is_open_write": True,
            "evt.is_open_create": True,
            "evt.is_open_exec": True,
            "evt.arg.flags": "O_CREAT|O_WRONLY|O_CLOEXEC|O_F_CREATED",
            "evt.rawarg.flags": "5006",
        },
        fd=fd,
        name=str(path),
    )


@cases
def names_are_made_absolute() -> Told:
    place = folder()
    (place / "old").touch()
    at = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    return told(
        "renameat2",
        {
            "evt.abspath": f"{place}/old",
            "evt.abspath.src": f"{place}/old",
            "evt.abspath.dst": f"{place.parent}/new-name",
        },
        res=call("renameat2", at, b"old", at, b"../new-name", 0),
        newdirfd=at,
    )


@cases
def files_written_and_read() -> list[Told]:
    path = folder() / "data"
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    moved = {"evt.category": "file", "evt.is_io": True, "evt.buflen": 5, "evt.buflen.file": 5, "evt.buflen.net": None}
    written, read = os.write(fd, b"hello"), len(os.pread(fd, 5, 0))
    os.lseek(fd, 0, os.SEEK_SET)
    read = len(os.read(fd, 99))
    return [
        told(
            "write",
            {
                **moved,
                "evt.type.is.write": 1,
                "evt.io_dir": "write",
                "evt.is_io_write": True,
                "evt.is_io_read": False,
                "evt.buflen.out": 5,
                "evt.buflen.in": None,
                "evt.buflen.file.out": 5,
                "evt.buflen.file.in": None,
                "evt.buffer": "hello",
                "evt.arglen.data": 5,
                "evt.truncated": False,
            },
            res=written,
            fd=fd,
        ),
        told(
            "read",
            {
                **moved,
                "evt.io_dir": "read",
                "evt.is_io_write": False,
                "evt.is_io_read": True,
                "evt.buflen.out": None,
                "evt.buflen.in": 5,
                "evt.buflen.file.out": None,
                "evt.buflen.file.in": 5,
                "evt.buffer": "hello",
            },
            res=read,
            fd=fd,
        ),
        told("write", {"evt.truncated": True, "evt.arglen.data": 200_000}, res=os.write(fd, b"x" * 200_000), fd=fd),
    ]


@cases
def sockets_written_and_read() -> list[Told]:
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    peer, _ = server.accept()
    moved = {"evt.category": "net", "evt.buflen": 4, "evt.buflen.net": 4, "evt.buflen.file": None}
    sent, received = client.send(b"ping"), len(peer.recv(9))
    return [
        told(
            "sendto",
            {**moved, "evt.buflen.net.out": 4, "evt.buflen.net.in": None, "evt.buffer": "ping"},
            res=sent,
            fd=client.fileno(),
        ),
        told(
            "recvfrom",
            {**moved, "evt.buflen.net.in": 4, "evt.buflen.net.out": None, "evt.buffer": "ping"},
            res=received,
            fd=peer.fileno(),
        ),
    ]


@cases
def the_system_log() -> Told:
    """A socket at a place that ends like the system's own."""
    place = folder() / "dev"
    place.mkdir()
    log, writer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind(f"{place}/log")
    writer.connect(f"{place}/log")
    return told("sendto", {"evt.is_syslog": True, "evt.category": "ipc"}, res=writer.send(b"m"), fd=writer.fileno())


@cases
def waiting() -> Told:
    res = call("nanosleep", TimeSpec(0, 1000), None)
    return told("nanosleep", {"evt.is_wait": True, "evt.category": "sleep", "evt.abspath": None}, res=res)


@cases
def failures() -> list[Told]:
    missing = call("openat", AT_FDCWD, b"/none/such", os.O_RDONLY, 0)
    failed = {"evt.failed": True, "evt.count.error": 1}
    refused = socket.socket()
    result = refused.connect_ex(("127.0.0.1", 1))
    assert result > 0
    page = mmap.PAGESIZE
    return [
        told(
            "openat",
            {**failed, "evt.res": "ENOENT", "evt.rawres": -2, "evt.count.error.file": 1, "evt.count.error.other": None},
            fd=missing,
            name="/none/such",
        ),
        told(
            "connect",
            {**failed, "evt.res": "ECONNREFUSED", "evt.rawres": -111, "evt.count.error.net": 1},
            res=-result,
            fd=refused.fileno(),
        ),
        told(
            "munmap",
            {**failed, "evt.res": "EINVAL", "evt.count.error.memory": 1, "evt.category": "memory"},
            res=call("munmap", 1, page),
        ),
        told(
            "kill",
            {**failed, "evt.res": "ESRCH", "evt.count.error.other": 1, "evt.count.error.file": None},
            res=call("kill", 1 << 30, 9),
        ),
    ]


told_of, test_case, test_field = cases.fixture(), cases.test(), cases.field_test()
