"""The sensor under test here runs the upstream rules, unchanged."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from livekit.calls import rules_file
from livekit.fields import field_rules
from livekit.fixtures import actor_binary, actors, container, running_sensor, stage
from livekit.paths import upstream_rules
from livekit.requirements import demand
from livekit.sensor import OPTIONS, Sensor

__all__ = ["actor_binary", "actors", "call_watcher", "container", "stage", "yarak"]

RULES = ("falco_rules.yaml", "falco-sandbox_rules.yaml")


@pytest.fixture(scope="session")
def yarak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sensor]:
    """One live sensor for the whole session."""
    files = [upstream_rules(name) for name in RULES]
    demand([f"reference data ({path}; set YARAK_SHARED)" for path in files if not path.exists()])
    yield from running_sensor(files, tmp_path_factory.mktemp("sensor"))


@pytest.fixture(scope="session")
def call_watcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sensor]:
    """One live sensor that tells every call and every field of the helper processes (livekit/calls.py, fields.py)."""
    folder = tmp_path_factory.mktemp("calls")
    rules = folder / "calls.yaml"
    rules.write_text(rules_file() + "\n" + field_rules())
    yield from running_sensor([rules], folder, (*OPTIONS, "base_syscalls.all=true", "sensor.snapshots=always"))
