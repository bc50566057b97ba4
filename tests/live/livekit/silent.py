"""File systems that never answer, as a hostile FUSE or a dead server's."""

from __future__ import annotations

import os
import select
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from errno import ENODEV, ENOSYS, EPERM
from pathlib import Path

import pytest

from .overlay import CLONE_NEWNS, MS_PRIVATE, MS_REC
from .raw import call

DRIVER = Path("/dev/fuse")
DIRECTORY, FILE = 0o040000, 0o100000
FILE_BYTES = 1 << 20
REQUEST_MAX = 1 << 18


class Request(IntEnum):
    """Operations of <linux/fuse.h> that a file needs until it is read."""

    FORGET = 2
    GETATTR = 3
    OPEN = 14
    READ = 15
    INIT = 26
    INTERRUPT = 36
    BATCH_FORGET = 42


UNANSWERED = {Request.READ, Request.FORGET, Request.INTERRUPT, Request.BATCH_FORGET}


@contextmanager
def silent(place: Path) -> Iterator[Callable[[], None]]:
    """What gives the process that calls it a mount namespace with such a file system on `place`. Whoever waits for it
    waits until the block ends."""
    with _driver() as driver:
        yield lambda: _mount(driver, place, DIRECTORY)


@contextmanager
def silent_file(place: Path) -> Iterator[Callable[[], None]]:
    """The same with a file on `place` that can be opened and mapped, and that no page ever comes of."""
    ended, end = os.pipe()
    with _driver() as driver:
        server = threading.Thread(target=_serve, args=(driver, ended), daemon=True)
        server.start()
        try:
            yield lambda: _mount(driver, place, FILE)
        finally:
            os.close(end)
            server.join()
            os.close(ended)


@contextmanager
def _driver() -> Iterator[int]:
    """The file system lives as long as somebody has this descriptor."""
    if not DRIVER.exists():
        pytest.skip("the kernel has no FUSE")
    driver = os.open(DRIVER, os.O_RDWR)
    try:
        yield driver
    finally:
        os.close(driver)


def _mount(driver: int, place: Path, kind: int) -> None:
    assert call("unshare", CLONE_NEWNS) == 0
    assert call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0
    options = f"fd={driver},rootmode={kind:o},user_id=0,group_id=0,allow_other"
    assert call("mount", b"silent", str(place).encode(), b"fuse", 0, options.encode()) == 0


def _serve(driver: int, ended: int) -> None:
    """Answers everything but reads until the other end of `ended` is closed."""
    while ended not in select.select([driver, ended], [], [])[0]:
        try:
            request = os.read(driver, REQUEST_MAX)
        except OSError as error:
            # Nobody has mounted it yet, or nobody has it any more.
            assert error.errno in (EPERM, ENODEV)
            time.sleep(0.01)
            continue
        _length, operation, unique = struct.unpack_from("=IIQ", request)
        if operation not in UNANSWERED:
            error, body = _answer(operation)
            os.write(driver, struct.pack("=IiQ", 16 + len(body), error, unique) + body)


def _answer(operation: int) -> tuple[int, bytes]:
    match operation:
        case Request.INIT:
            return 0, struct.pack("=IIII HHI I 36x", 7, 31, 0, 0, 1, 1, 4096, 1)
        case Request.GETATTR:
            # Valid for an hour; inode, size and blocks; mode and links; the size of a block.
            return 0, struct.pack(
                "=Q8x QQQ 36x II 12x I4x", 3600, 1, FILE_BYTES, FILE_BYTES >> 9, FILE | 0o444, 1, 4096
            )
        case Request.OPEN:
            return 0, struct.pack("=QII", 1, 0, 0)
        case _:
            return -ENOSYS, b""
