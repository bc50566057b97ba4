"""Strings that others change while the call is under way: the event has the first, and says so."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from livekit.calls import CHANGED, CHANGER, Cases, Told, told
from livekit.raw import LIBC, call

cases = Cases(__name__)

SECONDS = 2.0
PR_SET_NAME = 15
MKDIR, ACCESS = 0o700, 0


@cases
def a_string_that_changes() -> Told:
    """Another process turns one letter over and over in memory that both share."""
    folder = mkdtemp(prefix="yarak-changed-")
    text = f"{folder}/none/a".encode() + b"\0"
    shared = mmap.mmap(-1, mmap.PAGESIZE)
    shared[: len(text)] = text
    address = ctypes.addressof(ctypes.c_char.from_buffer(shared))
    turner = child(lambda: turn(shared, len(text) - 2))
    maker = child(lambda: make(address))
    os.waitpid(maker, 0)
    os.kill(turner, signal.SIGKILL)
    os.waitpid(turner, 0)
    return told(CHANGED, {"evt.args_changed": True, "evt.res": "ENOENT"}, mode=MKDIR)


def child(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    return pid


def turn(shared: mmap.mmap, at: int) -> None:
    while True:
        shared[at] = ord("b")
        shared[at] = ord("a")


def make(address: int) -> None:
    """Under a name of its own, of whose calls only those are told that are found changed."""
    LIBC.prctl(PR_SET_NAME, CHANGER.encode(), 0, 0, 0)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        call("mkdir", address, MKDIR)


@cases
def strings_that_stay() -> list[Told]:
    here = Path(mkdtemp(prefix="yarak-stays-"))
    one, two = str(here / "one"), str(here / "two")
    return [
        told("mkdir", {"evt.args_changed": False}, res=call("mkdir", one.encode(), MKDIR), path=one),
        told(
            "rename",
            {"evt.args_changed": False},
            res=call("rename", one.encode(), two.encode()),
            oldpath=one,
            newpath=two,
        ),
        told("rmdir", {"evt.args_changed": False}, res=call("rmdir", two.encode()), path=two),
    ]


@cases
def strings_that_cannot_be_read() -> list[Told]:
    return [
        told("unlink", {"evt.args_changed": True, "evt.res": "EFAULT"}, res=call("unlink", 8), path=None),
        told("access", {"evt.args_changed": False}, res=call("access", 8, ACCESS), name=None),
    ]


@cases
def long_strings_are_compared_in_full() -> list[Told]:
    """Longer than what is kept of a string at the beginning; the whole of it goes into a number that is compared."""
    path = ctypes.create_string_buffer(b"/none/" + b"l" * 1000)
    return [told("rmdir", {"evt.args_changed": False}, res=call("rmdir", path), path="/none/" + "l" * 1000)]


told_of, test_call = cases.fixture(), cases.test()
