"""The command behind ``make fuzz``: what it tells, and that it notices crashes, hangs and failures."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import fuzz
import search
from targets import HERE, TARGETS


@pytest.fixture
def seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where seeds go meanwhile."""
    monkeypatch.setattr(search, "SEEDS", tmp_path)
    return tmp_path


@pytest.mark.timeout(120)
def test_a_short_search_of_everything_finds_nothing() -> None:
    command = [sys.executable, str(HERE / "fuzz.py"), "--seconds", "2", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for target in TARGETS.values():
        if target.is_there:
            told = re.search(rf"^{target.what}: (\d+) inputs in 2 s, 0 kinds of failure", done.stdout, re.MULTILINE)
            assert told is not None and int(told[1]) > 0, done.stdout


class Panic(BaseException):
    """As the core's panics are."""


@pytest.mark.parametrize("error", [AssertionError, RecursionError, Panic])
def test_what_fails_becomes_a_seed(error: type[BaseException], seeds: Path, tmp_path: Path) -> None:
    def check(_given: bytes, _folder: Path) -> None:
        raise error("no")

    target = replace(TARGETS["condition"], check=check)
    assert search.run(target, seconds=0.2, seed=1).kinds == 1
    assert [path.name.partition("-")[0] for path in seeds.iterdir()] == ["condition"]


def test_a_slow_input_is_a_failure(seeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(_given: bytes, _folder: Path) -> None:
        while True:
            pass

    monkeypatch.setattr(search, "SECONDS_PER_INPUT", 1)
    reason = search.failure(replace(TARGETS["file"], check=check), b"", seeds)
    assert reason is not None and "HangError: longer than 1 s" in reason


@pytest.mark.parametrize(
    ("program", "end"),
    [
        ("import os; os.abort()", "killed by signal 6"),
        ("import time; time.sleep(60)", "an input takes more than 1 s"),
        ("raise SystemExit(1)", 1),
        ("", 0),
    ],
)
def test_a_search_that_does_not_come_back(program: str, end: int | str, tmp_path: Path) -> None:
    assert fuzz.watch([sys.executable, "-c", program], tmp_path / "current", patience=1) == end
