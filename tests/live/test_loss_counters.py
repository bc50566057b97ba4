"""What the sensor could not keep or tell is counted where it happens."""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from livekit.probe import Look, Probe
from livekit.raw import call, room
from livekit.requirements import demand, lacking_for_sensor

from yarak.gaps import DETAILS

pytestmark = pytest.mark.live

RULE = """\
- rule: Told
  desc: Told.
  condition: evt.type = {event} and proc.name = {name}
  output: "%evt.args_changed %evt.args"
  priority: WARNING
"""
MESSAGES = 64
MESSAGE_BYTES = 64
"""struct mmsghdr on a 64-bit machine."""
AT_LEAST = 30
"""Messages of one call that are told."""

CALLER = "yk-caller"
THREADS = 4200
"""More than the kernel's table of strings has room for."""
CALLS_THAT_NOBODY_ASKS_FOR = f"""\
import contextlib, ctypes, os, threading
threading.stack_size(65536)
done = threading.Event()
made = threading.Semaphore(0)
def remove():
    with contextlib.suppress(OSError):
        os.rmdir('/none/at/all')
def one():
    remove()
    made.release()
    done.wait()
threads = [threading.Thread(target=one, daemon=True) for _ in range({THREADS})]
for thread in threads:
    thread.start()
for _ in threads:
    made.acquire()
ctypes.CDLL(None).prctl(15, b'{CALLER}', 0, 0, 0)
remove()
done.set()
"""

O_CLOEXEC = 0o2000000
UFFDIO_API, UFFDIO_REGISTER, UFFDIO_COPY = 0xC018AA3F, 0xC020AA00, 0xC028AA03
UFFD_API, MODE_MISSING, MESSAGE = 0xAA, 1, 32
MODE = 0o700


def probe_of(folder: Path, event: str, name: str) -> Probe:
    demand(lacking_for_sensor())
    rules = folder / "rules.yaml"
    rules.write_text(RULE.format(event=event, name=name))
    return Probe(rules, {"snapshots": "always"})


def own_name() -> str:
    return Path("/proc/self/comm").read_text().strip()


def alerts(looks: list[Look]) -> list[str]:
    return [alert["output"] for look in looks for alert in look["alerts"]]


def lost(looks: list[Look], event: str) -> int:
    return sum((look["gap"] or {"events": {}})["events"].get(event, 0) for look in looks)


def test_the_rest_of_a_batch_is_lost_events_of_its_type(tmp_path: Path) -> None:
    probe = probe_of(tmp_path, "sendmmsg", own_name())
    try:
        with socket.socket(type=socket.SOCK_DGRAM) as to, socket.socket(type=socket.SOCK_DGRAM) as sender:
            to.bind(("127.0.0.1", 0))
            sender.connect(to.getsockname())
            assert call("sendmmsg", sender.fileno(), room(MESSAGES * MESSAGE_BYTES), MESSAGES, 0) == MESSAGES
        look = probe.wait_for(lambda _look: lost(probe.looks, "sendmmsg") > 0)
        assert {detail.counter for detail in DETAILS} <= look["counters"].keys()
        assert look["counters"]["n_drops"] == lost(probe.looks, "sendmmsg")
        told = len(alerts(probe.looks))
        assert AT_LEAST <= told < MESSAGES
        assert told + lost(probe.looks, "sendmmsg") == MESSAGES
    finally:
        probe.end()


def test_strings_of_calls_that_are_not_told_take_nobodys_room(tmp_path: Path) -> None:
    probe = probe_of(tmp_path, "rmdir", CALLER)
    try:
        subprocess.run([sys.executable, "-c", CALLS_THAT_NOBODY_ASKS_FOR], check=True)
        look = probe.wait_for(lambda _look: bool(alerts(probe.looks)))
        (told,) = alerts(probe.looks)
        assert told.rpartition("Warning ")[2].startswith("false "), told
        assert look["counters"]["n_snapshots_missed"] == 0
    finally:
        probe.end()


def test_a_string_not_known_from_the_calls_beginning_may_have_changed_and_is_counted(tmp_path: Path) -> None:
    """The call waits for its own name's memory from before the sensor starts until it runs."""
    page = mmap.mmap(-1, mmap.PAGESIZE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    go_on = waiting_call(address, lambda: call("mkdir", address, MODE))
    probe = probe_of(tmp_path, "mkdir", own_name())
    try:
        go_on(b"/none/at/all")
        look = probe.wait_for(lambda look: look["counters"]["n_snapshots_missed"] > 0)
        probe.wait_for(lambda _look: bool(alerts(probe.looks)))
        (told,) = alerts(probe.looks)
        assert told.rpartition("Warning ")[2].startswith("true "), told
        assert look["counters"]["n_snapshots_missed"] == 1
    finally:
        probe.end()


def waiting_call(address: int, make: Callable[[], int]) -> Callable[[bytes], None]:
    """Makes the call in a thread and returns once it waits for the page at the address; what is returned fills the page
    and waits for the call's end (userfaultfd(2))."""
    fd = call("userfaultfd", O_CLOEXEC)
    if fd < 0:
        pytest.skip(f"no userfaultfd: {os.strerror(-fd)}")
    faults = open(fd, "rb", buffering=0)  # noqa: SIM115 closed by fill
    fcntl.ioctl(fd, UFFDIO_API, struct.pack("QQQ", UFFD_API, 0, 0))
    fcntl.ioctl(fd, UFFDIO_REGISTER, struct.pack("QQQQ", address, mmap.PAGESIZE, MODE_MISSING, 0))
    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    assert len(faults.read(MESSAGE)) == MESSAGE

    def fill(content: bytes) -> None:
        held = room(content.ljust(mmap.PAGESIZE, b"\0"))
        with closing(faults):
            fcntl.ioctl(fd, UFFDIO_COPY, struct.pack("QQQQq", address, ctypes.addressof(held), mmap.PAGESIZE, 0, 0))
            thread.join()

    return fill
