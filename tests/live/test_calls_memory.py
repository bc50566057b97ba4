"""Calls about memory: what the event tells of each parameter, for success and failure."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from livekit.calls import Cases, Told, Within, told
from livekit.raw import AT_FDCWD, call

cases = Cases(__name__)

PAGE = 4096
ANONYMOUS = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
ENOMEM, EINVAL, EBADF = 12, 22, 9
EXEC_AND_ALL = "PROT_READ|PROT_WRITE|PROT_EXEC"


def kilobytes(key: str) -> Within:
    """The process's own figure of /proc/self/status, give or take what the kernel's per-CPU counters keep back."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key))
    now = int(line.split()[1])
    return Within(max(0, now - 4096), now + 4096)


@cases
def anonymous_mapping() -> Told:
    at = call("mmap", 0, PAGE, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC, ANONYMOUS, -1, 0)
    expected = told(
        "mmap",
        res=at,
        addr=0,
        length=PAGE,
        prot=EXEC_AND_ALL,
        flags="MAP_PRIVATE|MAP_ANONYMOUS",
        fd=-1,
        offset=0,
        vm_size=kilobytes("VmSize"),
        vm_rss=kilobytes("VmRSS"),
        vm_swap=kilobytes("VmSwap"),
    )
    call("munmap", at, PAGE)
    return expected


@cases
def mapped_file() -> Told:
    fd = os.open("/etc/passwd", os.O_RDONLY)
    at = call("mmap", 0, PAGE, mmap.PROT_READ, mmap.MAP_SHARED, fd, PAGE)
    return told(
        "mmap",
        {"fd.num": fd, "fd.name": "/etc/passwd", "fd.type": "file"},
        res=at,
        fd=fd,
        offset=PAGE,
        prot="PROT_READ",
        flags="MAP_SHARED",
    )


@cases
def mapping_that_fails() -> Told:
    res = call("mmap", 0, 0, 0, mmap.MAP_PRIVATE, 99, 0)
    return told("mmap", {"evt.res": "EBADF", "fd.name": ""}, res=res, length=0, prot="PROT_NONE", fd=99)


@cases
def unmapping() -> list[Told]:
    at = call("mmap", 0, PAGE, 0, ANONYMOUS, -1, 0)
    return [
        told("munmap", res=call("munmap", at, PAGE), addr=at, length=PAGE, vm_size=kilobytes("VmSize")),
        told("munmap", {"evt.res": "EINVAL"}, res=call("munmap", 1, PAGE), addr=1, length=PAGE),
    ]


@cases
def protection() -> list[Told]:
    at = call("mmap", 0, PAGE, 0, ANONYMOUS, -1, 0)
    return [
        told("mprotect", res=call("mprotect", at, PAGE, 4), addr=at, length=PAGE, prot="PROT_EXEC"),
        told("mprotect", res=call("mprotect", 0, PAGE, 1), addr=0, length=PAGE, prot="PROT_READ"),
    ]


@cases
def program_break() -> Told:
    at = call("brk", 0)
    return told("brk", res=at, addr=0, vm_size=kilobytes("VmSize"), vm_rss=kilobytes("VmRSS"))


@cases
def locking() -> list[Told]:
    at = call("mmap", 0, PAGE, mmap.PROT_READ, ANONYMOUS, -1, 0)
    return [
        told("mlock", res=call("mlock", at, PAGE), addr=at, len=PAGE),
        told("mlock2", res=call("mlock2", at, PAGE, 1), addr=at, len=PAGE, flags="MLOCK_ONFAULT"),
        told("munlock", res=call("munlock", at, PAGE), addr=at, len=PAGE),
        told("munlock", {"evt.res": "ENOMEM"}, res=call("munlock", 0, PAGE), addr=0, len=PAGE),
        told("mlockall", {"evt.res": "EINVAL"}, res=call("mlockall", 0), flags=0),
        told("mlockall", res=call("mlockall", 6), flags="MCL_FUTURE|MCL_ONFAULT"),
        told("munlockall", res=call("munlockall")),
    ]


@cases
def anonymous_files() -> list[Told]:
    fd = call("memfd_create", b"secret", 1)
    return [
        told(
            "memfd_create",
            {"fd.num": fd, "fd.type": "memfd", "fd.name": "secret"},
            fd=fd,
            name="secret",
            flags="MFD_CLOEXEC",
        ),
        told("memfd_create", {"evt.res": "EFAULT"}, fd=call("memfd_create", 8, 0), name=None),
        told("memfd_create", {"evt.res": "EINVAL"}, fd=call("memfd_create", b"n" * 300, 0), name="n" * 300),
    ]


@cases
def page_faults_of_another() -> list[Told]:
    fd = call("userfaultfd", os.O_CLOEXEC)
    return [
        told("userfaultfd", {"fd.num": fd, "fd.type": "userfaultfd"}, res=fd, flags="O_CLOEXEC"),
        told("userfaultfd", {"evt.res": "EINVAL"}, res=call("userfaultfd", 0x40), flags="O_CREAT"),
    ]


@cases
def working_directory() -> list[Told]:
    return [told("mmap", res=call("mmap", 0, 0, 0, ANONYMOUS, AT_FDCWD, 0), fd=AT_FDCWD)]


told_of, test_call = cases.fixture(), cases.test()
