"""Fields of processes: what they run, with what, for whom, since when, and who their ancestors are."""

from __future__ import annotations

import ctypes
import fcntl
import os
import pty
import resource
import shutil
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

from livekit.calls import Like, Told, UnavailableError, Within, told
from livekit.field_lists import COMM
from livekit.fields import FieldCases, From
from livekit.raw import LIBC, call, longs, words

cases = FieldCases(__name__, "proc.", "thread.")

PR_SET_NAME = 15
CLONE_NEWNS, CLONE_NEWPID = 0x0002_0000, 0x2000_0000
NOBODY = 65534
TICK = 10_000_000
"""Unit of start times in /proc, ns."""
SLACK = 30_000_000
"""Between clocks, ns."""


def folder() -> Path:
    """Where everybody may look."""
    place = Path(tempfile.mkdtemp(prefix="yarak-fields-"))
    place.chmod(0o755)
    return place


def program(source: str = "/bin/cat") -> Path:
    """A copy of a program under the helper's name."""
    path = folder() / COMM
    shutil.copy(source, path)
    path.chmod(0o755)
    return path


def stat(pid: int) -> list[str]:
    """What stands behind the name in /proc/PID/stat: state, ppid, pgrp, session, tty …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")


def arguments(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[:-1]


def ancestors(pid: int) -> list[int]:
    """Parent, grandparent … up to the first process."""
    found = []
    while pid := int(stat(pid)[1]):
        found.append(pid)
    return found


def started(pid: int) -> Within:
    """When a process was created, ns since the epoch."""
    boot = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    at = boot + int(stat(pid)[19]) * TICK
    return Within(at - SLACK, at + TICK + SLACK)


class Child:
    """A child of the helper that does something and then waits for its end, so that it can be looked at."""

    def __init__(self, work: Callable[[], object]) -> None:
        ready, told_ready = os.pipe()
        go, self._go = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.dup2(go, 0)
                os.close(self._go)
                os.close(ready)
                work()
                os.write(told_ready, b".")
                os.read(0, 1)
            finally:
                os._exit(0)
        os.close(told_ready)
        os.close(go)
        os.read(ready, 1)
        os.close(ready)

    def end(self) -> None:
        os.close(self._go)
        os.waitpid(self.pid, 0)


def running(path: Path, argv: list[str], env: dict[str, str], before: Callable[[], object] = lambda: None) -> Child:
    """A child that runs a program which reads its standard input to the end. The pipe to us closes with the exec."""

    def work() -> None:
        before()
        os.execve(path, argv, env)

    return Child(work)


def limit(pid: int) -> int:
    return resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]


def look() -> int:
    """An event of the calling thread."""
    return call("openat", -100, b"/etc/hostname", os.O_RDONLY, 0)


@cases
def a_program() -> list[Told]:
    """With arguments, an environment, a directory and a terminal of its own, as another user."""
    path = program()
    master, slave = pty.openpty()
    terminal = os.fstat(slave).st_rdev

    def become() -> None:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        resource.setrlimit(resource.RLIMIT_NOFILE, (500, 600))
        os.chdir(path.parent)
        os.setgid(NOBODY)
        os.setuid(NOBODY)

    before = time.time_ns()
    child = running(path, ["argument zero", "-", "-u"], {"YK_VALUE": " two words ", "YK_EMPTY": ""}, become)
    after = time.time_ns()
    pid, me, facts = child.pid, os.getpid(), path.stat()
    peak = {line.split(":")[0]: line.split()[1] for line in Path(f"/proc/{pid}/status").read_text().splitlines()}
    above = ancestors(pid)
    shells = [one for one in [pid, *above] if name(one).endswith("sh")]
    pexe = os.readlink("/proc/self/exe")
    own = {
        "proc.name": COMM,
        "proc.exe": "argument zero",
        "proc.exepath": str(path),
        "proc.args": "- -u",
        "proc.args[0]": "-",
        "proc.args[1]": "-u",
        "proc.args[9]": "",
        "proc.cmdline": f"{COMM} - -u",
        "proc.exeline": "argument zero - -u",
        "proc.cmdnargs": 2,
        "proc.cmdlenargs": 3,
        "proc.cwd": f"{path.parent}/",
        "proc.env": "YK_VALUE= two words  YK_EMPTY=",
        "proc.env[YK_VALUE]": "two words",
        "proc.env[YK_EMPTY]": "",
        "proc.env[YK_NONE]": "",
        "proc.pid": pid,
        "proc.vpid": pid,
        "proc.pid.ts": started(pid),
        "proc.duration": Within(1, after - before + SLACK),
        "proc.tty": os.major(terminal) << 8 | os.minor(terminal),
        "proc.fdlimit": 500,
        "proc.sid": pid,
        "proc.sname": COMM,
        "proc.sid.exe": "argument zero",
        "proc.sid.exepath": str(path),
        "proc.pgid": pid,
        "proc.pgid.name": COMM,
        "proc.pgid.exe": "argument zero",
        "proc.pgid.exepath": str(path),
        "proc.vpgid": pid,
        "proc.vpgid.name": COMM,
        "proc.vpgid.exe": "argument zero",
        "proc.vpgid.exepath": str(path),
        "proc.is_sid_leader": True,
        "proc.is_pgid_leader": True,
        "proc.is_vpgid_leader": True,
        "proc.exe_ino": facts.st_ino,
        "proc.exe_ino.ctime": facts.st_ctime_ns,
        "proc.exe_ino.mtime": facts.st_mtime_ns,
        "proc.exe_ino.ctime_duration_proc_start": Within(1, 10**9),
        "proc.is_exe_writable": False,
        "proc.is_exe_upper_layer": False,
        "proc.is_exe_lower_layer": False,
        "proc.is_exe_from_memfd": False,
        "proc.nthreads": 1,
        "proc.nchilds": 0,
        "thread.tid": pid,
        "thread.vtid": pid,
        "thread.ismain": True,
        "thread.nametid": f"{COMM}{pid}",
        "thread.cap_effective": "",
        "thread.cap_permitted": "",
        "thread.cap_inheritable": "",
        "proc.vmsize": Within(1, int(peak["VmPeak"])),
        "proc.vmrss": Within(1, int(peak["VmHWM"])),
        "proc.vmswap": 0,
        "thread.vmsize": From("proc.vmsize", "the same"),
        "thread.vmrss": From("proc.vmrss", "the same"),
        "thread.vmsize.b": From("proc.vmsize", "kilobytes"),
        "thread.vmrss.b": From("proc.vmrss", "kilobytes"),
        "thread.pfmajor": Within(0, int(stat(pid)[9])),
        "thread.pfminor": Within(1, int(stat(pid)[7])),
        "proc.ppid": me,
        "proc.pvpid": me,
        "proc.pname": COMM,
        "proc.pexe": arguments(me)[0],
        "proc.pexepath": pexe,
        "proc.pcmdline": " ".join([COMM, *arguments(me)[1:]]),
        "proc.ppid.ts": started(me),
        "proc.ppid.duration": Within(before - started(me).high, after - started(me).low + SLACK),
        "proc.origin.pid": me,
        "proc.origin.name": COMM,
        "proc.origin.exepath": pexe,
        "proc.aname": Like(f"{COMM} {name(above[1])} .*"),
        "proc.aname[0]": COMM,
        "proc.aname[1]": COMM,
        "proc.aname[2]": name(above[1]),
        "proc.apid": pid,
        "proc.apid[0]": pid,
        "proc.apid[1]": me,
        "proc.apid[2]": above[1],
        "proc.aexe[0]": "argument zero",
        "proc.aexe[1]": arguments(me)[0],
        "proc.aexe[2]": arguments(above[1])[0],
        "proc.aexepath[0]": str(path),
        "proc.aexepath[1]": pexe,
        "proc.aexepath[2]": os.readlink(f"/proc/{above[1]}/exe"),
        "proc.aargs[0]": "- -u",
        "proc.aargs[1]": " ".join(arguments(me)[1:]),
        "proc.aargs": Like(".*livekit.caller.*"),
        "proc.acmdline[0]": f"{COMM} - -u",
        "proc.acmdline[1]": " ".join([COMM, *arguments(me)[1:]]),
        "proc.aenv[0]": "YK_VALUE= two words  YK_EMPTY=",
        "proc.aenv[1]": Path("/proc/self/environ").read_bytes().decode().rstrip("\0").replace("\0", " ")[:4095],
        "proc.aenv[YK_NONE]": "",
        "proc.loginshellid": shells[-1] if shells else None,
    }
    child.end()
    os.close(master)
    os.close(slave)
    return [told("execve", own, res=0, pid=pid), told("procexit", {"proc.exepath": str(path), "proc.pid": pid}, ret=0)]


told_of, test_case, test_field = cases.fixture(), cases.test(), cases.field_test()
