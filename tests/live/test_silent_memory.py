"""A process whose memory nobody can read blinds nobody: at the start, after a loss, or with its first event."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from livekit.patience import PATIENCE
from livekit.probe import Probe
from livekit.requirements import demand, lacking_for_sensor
from livekit.silent import silent_file
from livekit.silent_memory import SilentMemory, built

pytestmark = pytest.mark.live

RULES = """\
- rule: opened
  desc: The file was opened.
  condition: evt.type in (open, openat, openat2) and fd.name = {path}
  output: "%proc.name %proc.exepath %proc.args %proc.cmdline %proc.env %proc.pid"
  priority: WARNING
"""
# The smallest ring there is: it is full after some hundred births.
SETTINGS = {"buf_bytes": 1 << 16, "format": {"json_output": True}}
SECONDS = 10 * PATIENCE
LOST = 300
"""Processes that fill the ring."""
ABSENT = dict.fromkeys(("proc.args", "proc.cmdline", "proc.env"))


@pytest.fixture
def program(tmp_path: Path) -> Path:
    demand(lacking_for_sensor())
    (tmp_path / "opened").touch()
    (tmp_path / "silent").touch()
    (tmp_path / "rules.yaml").write_text(RULES.format(path=tmp_path / "opened"))
    return built(tmp_path / "mute")


@contextmanager
def running(folder: Path) -> Iterator[Probe]:
    probe = Probe(folder / "rules.yaml", SETTINGS)
    try:
        yield probe
    finally:
        probe.end()


@contextmanager
def process(program: Path) -> Iterator[SilentMemory]:
    folder = program.parent
    with silent_file(folder / "silent") as mount:
        mute = SilentMemory(program, mount, folder / "silent", folder / "opened")
        try:
            yield mute
        finally:
            mute.kill()
    mute.wait()


def alert_of(probe: Probe, mute: SilentMemory) -> dict[str, Any]:
    """It opens the file until an alert tells so: what comes while a ring is full is lost. The alert's fields."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        mute.open()
        time.sleep(0.2)
        for fields in told(probe):
            if fields["proc.pid"] == mute.pid:
                return fields
    raise AssertionError(f"no alert within {SECONDS} s")


def told(probe: Probe) -> list[dict[str, Any]]:
    """The fields of all alerts so far."""
    return [alert["output_fields"] for look in probe.looks for alert in look["alerts"]]


def open_by_another(probe: Probe, program: Path) -> None:
    """Somebody else opens the file: that is told, too, with everything."""
    path = program.parent / "opened"
    subprocess.run(["cat", path], check=True)
    probe.wait_for(lambda _look: f"cat {path}" in [fields["proc.cmdline"] for fields in told(probe)], SECONDS)


def test_one_that_exists_before_the_start(program: Path) -> None:
    with process(program) as mute, running(program.parent) as probe:
        open_by_another(probe, program)
        fields = alert_of(probe, mute)
        assert fields == {**fields, "proc.name": "mute", "proc.exepath": str(program), **ABSENT}
        assert probe.looks[-1]["counters"]["n_args_missed"] >= 1


def test_one_whose_start_was_lost(program: Path) -> None:
    with ExitStack() as stack:
        probe = stack.enter_context(running(program.parent))
        scans = probe.looks[-1]["counters"]["n_scans"]
        probe.pause()
        for _ in range(LOST):
            subprocess.run(["true"], check=True)
        mute = stack.enter_context(process(program))
        probe.go_on()
        fields = alert_of(probe, mute)
        assert fields == {**fields, "proc.name": "mute", "proc.exepath": str(program), **ABSENT}
        open_by_another(probe, program)
        look = probe.wait_for(lambda look: look["counters"]["n_scans"] > scans, SECONDS)
        assert look["counters"]["n_args_missed"] >= 1
