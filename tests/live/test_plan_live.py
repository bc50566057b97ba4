"""`yarak rules plan --live`: shares of what really happens on this host."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from livekit.patience import PATIENCE
from livekit.requirements import demand, lacking_for_sensor

pytestmark = pytest.mark.live

RULES = """
- rule: One file
  desc: d
  condition: evt.type in (open, openat) and fd.name = {folder}/wanted
  output: o
  priority: INFO
- rule: Every mkdir
  desc: d
  condition: evt.type = mkdir and proc.args contains no-such
  output: o
  priority: INFO
"""
WANTED, OTHERS = 30, 90
ARMED_SECONDS = 20 * PATIENCE


def test_shares_are_those_of_what_happened(tmp_path: Path) -> None:
    demand(lacking_for_sensor())
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.format(folder=tmp_path))
    command = [sys.executable, "-m", "yarak", "rules", "plan", "--live", "6", "--format", "json", str(rules)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as planning:
        deadline = time.monotonic() + ARMED_SECONDS
        rounds = 0
        while planning.poll() is None and time.monotonic() < deadline:
            act(tmp_path, rounds)
            rounds += 1
        out, err = planning.communicate(timeout=ARMED_SECONDS)
    assert planning.returncode == 0, err
    document = json.loads(out)
    found = {one["rule"]: one["shares"] for one in document["rules"]}
    (opens,), (mkdirs,) = found["One file"], found["Every mkdir"]
    assert opens["passed"] >= WANTED
    assert opens["seen"] >= 3 * opens["passed"], "three other files are opened for each wanted one"
    assert mkdirs["seen"] == mkdirs["passed"] > 0


def act(folder: Path, number: int) -> None:
    """One wanted open, three others, a new directory."""
    for name in ("wanted", "a", "b", "c"):
        (folder / name).write_bytes(b"")
    (folder / f"directory {number}").mkdir()
    time.sleep(0.01)
