"""Every field is tested somewhere, and those that nothing fills in this version are absent everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from livekit.calls import Result, Told, told
from livekit.cgroup import ContainerGroup
from livekit.field_lists import ABSENT, BY_CAPTURE, BY_THEMSELVES
from livekit.fields import FieldCases, field_of, listing, spelled
from livekit.raw import call

FILES = {
    "test_fields_evt.py": ("evt.", "syscall."),
    "test_fields_process.py": ("proc.", "thread."),
    "test_fields_user.py": ("user.", "group."),
    "test_fields_fd.py": ("fd.", "fdlist."),
    "test_fields_paths.py": ("fs.path.",),
    "test_fields_container.py": ("container.",),
}

cases = FieldCases(__name__)


def look() -> int:
    return call("openat", -100, b"/etc/hostname", os.O_RDONLY, 0)


def nothing() -> dict[str, None]:
    return {key: None for key in spelled() if field_of(key) in ABSENT}


@cases
def on_the_host() -> Told:
    return told("openat", nothing(), fd=look(), name="/etc/hostname")


@cases
def in_a_container() -> Told:
    group = ContainerGroup()
    pid = os.fork()
    if pid == 0:
        group.take(os.getpid())
        look()
        os._exit(0)
    os.waitpid(pid, 0)
    group.remove()
    return told("openat", {**nothing(), "container.id": group.short_id}, name="/etc/hostname")


told_of, test_case = cases.fixture(), cases.test()


@pytest.mark.live
@pytest.mark.parametrize("name", list(ABSENT))
def test_absent(name: str, told_of: dict[str, Result]) -> None:
    for outcome, _alerts in told_of.values():
        assert any(field_of(key) == name for one in outcome.told for key in one.fields)


def test_every_field_is_tested_in_one_place() -> None:
    places: dict[str, list[str]] = {field["name"]: [] for field in listing()}
    for name in (*ABSENT, *BY_CAPTURE):
        places[name].append("a list")
    for name, file in BY_THEMSELVES.items():
        assert f"%{name}" in Path(__file__).with_name(file).read_text()
        places[name].append(file)
    for file, starts in FILES.items():
        for name in FieldCases(file, *starts).fields:
            places[name].append(file)
    assert {name: where for name, where in places.items() if len(where) != 1} == {}


@pytest.mark.parametrize("file", list(FILES))
def test_files_test_what_they_are_said_to(file: str) -> None:
    starts = ", ".join(f'"{start}"' for start in FILES[file])
    assert f"cases = FieldCases(__name__, {starts})\n" in Path(__file__).with_name(file).read_text()
