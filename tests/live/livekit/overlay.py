"""An overlay as containers have it: an image below, a layer to write to above."""

from __future__ import annotations

import shutil
from pathlib import Path

from .field_lists import COMM
from .raw import call

CLONE_NEWNS = 0x0002_0000
MS_REC, MS_PRIVATE = 0x4000, 0x4_0000


def overlay(place: Path) -> None:
    """Gives this process a mount namespace with an overlay on PLACE/merged: `lower` and `upper` are folders of these
    layers, with a program under the helper's name and a file in each. AssertionError where the kernel does not."""
    assert call("unshare", CLONE_NEWNS) == 0
    assert call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0
    assert call("mount", b"none", str(place).encode(), b"tmpfs", 0, None) == 0
    for name in ("below/lower", "above/upper", "work", "merged"):
        (place / name).mkdir(parents=True)
    for layer in ("below/lower", "above/upper"):
        shutil.copy("/bin/cat", place / layer / COMM)
        (place / layer / "file").touch()
    options = f"lowerdir={place}/below,upperdir={place}/above,workdir={place}/work"
    assert call("mount", b"none", f"{place}/merged".encode(), b"overlay", 0, options.encode()) == 0
