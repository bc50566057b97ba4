"""Fields of processes: what they run, with what, for whom, since when, and who their ancestors are."""

from __future__ import annotations

import fcntl
import mmap
import os
import pty
import resource
import shutil
import socket
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
from livekit.overlay import overlay
from livekit.raw import LIBC, call, words

cases = FieldCases(__name__, "proc.", "thread.")

PR_SET_NAME = 15
CLONE_NEWPID = 0x2000_0000
GROWTH = 64 << 20
"""Bytes."""
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


def runs(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        return stat(pid)[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def status(pid: int) -> dict[str, str]:
    """The lines of /proc/PID/status by their names."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.removesuffix(" kB").strip() for key, _, value in (line.partition(":") for line in lines)}


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
def groups_of_resources() -> Told:
    """As the kernel has them for this process, by the names that rules use. It comes first: /proc is asked for them,
    so the process has to live until its event is looked at."""
    names = {"perf": "perf_event", "mem": "memory", "io": "blkio"}
    paths = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _number, subsystems, path = line.split(":", 2)
        for one in subsystems.split(","):
            paths[names.get(one, one)] = path
    unified = paths.get("", "/")
    wanted = {f"thread.cgroup.{one}": paths.get(one, unified) for one in ("pids", "memory", "cpu")}
    memory = wanted["thread.cgroup.memory"]
    return told(
        "openat", {**wanted, "thread.cgroups": Like(f"(.* )?memory={memory}( .*)?")}, fd=look(), name="/etc/hostname"
    )


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
    peak = status(pid)
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
        # The kernel sums up a process's pages late: that of a fresh image may still be 0.
        "proc.vmrss": Within(0, int(peak["VmHWM"])),
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


@cases
def a_script() -> Told:
    """The kernel runs its interpreter."""
    path = folder() / COMM
    path.write_text("#!/bin/sh -e\nread line\n")
    path.chmod(0o755)
    child = running(path, ["not looked at", "one"], {})
    child.end()
    return told(
        "execve",
        {
            "proc.name": COMM,
            "proc.exe": "/bin/sh",
            "proc.exepath": os.path.realpath("/bin/sh"),
            "proc.args": f"-e {path} one",
            "proc.cmdline": f"{COMM} -e {path} one",
            "proc.cmdnargs": 3,
            "proc.exe_ino": os.stat("/bin/sh").st_ino,
            "proc.env": "",
            "proc.script": str(path),
            "proc.ascript[0]": str(path),
            "proc.ascript[1]": None,
        },
        res=0,
        pid=child.pid,
    )


@cases
def what_a_script_starts() -> list[Told]:
    """By a name relative to where it is; the program that it starts is none, and neither is one that looks at it."""
    place = folder()
    (place / COMM).write_text(f"#!/usr/bin/env sh\n./below/{COMM}\nexec ./below/{COMM} ./{COMM}\n")
    (place / "below").mkdir()
    (place / "below" / COMM).symlink_to("/bin/true")
    (place / COMM).chmod(0o755)
    reader, writer = os.pipe()

    def work() -> None:
        os.chdir(place)
        os.dup2(writer, 1)
        os.execve(f"./{COMM}", ["x"], {"PATH": os.environ["PATH"]})

    child = Child(work)
    child.end()
    os.close(reader)
    os.close(writer)
    script, shell = f"{place}/{COMM}", os.path.realpath("/bin/sh")
    true, env = (os.path.realpath(shutil.which(name) or name) for name in ("true", "env"))
    below = {"proc.exe": f"./below/{COMM}", "proc.script": None, "proc.ascript[0]": None}
    return [
        told("execve", {"proc.script": script, "proc.exepath": env}, res=0, pid=child.pid, exe="/usr/bin/env"),
        told(
            "execve",
            {
                **below,
                "proc.ascript": script,
                "proc.ascript[1]": script,
                "proc.aexe_ino[0]": os.stat(true).st_ino,
                "proc.aexe_ino[1]": os.stat(shell).st_ino,
                "proc.aexe_ino": Like(f"{os.stat(shell).st_ino} .*"),
            },
            res=0,
            ptid=child.pid,
        ),
        told("execve", below, res=0, pid=child.pid, exe=f"./below/{COMM}"),
    ]


@cases
def a_program_without_a_file() -> Told:
    memory = os.memfd_create("yk-memory", 0)
    os.write(memory, Path("/bin/cat").read_bytes())
    path = folder() / COMM
    path.symlink_to(f"/proc/self/fd/{memory}")
    child = running(path, ["cat"], {})
    child.end()
    return told(
        "execve",
        {"proc.is_exe_from_memfd": True, "proc.exepath": "memfd:yk-memory", "proc.exe_ino": os.fstat(memory).st_ino},
        res=0,
        pid=child.pid,
    )


@cases
def a_program_that_its_user_may_change() -> Told:
    path = program()
    path.chmod(0o777)
    child = running(path, ["cat"], {}, lambda: os.setuid(NOBODY))
    child.end()
    return told("execve", {"proc.is_exe_writable": True, "proc.exe": "cat"}, res=0, pid=child.pid)


@cases
def a_program_that_is_deleted() -> Told:
    """It goes on under its path."""
    path = program()
    child = running(path, ["cat"], {})
    path.unlink()
    child.end()
    return told("procexit", {"proc.exepath": str(path), "proc.name": COMM}, ret=0)


@cases
def layers() -> list[Told]:
    """Programs of an image and of its container, as overlays have them."""
    place = folder()
    told_pids: list[int] = []
    reader, writer = os.pipe()

    def work() -> None:
        overlay(place)
        for layer in ("lower", "upper"):
            one = running(place / "merged" / layer / COMM, ["cat"], {})
            one.end()
            os.write(writer, one.pid.to_bytes(8, "little"))

    child = Child(work)
    child.end()
    os.close(writer)
    while number := os.read(reader, 8):
        told_pids.append(int.from_bytes(number, "little"))
    if not told_pids:
        raise UnavailableError("no overlay can be mounted here")
    lower, upper = told_pids
    return [
        told("execve", {"proc.is_exe_lower_layer": True, "proc.is_exe_upper_layer": False}, res=0, pid=lower),
        told("execve", {"proc.is_exe_lower_layer": False, "proc.is_exe_upper_layer": True}, res=0, pid=upper),
    ]


@cases
def a_line_of_processes() -> Told:
    """Session leader, group leader and the process itself are three; the leader ends in sh."""
    path = program()
    reader, writer = os.pipe()

    def lead() -> None:
        os.setsid()
        rename("yk-lead-sh")
        os.environ["YK_PARENT"] = "never in the image"
        group = Child(group_of_its_own)
        group.end()

    def group_of_its_own() -> None:
        os.setpgid(0, 0)
        rename("yk-group")
        one = running(path, ["cat"], {"YK_VALUE": "1"})
        facts = [one.pid, os.getpid(), os.getppid()]
        os.write(writer, b"".join(fact.to_bytes(8, "little") for fact in facts))
        one.end()

    child = Child(lead)
    child.end()
    pid, group, leader = (int.from_bytes(os.read(reader, 8), "little") for _ in range(3))
    above = [one for one in ancestors(os.getpid()) if name(one).endswith("sh")]
    exe, exepath = arguments(os.getpid())[0], os.readlink("/proc/self/exe")
    return told(
        "execve",
        {
            "proc.sid": leader,
            "proc.sname": "yk-lead-sh",
            "proc.sid.exe": exe,
            "proc.sid.exepath": exepath,
            "proc.pgid": group,
            "proc.pgid.name": "yk-group",
            "proc.pgid.exe": exe,
            "proc.pgid.exepath": exepath,
            "proc.vpgid": group,
            "proc.vpgid.name": "yk-group",
            "proc.vpgid.exe": exe,
            "proc.vpgid.exepath": exepath,
            "proc.is_sid_leader": False,
            "proc.is_pgid_leader": False,
            "proc.is_vpgid_leader": False,
            "proc.ppid": group,
            "proc.pname": "yk-group",
            "proc.aname[1]": "yk-group",
            "proc.aname[2]": "yk-lead-sh",
            "proc.aname[3]": COMM,
            "proc.apid[3]": os.getpid(),
            "proc.aname": Like(f"yk-group yk-lead-sh {COMM} .*"),
            "proc.loginshellid": above[-1] if above else leader,
            "proc.tty": 0,
        },
        res=0,
        pid=pid,
    )


def rename(to: str) -> None:
    LIBC.prctl(PR_SET_NAME, to.encode(), 0, 0, 0)


@cases
def an_orphan() -> Told:
    """Its parent is whom the kernel gave it; who created it is not forgotten."""
    path = program()
    reader, writer = os.pipe()
    hold, release = os.pipe()

    def work() -> None:
        rename("yk-creator")
        pid = os.fork()
        if pid == 0:
            os.read(hold, 1)
            parent = os.getppid()
            os.write(writer, os.getpid().to_bytes(8, "little") + parent.to_bytes(8, "little"))
            os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
            os.execve(path, ["cat"], {})

    creator = Child(work)
    creator.end()
    os.write(release, b".")
    pid, parent = (int.from_bytes(os.read(reader, 8), "little") for _ in range(2))
    while runs(pid):
        time.sleep(0.001)
    return told(
        "procexit",
        {
            "proc.pid": pid,
            "proc.ppid": parent,
            "proc.pname": name(parent),
            "proc.origin.pid": creator.pid,
            "proc.origin.name": "yk-creator",
            "proc.origin.exepath": os.readlink("/proc/self/exe"),
        },
        ret=0,
    )


@cases
def an_environment_of_ancestors() -> Told:
    """A variable of the grandparent's image is found from below."""
    path = folder() / COMM
    path.write_text(f"#!{sys.executable}\n{GRANDPARENT}")
    path.chmod(0o755)
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    child = running(path, ["x"], {"YK_PARENT": "from above", "YK_FD": str(writer)})
    pid = int(os.read(reader, 20))
    child.end()
    return told(
        "execve",
        {
            "proc.aenv[YK_PARENT]": "from above",
            "proc.aenv[1]": f"YK_PARENT=from above YK_FD={writer}",
            "proc.aenv": "YK_VALUE=own",
            "proc.aenv[YK_NONE]": "",
            "proc.env[YK_VALUE]": "own",
        },
        res=0,
        pid=pid,
    )


GRANDPARENT = f"""\
import os, sys
pid = os.fork()
if pid == 0:
    os.mkdir(sys.argv[0] + ".e")
    os.symlink("/bin/true", sys.argv[0] + ".e/{COMM}")
    os.write(int(os.environ["YK_FD"]), str(os.getpid()).encode())
    os.execve(sys.argv[0] + ".e/{COMM}", ["true"], {{"YK_VALUE": "own"}})
os.waitpid(pid, 0)
"""


@cases
def a_second_thread() -> Told:
    ids: list[int] = []

    def work() -> None:
        ids.extend((threading.get_native_id(), look(), int(status(os.getpid())["Threads"])))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    tid, fd, threads = ids
    return told(
        "openat",
        {
            "thread.tid": tid,
            "thread.vtid": tid,
            "thread.ismain": False,
            "thread.nametid": f"{COMM}{tid}",
            "proc.pid": os.getpid(),
            "proc.vpid": os.getpid(),
            "proc.nthreads": threads,
            "proc.nchilds": threads - 1,
            "thread.vmsize": 0,
            "thread.vmrss": 0,
            "thread.vmsize.b": 0,
            "thread.vmrss.b": 0,
        },
        fd=fd,
        name="/etc/hostname",
    )


@cases
def memory_that_grows() -> list[Told]:
    """An event of memory tells it, and those after it go by that."""
    before = int(status(os.getpid())["VmSize"])
    grown = mmap.mmap(-1, GROWTH)
    small = mmap.mmap(-1, mmap.PAGESIZE)
    small.close()
    fd = look()
    size = Within(before + GROWTH // 1024, before + 2 * GROWTH // 1024)
    grown.close()
    resident = Within(1, int(status(os.getpid())["VmHWM"]))
    fields = {"proc.vmsize": size, "thread.vmsize": size, "proc.vmrss": resident}
    return [
        told("munmap", {**fields, "evt.res": "SUCCESS"}, res=0, length=mmap.PAGESIZE, vm_size=size),
        told("openat", fields, fd=fd, name="/etc/hostname"),
    ]


@cases
def privileges() -> Told:
    """A child that keeps three capabilities, one of them in use, one for its programs."""
    chown, kill, net_raw, bpf = 0, 5, 13, 39
    low, high = 1 << chown | 1 << kill | 1 << net_raw, 1 << (bpf - 32)

    def work() -> None:
        header, data = words(0x20080522, 0), words(1 << kill, low, 1 << chown, high, high, 0)
        assert call("capset", header, data) == 0
        look()

    child = Child(work)
    child.end()
    return told(
        "openat",
        {
            "thread.cap_effective": "CAP_KILL CAP_BPF",
            "thread.cap_permitted": "CAP_CHOWN CAP_KILL CAP_NET_RAW CAP_BPF",
            "thread.cap_inheritable": "CAP_CHOWN",
            "proc.pid": child.pid,
        },
        name="/etc/hostname",
    )


@cases
def a_namespace_of_processes() -> list[Told]:
    """Its first process is number 1 in there, and its program is younger than the namespace."""
    reader, writer = os.pipe()

    def work() -> None:
        assert call("unshare", CLONE_NEWPID) == 0
        pid = os.fork()
        if pid == 0:
            os.execve(program("/bin/true"), ["first"], {})
        os.write(writer, pid.to_bytes(8, "little") + os.getpid().to_bytes(8, "little"))
        os.waitpid(pid, 0)

    before = time.time_ns()
    child = Child(work)
    child.end()
    after = time.time_ns()
    pid, parent = (int.from_bytes(os.read(reader, 8), "little") for _ in range(2))
    boot = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return [
        told(
            "execve",
            {
                "proc.pid": pid,
                "proc.vpid": 1,
                "thread.vtid": 1,
                "proc.ppid": parent,
                "proc.pvpid": parent,
                "proc.pidns_init_start_ts": Within(before - SLACK, after + SLACK),
                "proc.exe_ino.ctime_duration_pidns_start": Within(1, after - before + SLACK),
            },
            res=0,
            pid=pid,
        ),
        told(
            "openat", {"proc.pidns_init_start_ts": Within(boot - 10**9, boot + 10**9)}, fd=look(), name="/etc/hostname"
        ),
    ]


@cases
def ids_inside_a_namespace_of_processes() -> list[Told]:
    """As the processes see them: what began outside has number 0 there."""
    place = folder()
    reader, writer = os.pipe()

    def look_as(name: str) -> None:
        """Leaves what the calling thread sees, behind the number that the host's /proc has for it."""
        call("openat", -100, f"{place}/{name}".encode(), os.O_RDONLY | os.O_CREAT, 0o600)
        own = (threading.get_native_id(), os.getpid(), os.getsid(0), os.getpgid(0))
        os.write(writer, f"{name} {os.readlink('/proc/self')} {own}\n".encode())

    def child(work: Callable[[], object]) -> None:
        pid = os.fork()
        if pid == 0:
            try:
                work()
            finally:
                os._exit(0)
        os.waitpid(pid, 0)

    def leader() -> None:
        os.setsid()
        look_as("leader")
        os.execve(program("/bin/true"), ["leader"], {})

    def group() -> None:
        os.setpgid(0, 0)
        look_as("group")
        thread = threading.Thread(target=look_as, args=["thread"])
        thread.start()
        thread.join()

    def first() -> None:
        look_as("first")
        child(leader)
        child(group)

    def outside() -> None:
        assert call("unshare", CLONE_NEWPID) == 0
        child(first)

    child(outside)
    lines = [line.split(" ", 2) for line in os.read(reader, 4096).decode().splitlines()]
    assert {name: own for name, _, own in lines} == {
        "first": "(1, 1, 0, 0)",
        "leader": "(2, 2, 2, 2)",
        "group": "(3, 3, 0, 3)",
        "thread": "(4, 3, 0, 3)",
    }
    pids = {name: int(pid) for name, pid, _ in lines}

    def ids(vtid: int, vpid: int, sid: int, vpgid: int, pgid: int) -> dict[str, object]:
        return {
            "thread.vtid": vtid,
            "proc.vpid": vpid,
            "proc.sid": sid,
            "proc.vpgid": vpgid,
            "proc.pgid": pgid,
            "proc.is_sid_leader": sid == vpid,
            "proc.is_vpgid_leader": vpgid == vpid,
        }

    leads = {**ids(2, 2, 2, 2, pids["leader"]), "proc.sname": COMM}
    return [
        told("openat", ids(1, 1, 0, 0, os.getpgid(0)), name=f"{place}/first"),
        told("openat", leads, name=f"{place}/leader"),
        told("execve", leads, res=0, pid=pids["leader"], vpgid=2),
        told("openat", ids(3, 3, 0, 3, pids["group"]), name=f"{place}/group"),
        told("openat", ids(4, 3, 0, 3, pids["group"]), name=f"{place}/thread"),
    ]


@cases
def what_is_open() -> Told:
    place = folder() / "log"
    pid = os.fork()
    if pid == 0:
        os.closerange(0, 256)
        os.open("/dev/null", os.O_RDONLY)
        _, writer = os.pipe()
        log = os.open(place, os.O_CREAT | os.O_WRONLY)
        os.dup2(writer, 1)
        os.dup2(log, 2)
        os.closerange(3, 256)
        os.open("/etc/machine-id", os.O_RDONLY)
        os._exit(0)
    os.waitpid(pid, 0)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    fields = {
        "proc.stdin.type": "file",
        "proc.stdin.name": "/dev/null",
        "proc.stdout.type": "pipe",
        "proc.stdout.name": "",
        "proc.stderr.type": "file",
        "proc.stderr.name": str(place),
        "proc.fdopencount": 4,
        "proc.fdusage": 4 * 100 / limit,
    }
    return told("openat", fields, name="/etc/machine-id")


@cases
def a_reverse_shell() -> Told:
    """Its standard input is a connection."""
    server = socket.create_server(("127.0.0.1", 0))
    pid = os.fork()
    if pid == 0:
        client = socket.create_connection(server.getsockname())
        os.dup2(client.fileno(), 0)
        os.open("/etc/os-release", os.O_RDONLY)
        os._exit(0)
    _connection, address = server.accept()
    os.waitpid(pid, 0)
    name = "{}:{}->{}:{}".format(*address, *server.getsockname())
    return told("openat", {"proc.stdin.type": "ipv4", "proc.stdin.name": name}, name="/etc/os-release")


told_of, test_case, test_field = cases.fixture(), cases.test(), cases.field_test()
