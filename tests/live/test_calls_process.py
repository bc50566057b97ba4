"""Calls that make, change, watch and end processes; signals sent and delivered."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import struct
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from livekit.calls import COMM, Cases, Like, Told, UnavailableError, Within, told
from livekit.raw import BAD_POINTER, call, longs, room, words

cases = Cases(__name__)

PR_SET_NAME, PR_GET_NAME, PR_GET_CHILD_SUBREAPER, PR_SET_DUMPABLE, PR_SET_PTRACER = 15, 16, 37, 4, 0x59616D61
PTRACE_PEEKDATA, PTRACE_CONT, PTRACE_ATTACH, PTRACE_SEIZE, PTRACE_DETACH = 2, 7, 16, 0x4206, 17
CLONE_NEWUTS, CLONE_FILES = 0x0400_0000, 0x400
AT_EMPTY_PATH = 0x1000
SIGSTOP = int(signal.SIGSTOP)


def child(work: Callable[[], None]) -> int:
    """A child process under the helper's name, once it has ended; its id."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    return pid


@cases
def births_seen_from_both_sides() -> list[Told]:
    expected = []
    for name, arguments in (("fork", ()), ("clone", (int(signal.SIGCHLD), 0, 0, 0, 0))):
        pid = call(name, *arguments)
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        me = os.getpid()
        comm = {"comm": COMM, "uid": 0, "gid": 0}
        expected += [
            told(
                name,
                {"evt.type": name},
                res=pid,
                tid=me,
                pid=me,
                vtid=me,
                vpid=me,
                fdlimit=Within(1, 1 << 40),
                exe=sys.executable,
                **comm,
            ),
            told(
                name, res=0, tid=pid, pid=pid, ptid=me, vtid=pid, vpid=pid, cwd=os.getcwd(), exe=sys.executable, **comm
            ),
        ]
    return expected


@cases
def birth_by_clone3() -> list[Told]:
    arguments = longs(CLONE_FILES, 0, 0, 0, int(signal.SIGCHLD), 0, 0, 0)
    pid = call("clone3", arguments, 64)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return [
        told(
            "clone3",
            res=pid,
            flags="CLONE_FILES",
            vm_size=Within(1000, 1 << 30),
            vm_rss=Within(500, 1 << 30),
            pgft_min=Within(1, 1 << 40),
        ),
        told("clone3", {"evt.res": "EINVAL"}, res=call("clone3", arguments, 3)),
    ]


@cases
def the_end() -> list[Told]:
    def killed() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    pid = os.fork()
    if pid == 0:
        os._exit(3)
    os.waitpid(pid, 0)
    child(killed)
    return [
        told("procexit", status=3 << 8, ret=3, sig=0, core=0, reaper_tid=Within(1, 1 << 22)),
        told("procexit", status=9, ret=0, sig="SIGKILL", core=0),
    ]


@cases
def images() -> list[Told]:
    """A program under the helper's name, so that its exec is told."""
    folder = Path(tempfile.mkdtemp(prefix="yarak-exec-"))
    program = folder / COMM
    program.symlink_to("/bin/true")
    argv = (ctypes.c_char_p * 4)(b"argument zero", b"one", b"two words", None)
    envp = (ctypes.c_char_p * 3)(b"A=1", b"B=two", None)

    def work() -> None:
        call("execve", str(program).encode(), argv, envp)

    pid = child(work)
    facts = os.stat("/bin/true")
    at = os.open(folder, os.O_RDONLY)
    return [
        told(
            "execve",
            {"evt.res": "SUCCESS", "evt.truncated": False},
            res=0,
            exe="argument zero",
            args=Like("one.two words."),
            tid=pid,
            pid=pid,
            ptid=os.getpid(),
            cwd=os.getcwd(),
            comm=COMM,
            env=Like("A=1.B=two."),
            loginuid=Within(0, 0xFFFFFFFF),
            exe_ino=facts.st_ino,
            exe_ino_mtime=facts.st_mtime_ns,
            uid=0,
            gid=0,
            pgid=os.getpgid(0),
            trusted_exepath=os.path.realpath("/bin/true"),
            filename=str(program),
            fdlimit=Within(1, 1 << 40),
            vm_size=Within(1, 1 << 30),
            cap_effective=Like("[0-9A-F]+"),
        ),
        told(
            "execve",
            {"evt.res": "ENOENT"},
            res=call("execve", b"/none/at/all", argv, envp),
            exe="argument zero",
            args=Like("one.two words."),
            env=Like("A=1.B=two."),
            comm=COMM,
            filename="/none/at/all",
        ),
        told("execve", {"evt.res": "EFAULT"}, res=call("execve", BAD_POINTER, argv, None), filename=None, env=None),
        told(
            "execveat",
            {"evt.res": "ENOENT"},
            res=call("execveat", at, b"none", argv, envp, 0),
            exe="argument zero",
            args=Like("one.two words."),
        ),
    ]


