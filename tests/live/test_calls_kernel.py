"""Calls that load things into the kernel or configure it; and those without an event of their own."""

from __future__ import annotations

import os
import resource
import struct
import tempfile
from contextlib import suppress
from pathlib import Path

from livekit.calls import Cases, Told, UnavailableError, told
from livekit.raw import BAD_POINTER, call, room, words

cases = Cases(__name__)

Q_GETQUOTA, Q_QUOTAON, Q_GETFMT, Q_SETQUOTA, Q_SETINFO = 0x800007, 0x800002, 0x800004, 0x800008, 0x800006


@cases
def bpf_objects() -> list[Told]:
    with suppress(ValueError):  # until 5.11 maps counted as locked memory, of which the sensor's own have most
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    attributes = room(struct.pack("IIII", 2, 4, 4, 1) + bytes(112))
    fd = call("bpf", 0, attributes, 128)
    if fd < 0:
        raise UnavailableError("this machine lacks a bpf(2) that is allowed")
    update = room(struct.pack("I4xQQQ", fd, 16, 16, 0) + bytes(96))
    return [
        told("bpf", {"fd.num": fd, "fd.type": "bpf"}, fd=fd, cmd="BPF_MAP_CREATE"),
        told("bpf", {"evt.failed": True}, fd=call("bpf", 2, update, 128), cmd="BPF_MAP_UPDATE_ELEM"),
        told("bpf", {"evt.failed": True}, fd=call("bpf", 1000, attributes, 128), cmd=1000),
    ]


@cases
def kernel_modules() -> list[Told]:
    fd, path = tempfile.mkstemp(prefix="yarak-module-")
    os.write(fd, b"\x7fELF no module")
    os.unlink(path)
    return [
        told(
            "init_module",
            {"evt.failed": True},
            res=call("init_module", b"no module", 9, b"debug=1"),
            img="no module",
            length=9,
            uargs="debug=1",
        ),
        told(
            "finit_module",
            {"evt.failed": True, "fd.num": fd},
            res=call("finit_module", fd, b"", 1),
            fd=fd,
            uargs="",
            flags="MODULE_INIT_IGNORE_MODVERSIONS",
        ),
        told(
            "finit_module",
            {"evt.failed": True},
            res=call("finit_module", -1, BAD_POINTER, 0),
            fd=-1,
            uargs=None,
            flags=0,
        ),
        told(
            "delete_module",
            {"evt.failed": True},
            res=call("delete_module", b"yarak_none", os.O_NONBLOCK),
            name="yarak_none",
            flags="O_NONBLOCK",
        ),
    ]


@cases
def keys() -> list[Told]:
    session = -3
    return [
        told("keyctl", res=call("keyctl", 0, session, 0, 0, 0), operation="KEYCTL_GET_KEYRING_ID", arg2="-3", arg3="0"),
        told(
            "keyctl",
            res=call("keyctl", 1, b"yarak-session", 0, 0, 0),
            operation="KEYCTL_JOIN_SESSION_KEYRING",
            arg2="yarak-session",
        ),
        told(
            "keyctl",
            {"evt.failed": True},
            res=call("keyctl", 10, session, b"user", b"yarak:none", 0),
            operation="KEYCTL_SEARCH",
            arg2="-3",
            arg3="user",
            arg4="yarak:none",
            arg5="0",
        ),
        told(
            "keyctl",
            {"evt.failed": True},
            res=call("keyctl", 999, 1, 2, 3, 4),
            operation=999,
            arg2="1",
            arg3="2",
            arg4="3",
            arg5="4",
        ),
    ]


