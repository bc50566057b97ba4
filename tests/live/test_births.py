"""A birth is told from both sides with all of its parameters, whichever call makes it."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit.fixtures import sensor_under
from livekit.sensor import Sensor
from livekit.stage import Stage, Stand

pytestmark = pytest.mark.live

NAME = "yk-parent"
RULE = "Born"
PARAMETERS = (
    *(
        "res",
        "exe",
        "args",
        "tid",
        "pid",
        "ptid",
        "cwd",
        "fdlimit",
        "pgft_maj",
        "pgft_min",
        "vm_size",
        "vm_rss",
        "vm_swap",
    ),
    *("comm", "flags", "uid", "gid", "vtid", "vpid", "pidns_init_start_ts"),
)
RULES = f"""\
- rule: {RULE}
  desc: Told.
  condition: evt.type in (clone, clone3, fork, vfork) and proc.name = {NAME}
  output: "%evt.type %evt.arg.flags {" ".join(f"%evt.rawarg.{name}" for name in PARAMETERS)}"
  priority: WARNING
"""
WAYS = ("fork", "vfork", "clone", "clone3")


@pytest.fixture(scope="module")
def sensor(tmp_path_factory: pytest.TempPathFactory, actor_binary: Path) -> Iterator[Sensor]:
    yield from sensor_under(RULES, tmp_path_factory.mktemp("births"))


@pytest.mark.parametrize("way", WAYS)
def test_both_sides_tell_everything(way: str, stage: Stage, sensor: Sensor) -> None:
    with sensor.watch() as seen:
        stage.perform(Stand(NAME, ("become 65534", f"bear {way}")))
    births = [
        {name.removeprefix("evt.rawarg."): value for name, value in alert.fields.items() if name != "evt.time"}
        for alert in seen.of(RULE)
        if alert.fields["evt.type"] == way
    ]
    (parent,) = (birth for birth in births if birth["res"] != 0)
    (child,) = (birth for birth in births if birth["res"] == 0)
    for side in (parent, child):
        assert side.items() >= shared(stage, way).items()
        assert side["vm_size"] > side["vm_rss"] >= 0
        assert (side["vtid"], side["vpid"]) == (side["tid"], side["pid"])
    assert parent["res"] == child["tid"] == child["pid"]
    assert child["ptid"] == parent["tid"] == parent["pid"]
    assert parent["ptid"] == os.getpid()
    assert child["evt.arg.flags"] == ("CLONE_VM" if way == "vfork" else "0")


def shared(stage: Stage, way: str) -> dict[str, object]:
    """What parent and child say alike."""
    return {
        "exe": f"{stage.names['bin']}/{NAME}",
        "args": f"become.65534.,.bear.{way}.",
        "cwd": os.getcwd(),
        "fdlimit": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "pgft_maj": 0,
        "vm_swap": 0,
        "comm": NAME,
        "uid": 65534,
        "gid": 65534,
        "pidns_init_start_ts": 0,
    }