@cases
def an_image_by_its_descriptor_alone() -> list[Told]:
    """execveat with AT_EMPTY_PATH: of a file that is there, and of one that nobody can name any more."""
    if tuple(int(part) for part in os.uname().release.split(".")[:2]) < (6, 14):
        raise UnavailableError("needs Linux 6.14: before it such a task is called by the number of its descriptor")
    expected = []
    for deleted in (False, True):
        program = Path(tempfile.mkdtemp(prefix="yarak-exec-")) / COMM
        shutil.copy("/bin/true", program)
        fd = os.open(program, os.O_PATH)
        if deleted:
            program.unlink()
        argv = (ctypes.c_char_p * 2)(b"deleted" if deleted else b"kept", None)
        pid = child(lambda fd=fd, argv=argv: call("execveat", fd, b"", argv, None, AT_EMPTY_PATH) and None)
        expected.append(told("execve", res=0, tid=pid, exe=argv[0].decode(), trusted_exepath=str(program), comm=COMM))
    return expected


@cases
def more_arguments_than_fit() -> list[Told]:
    """1 MiB of arguments and 64 KiB of environment: cut, and told so."""
    folder = Path(tempfile.mkdtemp(prefix="yarak-exec-"))
    program = folder / COMM
    program.symlink_to("/bin/true")
    piece = b"a" * 65535
    argv = (ctypes.c_char_p * 18)(b"zero", *[piece] * 16, None)
    envp = (ctypes.c_char_p * 3)(b"E=" + b"e" * 65533, b"LAST=1", None)
    pid = child(lambda: call("execve", str(program).encode(), argv, envp) and None)
    failed = call("execve", b"/none", argv, envp)
    return [
        told(
            "execve",
            {"evt.truncated": True, "evt.arglen.args": 16 * 65536, "evt.arglen.env": 65536 + 7},
            res=0,
            tid=pid,
            exe="zero",
            args=Like("a+[.]+"),
            env=Like("E=e+[.]+"),
        ),
        told("execve", {"evt.truncated": True, "evt.arglen.args": None}, res=failed, exe="zero", args=Like("a+[.]+")),
    ]


@cases
def sessions_and_groups() -> list[Told]:
    expected: list[Told] = []
    reader, writer = os.pipe()

    def work() -> None:
        result = call("setpgid", 0, 0), call("setsid")
        os.write(writer, struct.pack("qq", *result))

    pid = child(work)
    group, session = struct.unpack("qq", os.read(reader, 16))
    expected.append(told("setpgid", res=group, pid=0, pgid=0))
    expected.append(told("setsid", {"evt.failed": True}, res=session))
    expected.append(told("setpgid", {"evt.failed": True}, res=call("setpgid", pid, 7), pid=pid, pgid=7))
    return expected


@cases
def many_calls_in_one() -> list[Told]:
    answer = words(99)
    name = room(16)
    return [
        told("prctl", res=call("prctl", PR_SET_NAME, COMM.encode()), option="PR_SET_NAME", arg2_str=COMM, arg2_int=0),
        told("prctl", res=call("prctl", PR_GET_NAME, name), option="PR_GET_NAME", arg2_str=COMM, arg2_int=0),
        told(
            "prctl",
            res=call("prctl", PR_GET_CHILD_SUBREAPER, answer),
            option="PR_GET_CHILD_SUBREAPER",
            arg2_str=None,
            arg2_int=0,
        ),
        told("prctl", res=call("prctl", PR_SET_DUMPABLE, 1), option="PR_SET_DUMPABLE", arg2_str=None, arg2_int=1),
        told("prctl", {"evt.res": "EINVAL"}, res=call("prctl", 1 << 20, -1), arg2_int=-1),
    ]


