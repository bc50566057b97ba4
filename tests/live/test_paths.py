"""Path truth: a file is the file it is, by whatever name it is reached. The upstream rules are unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest
from livekit.ordinary import do_ordinary_work
from livekit.sensor import Sensor
from livekit.stage import Stage, Stand

pytestmark = pytest.mark.live

RULE = "Read sensitive file untrusted"

# How the file is reached, and whether only its real name says so.
WAYS = {
    "symlink": (("symlink /etc/shadow {tmp}/link", "read {tmp}/link"), True),
    "symlinked directory": (("symlink /etc {tmp}/folder", "read {tmp}/folder/shadow"), True),
    "root link of proc": (("read /proc/self/root/etc/shadow",), True),
    "current directory": (("chdir /etc", "read shadow"), False),
    "directory descriptor": (("read-at /etc shadow",), False),
    "parent directory": (("read /etc/../etc/shadow",), False),
    "bind mount": (
        ("mkdir {tmp}/mounted", "private-mounts", "bind /etc {tmp}/mounted", "read {tmp}/mounted/shadow"),
        True,
    ),
    "changed root": (("chroot /etc", "read /shadow"), True),
}


@pytest.mark.parametrize("way", WAYS)
def test_read_is_seen(way: str, stage: Stage, yarak: Sensor) -> None:
    steps, by_real_name = WAYS[way]
    with yarak.watch() as seen:
        stage.perform(Stand("reader", steps))
    alert = seen.one(RULE, "Warning", {"proc.name": "reader", "user.name": "root"})
    assert "/etc/shadow" in (alert.fields["fd.name"], alert.fields.get("fd.realpath"))
    assert alert.fields.get("evt.path_match", "given") == ("real" if by_real_name else "given")


def test_innocent_link_stays_silent(stage: Stage, yarak: Sensor) -> None:
    with yarak.watch() as seen:
        stage.perform(
            Stand("reader", ("symlink /etc/hostname {tmp}/shadow", "read {tmp}/shadow", "read-at /etc hostname"))
        )
    seen.none(RULE)


def test_ordinary_work_raises_nothing_by_the_second_name(tmp_path: Path, yarak: Sensor) -> None:
    with yarak.watch() as seen:
        do_ordinary_work(tmp_path)
    assert [alert.output for alert in seen.alerts if alert.fields.get("evt.path_match") == "real"] == []
