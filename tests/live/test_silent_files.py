"""A path that leads through a file system that never answers blinds nobody: not the event that it belongs to, and not
those after it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit.patience import PATIENCE
from livekit.probe import Probe
from livekit.requirements import demand, lacking_for_sensor
from livekit.silent import silent

pytestmark = pytest.mark.live

RULES = """\
- rule: renamed
  desc: Somebody renames something.
  condition: evt.type = rename and (evt.arg.newpath endswith /dir/new or fs.path.target endswith /dir/new)
  output: renamed to %evt.arg.newpath
  priority: DEBUG
- rule: read
  desc: Somebody reads the passwords.
  condition: evt.type in (open, openat, openat2) and fd.name = /etc/shadow
  output: read %fd.name
  priority: DEBUG
"""
RENAMES = 50
SECONDS = 1.0


@pytest.fixture
def probe(tmp_path: Path) -> Iterator[Probe]:
    demand(lacking_for_sensor())
    (tmp_path / "rules.yaml").write_text(RULES)
    probe = Probe(tmp_path / "rules.yaml", {})
    try:
        yield probe
    finally:
        probe.end()


def rules_of(probe: Probe, first: int) -> list[str]:
    return [alert["rule"] for look in probe.looks[first:] for alert in look["alerts"]]


def test_an_alert_comes_while_a_name_cannot_be_looked_up(probe: Probe, tmp_path: Path) -> None:
    """The kernel looks at the old name's directory first, so that the call itself ends at once."""
    place = tmp_path / "silent"
    place.mkdir()
    done, report = os.pipe()
    with silent(place) as mount:
        first = len(probe.looks)
        pid = os.fork()
        if pid == 0:
            mount()
            for _ in range(RENAMES):
                try:
                    os.rename("/nowhere/old", place / "dir/new")
                except FileNotFoundError:
                    os.write(report, b".")
            signal.pause()
        try:
            for _ in range(RENAMES):
                assert os.read(done, 1) == b"."
            began = time.monotonic()
            os.close(os.open("/etc/shadow", os.O_RDONLY))
            probe.wait_for(lambda _look: "read" in rules_of(probe, first), SECONDS * PATIENCE)
            assert time.monotonic() - began < SECONDS * PATIENCE
            assert rules_of(probe, first).count("renamed") == RENAMES
            missed = probe.wait_for(lambda look: look["counters"].get("n_real_names_missed", 0) >= RENAMES)
            assert missed["gap"] is None
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(done)
            os.close(report)