@cases
def tracing() -> list[Told]:
    pid = os.fork()
    if pid == 0:
        signal.pause()
    word = longs(0)
    attached = call("ptrace", PTRACE_ATTACH, pid, 0, 0)
    os.waitpid(pid, 0)
    text = ctypes.c_long(77)
    at = ctypes.addressof(text)
    peeked = call("ptrace", PTRACE_PEEKDATA, pid, at, word)
    expected = [
        told("ptrace", res=attached, request="PTRACE_ATTACH", pid=pid, addr="0", data="0"),
        told("ptrace", res=peeked, request="PTRACE_PEEKDATA", pid=pid, addr=Like(f"{at:X}"), data=Like(f"{word[0]:X}")),
        told(
            "ptrace",
            res=call("ptrace", PTRACE_DETACH, pid, 0, int(signal.SIGKILL)),
            request="PTRACE_DETACH",
            pid=pid,
            data="SIGKILL",
        ),
        told(
            "ptrace",
            {"evt.res": "ESRCH"},
            res=call("ptrace", PTRACE_SEIZE, 1 << 30, 0, 0),
            request="PTRACE_SEIZE",
            pid=1 << 30,
        ),
    ]
    os.waitpid(pid, 0)
    return expected


@cases
def namespaces() -> list[Told]:
    fd = os.open("/proc/self/ns/uts", os.O_RDONLY)
    return [
        told("unshare", res=call("unshare", CLONE_NEWUTS), flags="CLONE_NEWUTS"),
        told("unshare", {"evt.res": "EINVAL"}, res=call("unshare", 0xFF), flags=Like(".*")),
        told("setns", {"fd.num": fd}, res=call("setns", fd, CLONE_NEWUTS), fd=fd, nstype="CLONE_NEWUTS"),
        told("setns", {"evt.res": "EBADF"}, res=call("setns", -1, 0), fd=-1, nstype=0),
    ]


@cases
def capabilities() -> list[Told]:
    header, data = words(0x20080522, 0), words(0, 0, 0, 0, 0, 0)
    call("capget", header, data)
    permitted = data[1] | data[4] << 32
    return [
        told(
            "capset",
            res=call("capset", header, data),
            cap_permitted=permitted,
            cap_effective=data[0] | data[3] << 32,
            cap_inheritable=data[2] | data[5] << 32,
        ),
        told("capset", {"evt.res": "EFAULT"}, res=call("capset", BAD_POINTER, data)),
    ]


@cases
def signals_sent() -> list[Told]:
    me = os.getpid()
    return [
        told("kill", res=call("kill", me, 0), pid=me, sig=0),
        told("kill", {"evt.res": "ESRCH"}, res=call("kill", 1 << 30, 9), pid=1 << 30, sig="SIGKILL"),
        told("kill", {"evt.res": "EINVAL"}, res=call("kill", me, 200), pid=me, sig=200),
        told("tkill", res=call("tkill", me, 0), tid=me, sig=0),
        told("tgkill", res=call("tgkill", me, me, 0), pid=me, tid=me, sig=0),
        told("tgkill", {"evt.res": "EINVAL"}, res=call("tgkill", -1, me, 15), pid=-1, tid=me, sig="SIGTERM"),
    ]


@cases
def signals_delivered() -> list[Told]:
    me = os.getpid()
    seen: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _frame: seen.append(number))
    os.kill(me, signal.SIGUSR1)
    assert seen
    signal.signal(signal.SIGUSR1, before)

    def killed() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    pid = child(killed)
    # The kernel tells no sender of a signal that ends a process.
    return [
        told("signaldeliver", {"evt.type": "signaldeliver"}, spid=me, dpid=me, sig="SIGUSR1"),
        told("signaldeliver", spid=0, dpid=pid, sig="SIGKILL"),
    ]


told_of, test_call = cases.fixture(), cases.test()
