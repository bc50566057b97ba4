"""The sensor under test here runs the default rules of this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "live"))

from livekit.fixtures import actor_binary, actors, container, running_sensor, stage
from livekit.paths import DEFAULT_RULES
from livekit.sensor import Sensor

__all__ = ["actor_binary", "actors", "container", "stage", "yarak"]


@pytest.fixture(scope="session")
def yarak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sensor]:
    """One live sensor for the whole session."""
    yield from running_sensor([DEFAULT_RULES], tmp_path_factory.mktemp("sensor"))
