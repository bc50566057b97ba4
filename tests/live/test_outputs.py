"""Where alerts go and how they look, from a real event to the line; and the summary at the end."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from livekit.requirements import demand, lacking_for_sensor
from livekit.rulefiles import opened, touch
from livekit.sensor import Sensor
from livekit.statistics import Statistics

pytestmark = pytest.mark.live

SUMMARY = re.compile(r"Events seen: (\d+), dropped in the kernel by filter: (\d+), lost: (\d+)")
DROPS = "Syscall event drop monitoring:\n   - event drop detected: 0 occurrences\n"
PRIORITIES = ("EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "DEBUG")
OTHERS = 10

Start = Callable[..., Sensor]


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    """The file that the rules are about."""
    return tmp_path / "watched"


@pytest.fixture
def start(tmp_path: Path, watched: Path) -> Iterator[Start]:
    """Starts a sensor with one rule per priority, each about `watched`, and these -o arguments."""
    demand(lacking_for_sensor())
    rules = tmp_path / "rules.yaml"
    rules.write_text("".join(opened(f"At {priority}", watched, priority) for priority in PRIORITIES))
    started: list[Sensor] = []

    def start(*options: str) -> Sensor:
        sensor = Sensor([rules], tmp_path / f"sensor{len(started)}", options)
        started.append(sensor)
        sensor.wait_until_armed()
        return sensor

    yield start
    for sensor in started:
        sensor.stop()


@pytest.mark.parametrize(
    ("options", "clock", "zone"),
    [
        pytest.param((), "%H:%M:%S", None, id="local time"),
        pytest.param(("time_format_iso_8601=true",), "%Y-%m-%dT%H:%M:%S+0000", UTC, id="ISO 8601"),
    ],
)
def test_text(start: Start, watched: Path, options: tuple[str, ...], clock: str, zone: Any) -> None:
    sensor = start("priority=warning", *options)
    before = datetime.now(zone).replace(microsecond=0)
    with sensor.watch() as seen:
        touch(watched)
    after = datetime.now(zone)
    line = seen.lines[0]
    told = re.fullmatch(rf"(\S+)\.\d{{9}}(\+0000)?: Emergency opened {re.escape(str(watched))} by \S+\n", line)
    assert told is not None, line
    moments = {
        datetime.fromtimestamp(second, zone) for second in range(int(before.timestamp()), int(after.timestamp()) + 1)
    }
    assert told[1] + (told[2] or "") in {moment.strftime(clock) for moment in moments}
    assert sensor.stop() == 0
    Statistics.parse(sensor.lines)


def test_json(start: Start, watched: Path) -> None:
    sensor = start("json_output=true")
    with sensor.watch() as seen:
        touch(watched)
    alert = json.loads(seen.lines[0])
    assert list(alert) == ["hostname", "output", "output_fields", "priority", "rule", "source", "tags", "time"]
    assert list(alert["output_fields"]) == ["evt.time", "fd.name", "proc.name"]
    assert (alert["rule"], alert["priority"], alert["source"]) == ("At EMERGENCY", "Emergency", "syscall")
    assert alert["tags"] == ["live_test"]
    sensor.stop_cleanly()


@pytest.mark.parametrize("key", ["output", "output_fields", "tags", "message"])
def test_json_properties(key: str, start: Start, watched: Path) -> None:
    wanted = key == "message"
    sensor = start("json_output=true", f"json_include_{key}_property={str(wanted).lower()}")
    with sensor.watch() as seen:
        touch(watched)
    alert = json.loads(seen.lines[0])
    assert (key in alert) == wanted
    if wanted:
        assert alert["message"].startswith(f"opened {watched} by ")


def test_file_gets_what_standard_output_gets(start: Start, watched: Path, tmp_path: Path) -> None:
    file = tmp_path / "alerts.jsonl"
    sensor = start("json_output=true", "file_output.enabled=true", f"file_output.filename={file}")
    with sensor.watch():
        touch(watched)
    statistics = sensor.stop_cleanly()
    assert statistics.total > 0
    assert file.read_text().splitlines(keepends=True) == sensor.lines[: statistics.first_line]


@pytest.mark.parametrize("threshold", ["critical", "warning", "debug"])
def test_priority_threshold(threshold: str, start: Start, watched: Path) -> None:
    sensor = start("json_output=true", "rule_matching=all", f"priority={threshold}")
    with sensor.watch() as seen:
        touch(watched)
    wanted = PRIORITIES[: PRIORITIES.index(threshold.upper()) + 1]
    assert [alert.rule for alert in seen.alerts] == [f"At {priority}" for priority in wanted]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_summary_at_the_end(number: signal.Signals, start: Start, watched: Path) -> None:
    sensor = start("json_output=true", "rule_matching=all")
    with sensor.watch():
        touch(watched)
        touch(watched)
        for _ in range(OTHERS):
            touch(watched.with_name("other"))
    statistics = sensor.stop_cleanly(number)
    assert statistics.by_rule.items() >= {f"At {priority}": 2 for priority in PRIORITIES}.items()
    assert statistics.by_priority.items() >= {"DEBUG": 2, "INFO": 2, "NOTICE": 2, "EMERGENCY": 2}.items()
    assert DROPS in sensor.log
    summary = SUMMARY.search(sensor.log)
    assert summary is not None, sensor.log
    seen, filtered, lost = map(int, summary.groups())
    assert seen > filtered >= OTHERS
    assert lost == 0
