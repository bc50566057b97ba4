"""After a loss the table of processes is right again within seconds, and waits for no process to do anything."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from livekit.actors import Actors
from livekit.patience import PATIENCE
from livekit.probe import Look, Probe
from livekit.requirements import demand, lacking_for_sensor

pytestmark = pytest.mark.live

RULE = """\
- rule: Opened
  desc: The file was opened.
  condition: evt.type in (open, openat, openat2) and fd.name = {path}
  output: "%proc.cmdline %proc.pid %proc.ppid"
  priority: WARNING
"""
# The smallest ring there is: it is full after some hundred births.
SETTINGS = {"buf_bytes": 1 << 16, "format": {"json_output": True}}
BEFORE, AFTER = 300, 200
HEALED_SECONDS = 5.0 * PATIENCE
CHURN = 40
"""Processes that come and go on a busy machine meanwhile."""


@pytest.fixture
def probe(actors: Actors, tmp_path: Path) -> Iterator[Probe]:
    demand(lacking_for_sensor())
    rules = tmp_path / "rules.yaml"
    opened = tmp_path / "opened"
    opened.touch()
    rules.write_text(RULE.format(path=opened))
    probe = Probe(rules, SETTINGS)
    try:
        yield probe
    finally:
        probe.end()


class Sleepers:
    """Processes that wait until they are let go, and then open a file."""

    def __init__(self, program: Path, count: int, path: Path) -> None:
        command = [str(program), "hold", ",", "read", str(path)]
        self._all = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(count)]
        self.pids = [process.pid for process in self._all]

    def let_go(self) -> None:
        for process in self._all:
            process.communicate(b"\n")

    def kill(self) -> None:
        for process in self._all:
            process.kill()
        for process in self._all:
            process.wait()
            if process.stdin is not None:
                process.stdin.close()


def programs() -> int:
    """Processes of the machine that have an image, threads of the kernel left out."""
    return sum(1 for path in Path("/proc").glob("[0-9]*/maps") if _has_text(path))


def _has_text(path: Path) -> bool:
    try:
        return bool(path.read_text())
    except OSError:
        return False


def lost(look: Look) -> dict[str, int]:
    gap = look["gap"]
    return {} if gap is None else dict(gap["events"])


def alerts(probe: Probe) -> list[dict[str, Any]]:
    """The fields of all alerts so far."""
    return [alert["output_fields"] for look in probe.looks for alert in look["alerts"]]


def test_lost_births_images_and_ends_are_made_good(probe: Probe, actors: Actors, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    old = Sleepers(actors.named("old"), BEFORE, opened)
    base = probe.wait_for(lambda look: look["counters"]["n_processes"] >= BEFORE)
    probe.pause()
    young = Sleepers(actors.named("young"), AFTER, opened)
    try:
        old.kill()
        probe.go_on()
        at = time.monotonic()
        look = probe.wait_for(lambda look: bool(lost(look)))
        assert {"execve", "procexit"} <= set(lost(look)), look["gap"]
        assert {"clone", "vfork", "fork", "clone3"} & set(lost(look)), look["gap"]
        told = time.monotonic()
        assert told - at < 2
        healed = probe.wait_for(lambda look: look["counters"]["n_scans"] > base["counters"]["n_scans"])
        assert time.monotonic() - told < HEALED_SECONDS
        assert abs(healed["counters"]["n_processes"] - programs()) < CHURN
        assert healed["counters"]["n_ends_missed"] >= BEFORE / 2

        # What was healed needs no healing on demand, and has its image and its parent.
        before = healed["counters"]
        young.let_go()
        after = probe.wait_for(lambda _look: len(alerts(probe)) >= AFTER)["counters"]
        assert {fields["proc.pid"] for fields in alerts(probe)} == set(young.pids)
        assert {fields["proc.cmdline"] for fields in alerts(probe)} == {f"young hold , read {opened}"}
        assert {fields["proc.ppid"] for fields in alerts(probe)} == {os.getpid()}
        assert after["n_processes_unseen"] - before["n_processes_unseen"] < CHURN
        assert after["n_execs_missed"] - before["n_execs_missed"] < CHURN
    finally:
        young.kill()
