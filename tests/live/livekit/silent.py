"""A file system that never answers, as a hostile FUSE or a dead server's."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .overlay import CLONE_NEWNS, MS_PRIVATE, MS_REC
from .raw import call

DRIVER = Path("/dev/fuse")


@contextmanager
def silent(place: Path) -> Iterator[Callable[[], None]]:
    """What gives the process that calls it a mount namespace with such a file system on `place`. Whoever waits for it
    waits until the block ends."""
    if not DRIVER.exists():
        pytest.skip("the kernel has no FUSE")
    driver = os.open(DRIVER, os.O_RDWR)

    def mount() -> None:
        assert call("unshare", CLONE_NEWNS) == 0
        assert call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0
        options = f"fd={driver},rootmode=40000,user_id=0,group_id=0,allow_other"
        assert call("mount", b"silent", str(place).encode(), b"fuse", 0, options.encode()) == 0

    try:
        yield mount
    finally:
        os.close(driver)
