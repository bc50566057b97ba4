"""`engine.kind=replay`: the main command, its log and its outputs, on a capture in place of the host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from capture_files import SHADOW_RULE, openat, process, processes, write

START = 1_700_000_000_000_000_000


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    return write(
        tmp_path / "made.scap",
        processes(process(1, 0, "init"), process(70, 1, "cat", cwd="/etc")),
        openat(START, 70, 3, "passwd"),
        openat(START + 1, 70, 4, "shadow"),
        openat(START + 2, 70, 4, "/etc/../etc/shadow"),
    )


def yarak(folder: Path, capture: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`yarak` as a process of its own, on a capture, with a configuration and a rule of the test's."""
    (folder / "rules.yaml").write_text(SHADOW_RULE)
    config = folder / "yarak.yaml"
    config.write_text("log_stderr: true\nlog_syslog: false\nstdout_output: {enabled: true}\n")
    settings = ("engine.kind=replay", f"engine.replay.capture_file={capture}", *options)
    chosen = [word for setting in settings for word in ("-o", setting)]
    command = [sys.executable, "-P", "-m", "yarak", "-c", str(config), "-r", str(folder / "rules.yaml"), *chosen]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)


def test_it_starts_alerts_and_ends(tmp_path: Path, capture: Path) -> None:
    done = yarak(tmp_path, capture, "json_output=true")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    alerts = [json.loads(line) for line in lines if line.startswith("{")]
    assert [alert["output"].split(" ", 2)[2] for alert in alerts] == [
        "cat read /etc/shadow (2)",
        "cat read /etc/shadow (3)",
    ]
    assert [alert["time"] for alert in alerts] == ["2023-11-14T22:13:20.000000001Z", "2023-11-14T22:13:20.000000002Z"]
    expected = ("Yarak version: ", "Loading rules from:", f"Replaying events from the capture file: {capture}")
    places = [done.stderr.find(text) for text in expected]
    assert -1 not in places and places == sorted(places), done.stderr
    assert "Events detected: 2" in done.stdout + done.stderr


def test_a_file_gets_the_alerts_too(tmp_path: Path, capture: Path) -> None:
    target = tmp_path / "alerts.txt"
    done = yarak(tmp_path, capture, "file_output.enabled=true", f"file_output.filename={target}")
    assert done.returncode == 0, done.stderr
    assert [line.split(" ", 2)[2] for line in target.read_text().splitlines()] == [
        "cat read /etc/shadow (2)",
        "cat read /etc/shadow (3)",
    ]


def test_a_missing_file_ends_the_start(tmp_path: Path) -> None:
    done = yarak(tmp_path, tmp_path / "nowhere.scap")
    assert done.returncode == 1
    assert f"{tmp_path}/nowhere.scap: No such file or directory" in done.stderr
    assert done.stdout == "" and "Traceback" not in done.stderr


def test_a_damaged_file_is_replayed_up_to_the_damage(tmp_path: Path, capture: Path) -> None:
    capture.write_bytes(capture.read_bytes()[:-10])
    done = yarak(tmp_path, capture)
    assert done.returncode == 1
    assert "cat read /etc/shadow (2)" in done.stdout
    assert f"{capture}: the file ends in the middle of a block: 10 bytes are missing (at byte " in done.stderr
