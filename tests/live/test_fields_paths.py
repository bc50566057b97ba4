"""Fields of the paths that calls work on: as given, and made absolute."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from livekit.calls import Told, told
from livekit.fields import FieldCases
from livekit.raw import call

cases = FieldCases(__name__, "fs.path.")


def folder() -> Path:
    place = Path(tempfile.mkdtemp(prefix="yarak-fields-"))
    os.chdir(place)
    return place


@cases
def one_path() -> list[Told]:
    place = folder()
    at = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    path = "./made/../made"
    made = call("mkdirat", at, b"made", 0o700)
    mode = call("chmod", path.encode(), 0o750)
    fd = os.open("made", os.O_RDONLY)
    return [
        told("mkdirat", {"fs.path.name": f"{place}/made", "fs.path.nameraw": "made"}, res=made, dirfd=at),
        told("chmod", {"fs.path.name": f"{place}/made", "fs.path.nameraw": path}, res=mode),
        told("openat", {"fs.path.name": f"{place}/made", "fs.path.nameraw": "made"}, fd=fd, name=f"{place}/made"),
        told("fchmod", {"fs.path.name": f"{place}/made"}, res=call("fchmod", fd, 0o700), fd=fd),
        told(
            "unlinkat",
            {"fs.path.name": f"{place}/made", "fs.path.nameraw": "made", "fs.path.source": None},
            res=call("unlinkat", at, b"made", 0x200),
            dirfd=at,
        ),
    ]


@cases
def two_paths() -> list[Told]:
    place = folder()
    (place / "a").touch()
    at = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    return [
        told(
            "renameat2",
            {
                "fs.path.source": f"{place}/a",
                "fs.path.sourceraw": "a",
                "fs.path.target": f"{place}/b",
                "fs.path.targetraw": "./b",
                "fs.path.name": None,
            },
            res=call("renameat2", at, b"a", at, b"./b", 0),
            olddirfd=at,
        ),
        told(
            "link",
            {
                "fs.path.source": f"{place}/c",
                "fs.path.sourceraw": "c",
                "fs.path.target": f"{place}/b",
                "fs.path.targetraw": "b",
            },
            res=call("link", b"b", b"c"),
        ),
        told(
            "symlinkat",
            {
                "fs.path.source": f"{place}/d",
                "fs.path.sourceraw": "d",
                "fs.path.target": "/to/nowhere",
                "fs.path.targetraw": "/to/nowhere",
            },
            res=call("symlinkat", b"/to/nowhere", at, b"d"),
        ),
    ]


@cases
def failures_have_none() -> Told:
    place = folder()
    res = call("chmod", f"{place}/none".encode(), 0o700)
    return told("chmod", {"fs.path.name": None, "fs.path.nameraw": None}, res=res)


told_of, test_case, test_field = cases.fixture(), cases.test(), cases.field_test()
