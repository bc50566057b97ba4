"""The parts of the bench that measure nothing: rows, the table, and what it refuses to do."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import process, row, rules, table
from bench.row import Row


def test_a_row_is_the_median_of_its_samples_with_their_spread() -> None:
    one = row.of("group", "name", [3.0, 1.0, 2.0], "s", target=2.0)
    assert (one.value, one.low, one.high, one.met) == (2.0, 1.0, 3.0, True)


def test_a_missed_target_is_said() -> None:
    text = table.text([Row("group", "slow", 2.0, "s", 1.0), Row("group", "other", 2.0, "s")])
    assert [line.split()[-1] for line in text.splitlines()[2:]] == ["MISSED", "s"]


def test_a_target_of_nothing_is_met_by_nothing_alone() -> None:
    assert [Row("loss", "lost", lost, "", 0.0).met for lost in (0, 1)] == [True, False]


def test_the_json_holds_every_sample() -> None:
    document = json.loads(row.encode([row.of("group", "name", [1.0, 2.0], "s")], {"cpus": 2}))
    assert document["about"] == {"cpus": 2}
    assert document["rows"][0]["samples"] == [1.0, 2.0]


def test_cpu_time_of_a_process_grows_with_its_work() -> None:
    before = process.cpu_seconds(os.getpid())
    end = time.process_time() + 0.02
    while time.process_time() < end:
        pass
    assert process.cpu_seconds(os.getpid()) - before >= 0.02


def test_memory_has_all_kinds_in_megabytes() -> None:
    found = process.memory_mb(os.getpid())
    assert set(found) == set(process.MEMORY)
    assert found["VmRSS"] == pytest.approx(found["RssAnon"] + found["RssFile"] + found["RssShmem"], abs=1.0)


def test_missing_reference_rules_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(rules, "ALL", (tmp_path / "absent.yaml",))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    refusal = command.refusal()
    assert refusal is not None
    assert "absent.yaml" in refusal and "YARAK_SHARED" in refusal
