"""evt.deltatime counts from the event that the same use of the field was evaluated on before, and util.cnt how many
those were: each rule's output and each rule's condition by itself, whatever else happens in between."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from livekit.alerts import Alert
from livekit.fixtures import sensor_under
from livekit.sensor import Sensor

pytestmark = pytest.mark.live

PAUSE = 0.2
GAP = 100_000_000
SECOND = 10**9
RULES = f"""\
- macro: after_a_pause
  condition: (evt.deltatime > {GAP})

- rule: first
  desc: A file is opened.
  condition: evt.type = openat and fd.name endswith /yk-first
  output: first %evt.deltatime %evt.deltatime.s %evt.deltatime.ns %evt.rawtime %util.cnt
  priority: DEBUG

- rule: first after a pause
  desc: A file is opened once more, after a while.
  condition: evt.type = openat and after_a_pause and fd.name endswith /yk-first
  output: paused %evt.deltatime %evt.rawtime
  priority: DEBUG

- rule: second after a pause
  desc: The same of another file.
  condition: evt.type = openat and after_a_pause and fd.name endswith /yk-second
  output: paused %evt.deltatime
  priority: DEBUG

- rule: the third
  desc: The third open of the first file.
  condition: evt.type = openat and util.cnt = 3 and fd.name endswith /yk-first
  output: third %util.cnt %evt.rawtime
  priority: DEBUG
"""


@pytest.fixture(scope="module")
def sensor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sensor]:
    yield from sensor_under(RULES, tmp_path_factory.mktemp("delta"))


@pytest.fixture(scope="module")
def seen(sensor: Sensor, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Alert]]:
    """Alerts by rule: of two opens, a pause, an open of another file, and one more of the first, twice."""
    folder = tmp_path_factory.mktemp("files")
    first, second = folder / "yk-first", folder / "yk-second"

    def look(file: Path) -> None:
        os.close(os.open(file, os.O_RDONLY | os.O_CREAT))

    with sensor.watch() as found:
        for _ in range(2):
            look(first)
            look(first)
            time.sleep(PAUSE)
            look(second)
            look(first)
    names = ("first", "first after a pause", "second after a pause", "the third")
    return {name: found.of(name) for name in names}


def numbers(alerts: Sequence[Alert], name: str) -> list[int]:
    found = []
    for alert in alerts:
        value = alert.fields[name]
        assert isinstance(value, int)
        found.append(value)
    return found


def test_an_output_counts_from_the_rules_last_alert(seen: dict[str, list[Alert]]) -> None:
    alerts = seen["first"]
    times = numbers(alerts, "evt.rawtime")
    deltas = [0, *(after - before for before, after in itertools.pairwise(times))]
    assert len(alerts) == 6
    assert numbers(alerts, "evt.deltatime") == deltas
    assert numbers(alerts, "evt.deltatime.s") == [delta // SECOND for delta in deltas]
    assert numbers(alerts, "evt.deltatime.ns") == [delta % SECOND for delta in deltas]


def test_uses_are_counted(seen: dict[str, list[Alert]]) -> None:
    times = numbers(seen["first"], "evt.rawtime")
    assert numbers(seen["first"], "util.cnt") == [1, 2, 3, 4, 5, 6]
    assert numbers(seen["the third"], "evt.rawtime") == [times[2]]
    assert numbers(seen["the third"], "util.cnt") == [1]


def test_a_condition_counts_from_what_its_rule_asked_for(seen: dict[str, list[Alert]]) -> None:
    """Opens of other files do not count, though both rules have it from one macro."""
    paused = numbers(seen["first after a pause"], "evt.rawtime")
    times = numbers(seen["first"], "evt.rawtime")
    assert paused == [times[2], times[5]]
    assert numbers(seen["first after a pause"], "evt.deltatime") == [0, times[5] - times[2]]
    assert len(seen["second after a pause"]) == 1
