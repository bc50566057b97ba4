"""A recording that is replayed says of every event what was said of it live, in every field that captures have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from livekit.alerts import Alert
from livekit.calls import Outcome, perform
from livekit.command import run
from livekit.field_lists import BY_CAPTURE, COMM
from livekit.fields import field_of, field_rules, spelled
from livekit.recording import recording
from livekit.sensor import Sensor

pytestmark = pytest.mark.live

WORKLOADS = ("evt", "process", "user", "fd", "paths", "container")
"""Test files whose cases are made once more, under recording."""

DIFFERENT = {
    "evt.num": "counted from the beginning of what is looked at",
    "evt.reltime": "counted from the beginning of what is looked at",
    "evt.deltatime": "counted from the event before, and recordings have more of them",
}
"""Fields that may differ, and why."""


@pytest.fixture(scope="module")
def both(
    call_watcher: Sensor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[list[Alert], list[Alert]]]:
    """Alerts of the same events: live, and out of the recording."""
    folder = tmp_path_factory.mktemp("fidelity")
    file, rules = folder / "all.scap", folder / "rules.yaml"
    rules.write_text("- required_engine_version: 0.57.0\n" + field_rules())
    outcomes: dict[str, Outcome] = {}
    with call_watcher.watch() as seen, recording(file):
        for name in WORKLOADS:
            outcomes |= perform(Path(__file__).with_name(f"test_fields_{name}.py"))
    assert not [outcome.error for outcome in outcomes.values() if outcome.error]
    options = [word for option in ("json_output=true", "rule_matching=all", "priority=debug") for word in ("-o", option)]
    done = run("replay", file, "-r", rules, *options)
    assert done.returncode == 0, done.stderr
    replayed = [Alert.parse(line) for line in done.stdout.splitlines() if line.startswith("{")]
    yield told(seen.alerts), told(replayed)


def told(alerts: list[Alert]) -> list[Alert]:
    return [alert for alert in alerts if alert.rule.startswith("fields ")]


def key(alert: Alert) -> tuple[Any, ...]:
    return alert.fields["evt.rawtime"], alert.fields["thread.tid"], alert.fields["evt.type"]


def test_the_same_events_are_told(both: tuple[list[Alert], list[Alert]]) -> None:
    live, replayed = both
    assert len(live) > 500
    assert {*map(key, live)} == {*map(key, replayed)}


@pytest.mark.parametrize("name", [name for name in spelled() if field_of(name) not in BY_CAPTURE])
def test_the_same_is_told(name: str, both: tuple[list[Alert], list[Alert]]) -> None:
    live, replayed = ({key(alert): alert.fields for alert in alerts} for alerts in both)
    if any(name.startswith(different) for different in DIFFERENT):
        return
    different = {
        (fields["evt.type"], json.dumps(fields[name]), json.dumps(replayed[at][name]))
        for at, fields in live.items()
        if at in replayed and fields[name] != replayed[at][name]
    }
    assert not different, sorted(different)[:5]


def test_the_helper_is_who_is_told_of(both: tuple[list[Alert], list[Alert]]) -> None:
    assert {alert.fields["proc.name"] for alerts in both for alert in alerts} == {COMM}
