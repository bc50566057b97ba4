"""What a process has open is told beside events that are no system call: births, ends, signals, switches, io_uring."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit.fixtures import sensor_under
from livekit.requirements import demand, lacking_for_io_uring
from livekit.sensor import Sensor
from livekit.stage import Stage, Stand

pytestmark = pytest.mark.live

NAME = "yk-opener"
RULE = "Beside"
RULES = f"""\
- rule: {RULE}
  desc: Told.
  condition: >
    evt.type in (clone, clone3, fork, vfork, procexit, signaldeliver, switch, openat, unlinkat, sendto)
    and proc.name = {NAME}
  output: >
    %evt.type %evt.res %evt.arg.res %evt.is_io_uring %proc.stdin.name %proc.stdin.type %proc.stdout.name
    %proc.stdout.type %proc.stderr.name %proc.fdopencount %proc.fdusage %fd.types
  priority: WARNING
"""


@pytest.fixture(scope="module")
def sensor(tmp_path_factory: pytest.TempPathFactory, actor_binary: Path) -> Iterator[Sensor]:
    yield from sensor_under(RULES, tmp_path_factory.mktemp("beside"))


def opened(stage: Stage, count: int, kinds: list[str]) -> dict[str, object]:
    """What the stand-in has open: /dev/null and a log, and what came to it besides."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return {
        "proc.stdin.name": "/dev/null",
        "proc.stdin.type": "file",
        "proc.stdout.name": f"{stage.names['tmp']}/log",
        "proc.stdout.type": "file",
        "proc.fdopencount": count,
        "proc.fdusage": count * 100 / limit,
        "fd.types": kinds,
    }


def told(stage: Stage, sensor: Sensor, *steps: str) -> list[dict[str, object]]:
    with sensor.watch() as seen:
        stage.perform(Stand(NAME, ("only /dev/null {tmp}/log", *steps)))
    return [alert.fields for alert in seen.of(RULE)]


def events(told: list[dict[str, object]], **wanted: object) -> list[dict[str, object]]:
    named = {name.replace("__", "."): value for name, value in wanted.items()}
    return [fields for fields in told if named.items() <= fields.items()]


def told_once(events: list[dict[str, object]], expected: dict[str, object]) -> None:
    assert [{name: fields.get(name) for name in expected} for fields in events] == [expected]


@pytest.mark.parametrize("way", ["fork", "vfork", "clone", "clone3"])
def test_a_birth_is_told_of_by_parent_and_child(way: str, stage: Stage, sensor: Sensor) -> None:
    births = events(told(stage, sensor, f"bear {way}"), evt__type=way)
    parents = [birth for birth in births if birth["evt.arg.res"] != "0"]
    children = [birth for birth in births if birth["evt.arg.res"] == "0"]
    told_once(parents, opened(stage, 2, ["file"]))
    told_once(children, opened(stage, 2, ["file"]))


def test_an_end_is_told_with_what_was_open(stage: Stage, sensor: Sensor) -> None:
    ends = events(told(stage, sensor), evt__type="procexit")
    told_once(ends, opened(stage, 2, ["file"]))


def test_a_signal_is_told_with_what_is_open(stage: Stage, sensor: Sensor) -> None:
    signals = events(told(stage, sensor, "signal-self 10"), evt__type="signaldeliver")
    told_once(signals, opened(stage, 2, ["file"]))


def test_a_switch_is_told_with_what_is_open(stage: Stage, sensor: Sensor) -> None:
    switches = events(told(stage, sensor, "grow-old 50"), evt__type="switch")
    wanted = opened(stage, 2, ["file"])
    assert wanted in [{name: fields.get(name) for name in wanted} for fields in switches]


@pytest.mark.parametrize("way", ["plain", "async", "polled", "skip"])
@pytest.mark.parametrize(
    ("step", "call", "count", "kinds"),
    [
        ("open /etc/hostname", "openat", 4, ["file", "io_uring"]),
        ("unlink {tmp}/log", "unlinkat", 3, ["file", "io_uring"]),
        ("send 127.0.0.1 7777", "sendto", 4, ["file", "ipv4", "io_uring"]),
    ],
)
def test_an_operation_of_io_uring_is_told_with_what_is_open(
    step: str, call: str, count: int, kinds: list[str], way: str, stage: Stage, sensor: Sensor
) -> None:
    demand(lacking_for_io_uring())
    operations = events(told(stage, sensor, f"ring {way} {step}"), evt__type=call, evt__is_io_uring=True)
    expected = opened(stage, count, kinds)
    if call == "openat" and way == "skip":  # told before there is a file
        expected |= opened(stage, 3, kinds)
    told_once(operations, expected)
