"""Calls that name files: given strings as they are, relative to a directory, empty, too long, unreadable."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from livekit.calls import Cases, Told, told
from livekit.raw import AT_EMPTY_PATH, AT_FDCWD, BAD_POINTER, call, longs, room

cases = Cases(__name__)

PATH_MAX = 4096
LONG = b"/" + b"p" * (PATH_MAX - 2)
"""The longest name that fits, with its NUL."""
AT_REMOVEDIR, AT_SYMLINK_NOFOLLOW, AT_SYMLINK_FOLLOW = 0x200, 0x100, 0x400


def folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="yarak-names-"))


@cases
def facts_by_name() -> list[Told]:
    here = folder()
    return [
        told("stat", res=call("stat", b"/etc/passwd", room(256)), path="/etc/passwd"),
        told("stat", {"evt.res": "ENOENT", "evt.rawarg.path": ""}, res=call("stat", b"", room(256))),
        told("stat", {"evt.res": "EFAULT"}, res=call("stat", BAD_POINTER, room(256)), path=None),
        told(
            "lstat",
            {"evt.res": "ENOENT"},
            res=call("lstat", str(here / "none").encode(), room(256)),
            path=str(here / "none"),
        ),
        told(
            "newfstatat",
            res=call("newfstatat", AT_FDCWD, b"/etc", room(256), AT_SYMLINK_NOFOLLOW),
            dirfd=AT_FDCWD,
            path="/etc",
            flags="AT_SYMLINK_NOFOLLOW",
        ),
        told(
            "newfstatat",
            {"fd.num": 0},
            res=call("newfstatat", 0, b"", room(256), AT_EMPTY_PATH),
            dirfd=0,
            flags="AT_EMPTY_PATH",
        ),
        told("access", res=call("access", b"/etc/passwd", os.R_OK | os.W_OK), name="/etc/passwd", mode="R_OK|W_OK"),
        told("access", {"evt.res": "ENOENT"}, res=call("access", b"/none", 0), name="/none", mode="F_OK"),
    ]


@cases
def names_of_every_length() -> list[Told]:
    return [
        told(
            "stat",
            {"evt.truncated": False, "evt.res": "ENAMETOOLONG"},
            res=call("stat", LONG, room(256)),
            path=LONG.decode(),
        ),
        told(
            "rmdir",
            {"evt.truncated": True, "evt.res": "ENAMETOOLONG"},
            res=call("rmdir", LONG + b"too long"),
            path=LONG.decode(),
        ),
        told("rmdir", {"evt.res": "ENOENT"}, res=call("rmdir", b""), path=os.getcwd()),
        told("rmdir", {"evt.res": "EFAULT"}, res=call("rmdir", None), path=None),
    ]


@cases
def directories() -> list[Told]:
    here = folder()
    at = os.open(here, os.O_RDONLY | os.O_DIRECTORY)
    one, two = str(here / "one"), str(here / "two")
    return [
        told("mkdir", res=call("mkdir", one.encode(), 0o750), path=one, mode=0o750),
        told("mkdir", {"evt.res": "EEXIST"}, res=call("mkdir", one.encode(), 0o700), path=one, mode=0o700),
        told("mkdirat", {"fd.num": at}, res=call("mkdirat", at, b"two", 0o711), dirfd=at, path=two, mode=0o711),
        told("mkdirat", {"evt.res": "EBADF"}, res=call("mkdirat", -1, b"three", 0o711), dirfd=-1, mode=0o711),
        told("rmdir", res=call("rmdir", one.encode()), path=one),
        told("unlinkat", res=call("unlinkat", at, b"two", AT_REMOVEDIR), dirfd=at, flags="AT_REMOVEDIR"),
        told("unlinkat", {"evt.res": "ENOENT"}, res=call("unlinkat", at, b"two", 0), dirfd=at, flags=0),
    ]


@cases
def renames() -> list[Told]:
    here = folder()
    at = os.open(here, os.O_RDONLY)
    a, b = str(here / "a"), str(here / "b")
    Path(a).touch()
    return [
        told("rename", res=call("rename", a.encode(), b.encode()), oldpath=a, newpath=b),
        told("rename", {"evt.res": "ENOENT"}, res=call("rename", a.encode(), b.encode()), oldpath=a, newpath=b),
        told(
            "renameat", res=call("renameat", at, b"b", AT_FDCWD, a.encode()), olddirfd=at, newdirfd=AT_FDCWD, newpath=a
        ),
        told(
            "renameat2",
            res=call("renameat2", at, b"a", at, b"c", 1),
            olddirfd=at,
            newdirfd=at,
            flags="RENAME_NOREPLACE",
        ),
        told(
            "renameat2",
            {"evt.res": "EFAULT"},
            res=call("renameat2", at, BAD_POINTER, at, b"c", 0),
            oldpath=None,
            newdirfd=at,
        ),
    ]


@cases
def links() -> list[Told]:
    here = folder()
    at = os.open(here, os.O_RDONLY)
    a, b, c = str(here / "a"), str(here / "b"), str(here / "c")
    Path(a).touch()
    return [
        told("link", res=call("link", a.encode(), b.encode()), oldpath=a, newpath=b),
        told("link", {"evt.res": "EEXIST"}, res=call("link", a.encode(), b.encode()), oldpath=a, newpath=b),
        told(
            "linkat",
            res=call("linkat", at, b"a", at, b"d", AT_SYMLINK_FOLLOW),
            olddir=at,
            newdir=at,
            flags="AT_SYMLINK_FOLLOW",
        ),
        told("symlink", res=call("symlink", b"../target", c.encode()), target="../target", linkpath=c),
        told("symlink", {"evt.res": "ENOENT"}, res=call("symlink", b"", c.encode()), target="", linkpath=c),
        told("symlinkat", res=call("symlinkat", b"x", at, b"e"), target="x", linkdirfd=at),
        told("unlink", res=call("unlink", c.encode()), path=c),
        told("unlink", {"evt.res": "EISDIR"}, res=call("unlink", str(here).encode()), path=str(here)),
    ]


@cases
def modes_and_owners() -> list[Told]:
    here = folder()
    at = os.open(here, os.O_RDONLY)
    name = str(here / "f")
    Path(name).touch()
    fd = os.open(name, os.O_RDONLY)
    return [
        told("chmod", res=call("chmod", name.encode(), 0o4711), filename=name, mode=0o4711),
        told("chmod", {"evt.res": "ENOENT"}, res=call("chmod", b"/none", 0o1), filename="/none", mode="S_IXOTH"),
        told("fchmod", {"fd.num": fd, "fd.name": name}, res=call("fchmod", fd, 0o600), fd=fd, mode="S_IWUSR|S_IRUSR"),
        told("fchmod", {"evt.res": "EBADF"}, res=call("fchmod", -1, 0), fd=-1, mode=0),
        told("fchmodat", {"fd.num": at}, res=call("fchmodat", at, b"f", 0o640), dirfd=at, mode=0o640),
        told("chown", res=call("chown", name.encode(), 1, 2), path=name, uid=1, gid=2),
        told("lchown", res=call("lchown", name.encode(), -1, 3), path=name, uid=0xFFFFFFFF, gid=3),
        told("fchown", {"fd.num": fd}, res=call("fchown", fd, 4, 5), fd=fd, uid=4, gid=5),
        told(
            "fchownat",
            {"fd.num": at},
            res=call("fchownat", at, b"f", 6, 7, AT_SYMLINK_NOFOLLOW),
            dirfd=at,
            uid=6,
            gid=7,
            flags="AT_SYMLINK_NOFOLLOW",
        ),
        told(
            "fchownat",
            res=call("fchownat", fd, b"", 6, 7, AT_EMPTY_PATH),
            dirfd=fd,
            pathname=name,
            flags="AT_EMPTY_PATH",
        ),
        told("fchown", {"evt.res": "EBADF"}, res=call("fchown", 900, 4, 5), fd=900, uid=4),
    ]


@cases
def nodes() -> list[Told]:
    here = folder()
    at = os.open(here, os.O_RDONLY)
    name = str(here / "null")
    return [
        told(
            "mknod",
            res=call("mknod", name.encode(), stat.S_IFCHR | 0o600, os.makedev(1, 3)),
            path=name,
            dev=os.makedev(1, 3),
            mode="S_IWUSR|S_IRUSR|S_IFCHR",
        ),
        told(
            "mknodat",
            res=call("mknodat", at, b"fifo", stat.S_IFIFO | 0o600, 0),
            dirfd=at,
            mode="S_IWUSR|S_IRUSR|S_IFIFO",
            dev=0,
        ),
        told(
            "mknodat",
            {"evt.res": "EEXIST"},
            res=call("mknodat", at, b"fifo", stat.S_IFREG, 0),
            dirfd=at,
            mode="S_IFREG",
        ),
    ]


@cases
def where_the_process_is() -> list[Told]:
    here = folder()
    before = os.getcwd()
    buffer = room(PATH_MAX)
    etc = os.open("/etc", os.O_RDONLY)
    expected = [
        told("chdir", res=call("chdir", str(here).encode()), path=str(here)),
        told("getcwd", res=call("getcwd", buffer, PATH_MAX), path=str(here)),
        told("getcwd", {"evt.res": "ERANGE"}, res=call("getcwd", buffer, 2), path=None),
        told("chdir", {"evt.res": "ENOTDIR"}, res=call("chdir", b"/etc/passwd"), path="/etc/passwd"),
        told("fchdir", {"fd.num": etc, "fd.name": "/etc"}, res=call("fchdir", etc), fd=etc),
        told("fchdir", {"evt.res": "EBADF"}, res=call("fchdir", -2), fd=-2),
        told("chroot", {"evt.res": "ENOENT"}, res=call("chroot", b"/none"), path="/none"),
        told("chroot", res=call("chroot", b"/"), path="/"),
    ]
    os.chdir(before)
    return expected


@cases
def relative_names_start_somewhere() -> list[Told]:
    here = folder()
    before = os.getcwd()
    os.chdir(here)
    gone = folder()
    os.chdir(gone)
    gone.rmdir()
    expected = [told("mkdir", {"evt.res": "ENOENT"}, res=call("mkdir", b"under", 0o700), path=f"{gone}/under")]
    os.chdir(here)
    expected.append(told("mkdir", res=call("mkdir", b"under/../sub", 0o700), path=f"{here}/sub"))
    os.chdir(before)
    return expected


@cases
def opening() -> list[Told]:
    here = folder()
    name = str(here / "new")
    at = os.open(here, os.O_RDONLY)
    fd = call("open", name.encode(), os.O_CREAT | os.O_WRONLY, 0o640)
    how = longs(os.O_RDWR, 0, 0x04)
    other = call("openat2", at, b"new", how, 24)
    made = call("creat", name.encode(), 0o600)
    facts = os.stat(name)
    return [
        told(
            "open",
            {"fd.num": fd, "fd.name": name},
            fd=fd,
            name=name,
            flags="O_CREAT|O_WRONLY|O_F_CREATED",
            mode=0o640,
            dev=facts.st_dev,
            ino=facts.st_ino,
        ),
        told(
            "openat2",
            {"fd.num": other, "fd.name": name},
            fd=other,
            dirfd=at,
            flags="O_RDWR",
            resolve="RESOLVE_NO_SYMLINKS",
            ino=facts.st_ino,
        ),
        told("creat", {"fd.num": made, "fd.name": name}, fd=made, name=name, mode=0o600, ino=facts.st_ino),
        told(
            "openat",
            {"evt.res": "ENOENT", "fd.num": -1},
            fd=call("openat", AT_FDCWD, b"", os.O_RDONLY, 0),
            dirfd=AT_FDCWD,
            name=os.getcwd(),
        ),
        told("openat", {"evt.res": "EFAULT"}, fd=call("openat", AT_FDCWD, BAD_POINTER, os.O_RDONLY, 0), name=None),
        told("openat", {"evt.res": "EBADF"}, fd=call("openat", -50, b"x", os.O_RDONLY, 0), dirfd=-50),
        told(
            "openat", {"fd.name": "/etc/passwd"}, fd=call("openat", at, b"/etc/../etc/passwd", os.O_RDONLY, 0), dirfd=at
        ),
    ]


@cases
def opening_by_handle() -> list[Told]:
    handle = room(128)
    handle[0:4] = (64).to_bytes(4, "little")
    mount = room(4)
    fd = os.open("/", os.O_RDONLY)
    if call("name_to_handle_at", AT_FDCWD, b"/etc/passwd", handle, mount, 0) < 0:
        handle[0:4] = (64).to_bytes(4, "little")  # one that is too long is refused before the descriptor is looked at
    opened = call("open_by_handle_at", fd, handle, os.O_RDONLY)
    failed = told(
        "open_by_handle_at",
        {"evt.res": "EBADF"},
        fd=call("open_by_handle_at", -1, handle, os.O_WRONLY),
        mountfd=-1,
        flags="O_WRONLY",
    )
    if opened < 0:
        return [failed]
    return [
        told(
            "open_by_handle_at", {"fd.name": "/etc/passwd"}, fd=opened, mountfd=fd, flags="O_RDONLY", path="/etc/passwd"
        ),
        failed,
    ]


@cases
def mounting() -> list[Told]:
    here = folder()
    target = str(here)
    mounted = call("mount", b"none", target.encode(), b"tmpfs", 0xC0ED0000 | 1 | 2, b"size=4k")
    return [
        told("mount", res=mounted, dev="none", dir=target, type="tmpfs", flags="RDONLY|NOSUID"),
        told("umount2", res=call("umount2", target.encode(), 2), name=target, flags="DETACH"),
        told(
            "mount",
            {"evt.failed": True},
            res=call("mount", None, b"/none", None, 4096, None),
            dev=None,
            dir="/none",
            type=None,
            flags="BIND",
        ),
        told("umount2", {"evt.res": "EINVAL"}, res=call("umount2", target.encode(), 8), name=target, flags="NOFOLLOW"),
    ]


@cases
def configuring_a_file_system() -> list[Told]:
    fd = call("fsopen", b"tmpfs", 0)
    return [
        told(
            "fsconfig",
            {"fd.num": fd},
            res=call("fsconfig", fd, 1, b"size", b"4k", 0),
            fd=fd,
            cmd="FSCONFIG_SET_STRING",
            key="size",
            value_bytebuf=None,
            value_charbuf="4k",
            aux=0,
        ),
        told(
            "fsconfig",
            res=call("fsconfig", fd, 0, b"ro", None, 0),
            cmd="FSCONFIG_SET_FLAG",
            key="ro",
            value_bytebuf=None,
            value_charbuf=None,
        ),
        told(
            "fsconfig",
            {"evt.failed": True},
            res=call("fsconfig", fd, 2, b"blob", b"bin", 3),
            cmd="FSCONFIG_SET_BINARY",
            key="blob",
            value_bytebuf="bin",
            value_charbuf=None,
            aux=3,
        ),
        told(
            "fsconfig",
            {"evt.failed": True},
            res=call("fsconfig", -1, 3, b"source", b"/dev/x", AT_FDCWD),
            fd=-1,
            cmd="FSCONFIG_SET_PATH",
            value_charbuf="/dev/x",
            aux=AT_FDCWD,
        ),
    ]


told_of, test_call = cases.fixture(), cases.test()