@cases
def quotas() -> list[Told]:
    folder = str(Path(tempfile.mkdtemp(prefix="yarak-quota-")))
    block = room(struct.pack("8QI4x", 10, 20, 30, 40, 50, 60, 70, 80, 63))
    info = room(struct.pack("QQII", 7, 8, 1, 7))

    def quotactl(command: int, kind: int, ident: int, address: object) -> int:
        return call("quotactl", command << 8 | kind, b"/dev/none", ident, address)  # type: ignore[arg-type]

    return [
        told(
            "quotactl",
            {"evt.failed": True},
            res=quotactl(Q_SETQUOTA, 1, 1000, block),
            special="/dev/none",
            quotafilepath=None,
            dqb_bhardlimit=10,
            dqb_bsoftlimit=20,
            dqb_curspace=30,
            dqb_ihardlimit=40,
            dqb_isoftlimit=50,
            dqb_btime=70,
            dqb_itime=80,
            cmd="Q_SETQUOTA",
            type="GRPQUOTA",
            id=1000,
            dqi_bgrace=0,
        ),
        told(
            "quotactl",
            {"evt.failed": True},
            res=quotactl(Q_QUOTAON, 0, 2, folder.encode()),
            quotafilepath=folder,
            cmd="Q_QUOTAON",
            type="USRQUOTA",
            quota_fmt="QFMT_VFS_V0",
            id=0,
        ),
        told(
            "quotactl",
            {"evt.failed": True},
            res=quotactl(Q_SETINFO, 0, 0, info),
            cmd="Q_SETINFO",
            dqi_bgrace=7,
            dqi_igrace=8,
            dqi_flags="V1_DQF_RSQUASH",
            dqb_bhardlimit=0,
        ),
        told("quotactl", {"evt.failed": True}, res=quotactl(Q_GETFMT, 0, 0, words(0)), cmd="Q_GETFMT"),
        told("quotactl", {"evt.failed": True}, res=quotactl(Q_GETQUOTA, 0, 5, block), cmd="Q_GETQUOTA", id=5),
    ]


@cases
def rings() -> list[Told]:
    setup = room(120)
    fd = call("io_uring_setup", 4, setup)
    if fd < 0:
        raise UnavailableError("this machine lacks an io_uring that is allowed")
    numbers = struct.unpack("6I", bytes(setup)[:24])
    return [
        told(
            "io_uring_setup",
            {"fd.num": fd, "fd.type": "io_uring"},
            res=fd,
            entries=4,
            sq_entries=4,
            cq_entries=8,
            flags=0,
            sq_thread_cpu=0,
            sq_thread_idle=0,
            features=numbers[5],
        ),
        told("io_uring_setup", {"evt.failed": True}, res=call("io_uring_setup", 0, room(120)), entries=0),
        told(
            "io_uring_enter",
            {"fd.num": fd},
            res=call("io_uring_enter", fd, 0, 0, 1, words(4, 0), 8),
            fd=fd,
            to_submit=0,
            min_complete=0,
            flags="IORING_ENTER_GETEVENTS",
            sig=4,
        ),
        told(
            "io_uring_enter",
            {"evt.res": "EBADF"},
            res=call("io_uring_enter", -1, 1, 2, 0, None, 0),
            fd=-1,
            to_submit=1,
            min_complete=2,
            sig=0,
        ),
        told(
            "io_uring_register",
            {"fd.num": fd},
            res=call("io_uring_register", fd, 8, room(128), 3),
            fd=fd,
            opcode="IORING_REGISTER_PROBE",
            nr_args=3,
        ),
        told(
            "io_uring_register",
            {"evt.failed": True},
            res=call("io_uring_register", -1, 1, 5, 6),
            fd=-1,
            arg=5,
            nr_args=6,
        ),
    ]


@cases
def calls_without_an_event_of_their_own() -> list[Told]:
    call("sched_yield")
    call("personality", 0xFFFFFFFF)
    return [
        told("sched_yield", {"evt.type": "sched_yield"}, ID="sched_yield", nativeID=24),
        told("personality", {"evt.type": "personality"}, ID="personality", nativeID=135),
    ]


@cases
def filters_on_calls() -> list[Told]:
    return [
        told("seccomp", {"evt.failed": True}, res=call("seccomp", 77, 3, None), op=77, flags=3),
        told("seccomp", res=call("seccomp", 2, 0, words(0)), op=2, flags=0),
    ]


told_of, test_call = cases.fixture(), cases.test()
