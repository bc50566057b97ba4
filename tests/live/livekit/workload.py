"""A workload that touches every event family and both sides of whatever the kernel filter looks at.

Run as a program: `python -m livekit.workload FOLDER PORT CGROUP NAME [ROUNDS]`. It takes the short name NAME, works in
FOLDER, talks to itself on PORT and PORT + 1, and spends a part of its time in the cgroup whose folder is CGROUP. What
the machine refuses is refused, and that is an event, too.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import resource
import select
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

LIBC: Final = ctypes.CDLL(None, use_errno=True)
PR_SET_NAME: Final = 15
PTRACE_TRACEME: Final = 0
# x86_64 numbers of calls that Python has no function for.
NUMBERS: Final = {
    "open": 2, "stat": 4, "lstat": 6, "dup2": 33, "creat": 85, "chmod": 90, "ptrace": 101, "mount": 165, "umount2": 166,
    "init_module": 175, "delete_module": 176, "quotactl": 179, "tkill": 200, "epoll_create": 213, "tgkill": 234,
    "openat2": 437, "seccomp": 317, "bpf": 321, "userfaultfd": 323, "finit_module": 313, "setns": 308, "unshare": 272,
    "capset": 126, "inotify_init": 253, "signalfd": 282, "eventfd": 284, "timerfd_create": 283, "pipe": 22, "dup3": 292,
    "process_vm_readv": 310, "memfd_create": 319, "mlock2": 325, "pidfd_open": 434, "nanosleep": 35, "fsconfig": 431,
    "io_uring_setup": 425,
}  # fmt: skip
SHADES: Final = ("plain", "linked", "climbing", "deep/er/still", "exact", "other.conf")
"""Names below the folder whose opening differs in one dimension each."""


def call(name: str, *arguments: object) -> int:
    """A system call by its name; a failure is the negated errno."""
    result = int(LIBC.syscall(NUMBERS[name], *arguments))
    return result if result >= 0 else -ctypes.get_errno()


def become(name: str) -> None:
    LIBC.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)


@contextmanager
def inside(cgroup: Path) -> Iterator[None]:
    """This process moves into the cgroup and back."""
    (cgroup / "cgroup.procs").write_text(str(os.getpid()))
    try:
        yield
    finally:
        (cgroup.parent.parent / "cgroup.procs").write_text(str(os.getpid()))


def in_child(act: Callable[[], object]) -> None:
    """Does it in a process of its own, whatever comes of it."""
    pid = os.fork()
    if pid == 0:
        with suppress(OSError):
            act()
        os._exit(0)
    os.waitpid(pid, 0)


def close(fd: int) -> None:
    if fd >= 0:
        os.close(fd)


def opens(folder: Path) -> None:
    """Every access, flag, name and outcome."""
    for shade in SHADES:
        path = folder / shade
        for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_RDONLY | os.O_DIRECTORY):
            with suppress(OSError):
                close(os.open(path, flags))
        with suppress(OSError):
            close(os.open(folder / "missing" / shade, os.O_RDONLY))
    close(call("open", str(folder / "plain").encode(), os.O_RDONLY, 0))
    close(call("creat", str(folder / "made").encode(), 0o600))
    close(call("openat2", -100, str(folder / "plain").encode(), (ctypes.c_uint64 * 3)(), 24))
    with suppress(OSError):
        os.open(folder / "plain", os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for name in ("plain", "linked", "../work/exact", "./deep/../exact", "nothing"):
        with suppress(OSError):
            close(os.open(name, os.O_RDONLY, dir_fd=at))
    os.close(at)
    close(os.open(folder / "deep", os.O_RDONLY | os.O_DIRECTORY))
    before = Path.cwd()
    os.chdir(folder)
    for name in ("exact", "../work/exact", "linked", "deep/er/still"):
        close(os.open(name, os.O_RDONLY))
    os.chdir(before)
    with suppress(OSError):
        close(os.open(folder / "unnamed", os.O_TMPFILE | os.O_WRONLY))
    with tempfile.TemporaryFile(dir=folder):
        pass


def names(folder: Path) -> None:
    """Calls without a descriptor, each on a plain path and through a linked directory, done and refused."""
    for base in (folder, folder / "way"):
        one, two = base / "one", base / "two"
        one.touch()
        os.chmod(one, 0o640)
        call("chmod", str(one).encode(), 0o600)
        os.chown(one, 0, 0)
        os.rename(one, two)
        os.link(two, one)
        os.symlink(two, base / "three")
        os.readlink(base / "three")
        for path in (one, two, base / "three"):
            os.unlink(path)
        os.mkdir(one)
        os.rmdir(one)
        os.truncate(base / "plain", 3)
        os.utime(base / "plain")
        os.access(base / "plain", os.R_OK)
        os.statvfs(base)
        for refused in (os.rmdir, os.unlink, os.stat, os.listdir):
            with suppress(OSError):
                refused(base / "missing")
        for name in ("stat", "lstat"):
            call(name, str(base / "plain").encode(), ctypes.create_string_buffer(256))
        with suppress(OSError):
            os.setxattr(base / "plain", "user.a", b"1")
        with suppress(OSError):
            os.getxattr(base / "plain", "user.a")
        with suppress(OSError):
            os.rename(base / "missing", two)
        with suppress(OSError):
            os.mknod(base / "fifo", 0o10600)
        with suppress(OSError):
            os.unlink(base / "fifo")


def files(folder: Path) -> None:
    """Input and output of every form."""
    fd = os.open(folder / "data", os.O_RDWR | os.O_CREAT, 0o600)
    os.write(fd, b"some data of some length")
    os.pwrite(fd, b"x", 4)
    os.writev(fd, [b"a", b"b"])
    os.pwritev(fd, [b"a", b"b"], 0)
    os.lseek(fd, 0, os.SEEK_SET)
    os.read(fd, 5)
    os.pread(fd, 5, 1)
    os.readv(fd, [bytearray(2), bytearray(3)])
    os.preadv(fd, [bytearray(2)], 0)
    os.fsync(fd)
    os.ftruncate(fd, 10)
    os.fchmod(fd, 0o644)
    os.fchown(fd, 0, 0)
    os.fstat(fd)
    with mmap.mmap(fd, 10) as area:
        area[0]
    other = os.dup(fd)
    os.dup2(fd, other)
    call("dup2", fd, other)
    call("dup3", fd, other, 0)
    os.sendfile(other, fd, 0, 4)
    with suppress(OSError):
        os.splice(fd, other, 1)
    with suppress(OSError):
        os.copy_file_range(fd, other, 1)
    os.lockf(fd, os.F_TLOCK, 1)
    os.close(other)
    os.close(fd)
    with suppress(OSError):
        os.close(fd)


def descriptors(folder: Path) -> None:
    """Descriptors that are neither files nor sockets."""
    for fd in (*os.pipe(), call("eventfd", 0), call("inotify_init"), call("timerfd_create", 1, 0)):
        close(fd)
    close(call("epoll_create", 1))
    close(os.memfd_create("memory"))
    close(call("signalfd", -1, (ctypes.c_uint64 * 1)(1), 8))
    close(call("userfaultfd", 0))
    close(call("pidfd_open", os.getpid(), 0))
    close(call("io_uring_setup", 1, ctypes.create_string_buffer(120)))
    poll = select.epoll()
    poll.poll(0)
    poll.close()
    select.select([], [], [], 0)
    select.poll().poll(0)


def processes(folder: Path) -> None:
    """Births, images, ends, groups, signals, privileges."""
    in_child(lambda: os.execv("/bin/true", ["true"]))
    in_child(lambda: os.execv(folder / "missing", ["missing"]))
    in_child(lambda: os.execve(folder / "plain", ["plain"], {}))
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
    in_child(os.setsid)
    in_child(lambda: os.setpgid(0, 0))
    in_child(lambda: (os.setgid(65534), os.setuid(65534), os.open(folder / "exact", os.O_RDONLY)))
    in_child(lambda: (os.setresgid(1, 1, 1), os.setresuid(1, 1, 1)))
    in_child(lambda: (os.setreuid(2, 2), os.setuid(0)))
    in_child(lambda: call("capset", 0, 0))
    in_child(lambda: os.chroot(folder))
    in_child(lambda: call("ptrace", PTRACE_TRACEME, 0, 0, 0))
    in_child(lambda: call("ptrace", 16, 1 << 22, 0, 0))
    in_child(lambda: call("seccomp", 9, 0, 0))
    in_child(lambda: call("process_vm_readv", 1 << 22, 0, 0, 0, 0, 0))
    in_child(lambda: (become("other"), os.open(folder / "exact", os.O_RDONLY), os.open(folder / "plain", os.O_RDONLY)))
    resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE))
    os.kill(os.getpid(), 0)
    call("tkill", os.getpid(), 0)
    call("tgkill", os.getpid(), os.getpid(), 0)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    os.kill(os.getpid(), signal.SIGUSR1)
    in_child(lambda: os.kill(os.getpid(), signal.SIGTERM))
    call("nanosleep", (ctypes.c_uint64 * 2)(0, 1), 0)
    os.umask(os.umask(0))
    os.getcwd()
    os.nice(0)


def kernel(folder: Path) -> None:
    """Namespaces, mounts, modules, bpf: done in a namespace of its own, or refused."""

    def mounts() -> None:
        call("unshare", 0x20000)
        call("mount", b"none", b"/", 0, 0x44000, 0)
        call("mount", b"tmpfs", str(folder / "mounted").encode(), b"tmpfs", 0, 0)
        (folder / "mounted" / "exact").touch()
        call("umount2", str(folder / "mounted").encode(), 0)
        call("mount", b"none", b"/missing", b"none", 0, 0)

    in_child(mounts)
    in_child(lambda: call("setns", -1, 0))
    call("init_module", b"no module", 9, b"")
    call("finit_module", -1, b"", 0)
    call("delete_module", b"missing", os.O_NONBLOCK)
    call("bpf", 0, 0, 0)
    call("fsconfig", -1, 0, 0, 0, 0)
    call("quotactl", 0, 0, 0, 0)
    area = mmap.mmap(-1, 4096)
    call("mlock2", ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(area))), 4096, 0)


def _stream(family: int, address: object, peer: object) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as server, socket.socket(family, socket.SOCK_STREAM) as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(address)
        server.listen(1)
        client.connect(peer)
        accepted, _ = server.accept()
        client.send(b"one")
        accepted.recv(3)
        accepted.sendmsg([b"two"])
        client.recvmsg(3)
        client.getpeername()
        client.getsockname()
        client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        accepted.shutdown(socket.SHUT_RDWR)
        accepted.close()


def _datagram(family: int, address: object) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as server, socket.socket(family, socket.SOCK_DGRAM) as client:
        server.bind(address)
        client.sendto(b"one", server.getsockname())
        server.recvfrom(3)
        client.connect(server.getsockname())
        client.send(b"two")
        server.recv(3)


def network(folder: Path, port: int) -> None:
    """Both families and none, streams and datagrams, both ports, done and refused."""
    for number in (port, port + 1):
        _stream(socket.AF_INET, ("127.0.0.1", number), ("127.0.0.1", number))
        _datagram(socket.AF_INET, ("127.0.0.1", number))
        with suppress(OSError):
            _stream(socket.AF_INET6, ("::1", number), ("::1", number))
        with suppress(OSError):
            _stream(socket.AF_INET6, ("::", number), ("::ffff:127.0.0.1", number))
        with socket.socket() as refused, suppress(OSError):
            refused.connect(("127.0.0.1", number))
        with socket.socket() as waiting, suppress(OSError):
            waiting.setblocking(False)
            assert waiting.connect_ex(("127.0.0.2", number)) in (errno.EINPROGRESS, errno.ECONNREFUSED)
    path = str(folder / "socket")
    _stream(socket.AF_UNIX, path, path)
    os.unlink(path)
    with socket.socket(socket.AF_UNIX) as refused, suppress(OSError):
        refused.connect(path)
    for one in socket.socketpair():
        one.close()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) as netlink:
        netlink.bind((0, 0))
    with suppress(OSError), socket.socket(socket.AF_PACKET, socket.SOCK_RAW):
        pass


def prepare(folder: Path) -> None:
    """What the work finds there."""
    for name in ("plain", "exact", "other.conf", "deep/er/still"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("content")
        path.chmod(0o644)
    (folder / "mounted").mkdir(exist_ok=True)
    (folder / "linked").symlink_to("exact")
    (folder / "climbing").symlink_to("../work/exact")
    (folder / "way").symlink_to(".")


def work(folder: Path, port: int) -> None:
    for part in (opens, names, files, descriptors, processes, kernel):
        part(folder)
    network(folder, port)


def main(folder: Path, port: int, cgroup: Path, name: str, rounds: int = 1) -> None:
    become(name)
    for _ in range(rounds):
        work(folder, port)
        with inside(cgroup):
            opens(folder)
            processes(folder)
            network(folder, port)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], *map(int, sys.argv[5:]))
