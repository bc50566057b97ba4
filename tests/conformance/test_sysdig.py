"""The reference captures as Debian's sysdig 0.29 reads them and as they are read here.

Finished calls are aligned by order. Time, type, process and fd.name are equal, and each parameter that sysdig prints
has the same value here, apart from the differences in `DIFFERENCES`, each with its cause.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from yarak.cli import status

SEPARATOR = "#|#"
FIELDS = ("evt.rawtime", "evt.type", "proc.name", "proc.pid", "fd.name", "evt.args")
FORMAT = SEPARATOR.join(f"%{field}" for field in FIELDS)
FILES = ("curl_google.scap", "test_ipv6_client.scap")
NUMBER = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Difference:
    """One value of one event: `theirs` is sysdig's."""

    event: str
    what: str
    theirs: str
    ours: str


def cut(difference: Difference) -> bool:
    """Sysdig's text form of buffers ends after 80 bytes."""
    return difference.theirs.endswith("...") and difference.ours.startswith(difference.theirs[:-3])


def signed(difference: Difference) -> bool:
    """The result of mmap has another type today: a result, which is shown in decimal, was an address in hex."""
    if difference.event != "mmap" or difference.what != "res":
        return False
    return NUMBER.fullmatch(difference.ours) is not None and int(difference.ours) == int(difference.theirs, 16)


def enter_only(difference: Difference) -> bool:
    """The descriptor stood in the enter event alone; here it is moved to the exit event, which so has a name."""
    return difference.event == "mmap" and difference.what == "fd.name" and difference.theirs == "<NA>"


def guessed_source(difference: Difference) -> bool:
    """Sysdig guesses the address that an unbound socket sends from; here what is not known stays unset."""
    source, _, dest = difference.ours.partition("->")
    return difference.what == "fd.name" and source == ":::0" and difference.theirs.endswith(f"->{dest}")


def connected_again(difference: Difference) -> bool:
    """A datagram socket that connects anew keeps its first name in sysdig 0.29."""
    names = ("::1:38255->::1:2345", "::1:38255->2001:4860:4860::8888:53")
    return difference.what == "fd.name" and (difference.theirs, difference.ours) == names


def empty_buffer(difference: Difference) -> bool:
    """An empty list of arguments is `NULL` today, as every empty buffer."""
    return (difference.theirs, difference.ours) == ("", "NULL")


DIFFERENCES = (cut, signed, enter_only, guessed_source, connected_again, empty_buffer)


@pytest.fixture(scope="module")
def captures() -> Path:
    default = Path(__file__).resolve().parents[3] / "shared"
    folder = Path(os.environ.get("YARAK_SHARED", default)) / "data" / "captures"
    lacking = [] if folder.is_dir() else [f"reference data ({folder}; set YARAK_SHARED)"]
    lacking += [] if shutil.which("sysdig") else ["sysdig (apt-get install sysdig)"]
    if lacking:
        assert os.environ.get("CI") != "true", f"lacking: {', '.join(lacking)}"
        pytest.skip(f"lacking: {', '.join(lacking)}")
    return folder


@cache
def their_events() -> dict[str, list[list[str]]]:
    """Parameters of every version of every exit event that sysdig knows."""
    table = defaultdict(list)
    for line in subprocess.run(["sysdig", "-L"], capture_output=True, text=True, check=True).stdout.splitlines():
        if match := re.fullmatch(r"< (\w+)\((.*)\)", line):
            table[match[1]].append([word.split()[-1] for word in match[2].split(", ") if word])
    return table


def theirs(file: Path) -> list[list[str]]:
    """Finished calls; `*` keeps those that lack a field."""
    command = ["sysdig", "-r", str(file), "-p", f"*{FORMAT}", "evt.dir=<"]
    out = subprocess.run(command, capture_output=True, check=True).stdout.decode(errors="replace")
    return [line.split(SEPARATOR) for line in out.splitlines()]


def ours(file: Path, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    capsys.readouterr()
    assert status(["replay", str(file), "-p", FORMAT, "--filter", "evt.dir=<"]) == 0
    return [line.split(SEPARATOR) for line in capsys.readouterr().out.splitlines()]


def arguments(text: str, names: list[str]) -> dict[str, str]:
    """`a=1 b=2` taken apart, knowing the names; what follows the last one present belongs to it."""
    found, rest = {}, f" {text}"
    present = [name for name in names if f" {name}=" in rest]
    for name, following in zip(present, [*present[1:], None], strict=False):
        _, _, rest = rest.partition(f" {name}=")
        at = len(rest) if following is None else rest.find(f" {following}=")
        found[name], rest = rest[:at], rest[at:]
    return found


def differences(mine: list[str], other: list[str]) -> Iterator[Difference]:
    event = mine[1]
    for at, field in enumerate(FIELDS[:-1]):
        if mine[at] != other[at]:
            yield Difference(event, field, other[at], mine[at])
    text = other[-1].rstrip()
    versions = [arguments(text, names) for names in their_events()[event]]
    known = max(versions, key=len, default={})
    from yarak import _core

    # A generic event has the call's name, and no parameters to show.
    params = next((info["params"] for info in reversed(_core.events()) if info["name"] == event), [])
    values = arguments(mine[-1], [param["name"] for param in params])
    for name, value in known.items():
        if values.get(name) != value:
            yield Difference(event, name, value, values.get(name, "(no such parameter)"))


@pytest.mark.parametrize("name", FILES)
def test_finished_calls_are_as_sysdig_has_them(
    name: str, captures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, other = ours(captures / name, capsys), theirs(captures / name)
    assert len(mine) == len(other) > 0
    assert [event[:2] for event in mine] == [event[:2] for event in other], "events are aligned"
    compared = sum(len(arguments(event[-1], names)) for event in other for names in their_events()[event[1]][:1])
    assert compared > len(other), "parameters are compared"
    unexplained = [
        difference
        for one, two in zip(mine, other, strict=True)
        for difference in differences(one, two)
        if not any(cause(difference) for cause in DIFFERENCES)
    ]
    assert unexplained == []


def test_every_listed_difference_is_met(captures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = [
        difference
        for name in FILES
        for one, two in zip(ours(captures / name, capsys), theirs(captures / name), strict=True)
        for difference in differences(one, two)
    ]
    assert [cause.__name__ for cause in DIFFERENCES if not any(map(cause, found))] == []
