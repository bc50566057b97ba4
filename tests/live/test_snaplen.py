"""As much of what is read and written is kept as the configuration says, and what is more counts as cut."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from livekit.fixtures import running_sensor
from livekit.sensor import OPTIONS, Sensor

pytestmark = pytest.mark.live

RULE = "Moved"
# Outputs show the beginning of a long text, conditions see all that was kept: where it ends tells how much that is.
RULES = """\
- rule: {rule}
  desc: Bytes moved by this process.
  condition: >
    evt.type in (write, writev, pread, sendto) and proc.pid = {pid} and
    evt.buffer startswith "|" and evt.buffer endswith "{end}"
  output: "%evt.type %evt.buflen %evt.truncated %evt.arglen.data"
  priority: DEBUG
"""
# What is configured, and how many bytes that means: 0 is the default, and there is a ceiling.
LENGTHS = {0: 80, 1: 1, 200: 200, 16383: 16383, 65535: 16383}


@pytest.fixture(scope="module", params=LENGTHS)
def sensor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sensor, int]]:
    folder = tmp_path_factory.mktemp("snaplen")
    rules = folder / "rules.yaml"
    kept = LENGTHS[request.param]
    rules.write_text(RULES.format(rule=RULE, pid=os.getpid(), end=text(kept)[-20:].decode()))
    options = (*OPTIONS, f"falco_libs.snaplen={request.param}", "base_syscalls.all=true")
    for running in running_sensor([rules], folder / "sensor", options):
        yield running, kept


def text(length: int) -> bytes:
    """Whose beginning is nobody else's, and which is another one for every length."""
    return b"|" + "".join(f"{at}," for at in range(length)).encode()[: length - 1]


def write_in_parts(file: int, data: bytes) -> int:
    return os.writev(file, [data[: len(data) // 2], data[len(data) // 2 :]])


def read_back(file: int, data: bytes) -> int:
    os.pwrite(file, data, 0)
    return len(os.pread(file, len(data), 0))


def send(_file: int, data: bytes) -> int:
    one, other = socket.socketpair()
    with one, other:
        return one.send(data)


MOVES: dict[str, Callable[[int, bytes], int]] = {
    "write": os.write,
    "writev": write_in_parts,
    "pread": read_back,
    "sendto": send,
}


@pytest.mark.parametrize("call", MOVES)
def test_so_many_bytes_are_kept(call: str, sensor: tuple[Sensor, int], tmp_path: Path) -> None:
    running, kept = sensor
    file = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    with running.watch() as seen:
        for length in (kept, kept + 1, kept + 1000):
            assert MOVES[call](file, text(length)) == length
    os.close(file)
    moved = [alert.fields for alert in seen.of(RULE) if alert.fields["evt.type"] == call]
    assert [fields["evt.buflen"] for fields in moved] == [kept, kept + 1, kept + 1000]
    assert [fields["evt.truncated"] for fields in moved] == [False, True, True]
    assert [fields["evt.arglen.data"] for fields in moved] == [kept, kept + 1, kept + 1000]
