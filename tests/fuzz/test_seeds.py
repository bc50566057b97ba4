"""Inputs that the search of rulesfuzz.py found failing once, and the inputs that it starts from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import inputs
import rulesfuzz

SEEDS = sorted(path.name for path in rulesfuzz.SEEDS.iterdir() if path.name.startswith(("file-", "condition-")))


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed(name: str, tmp_path: Path) -> None:
    text = (rulesfuzz.SEEDS / name).read_bytes().decode()
    assert rulesfuzz.failure(name.partition("-")[0], text, tmp_path) is None


def test_the_inputs_to_start_from(tmp_path: Path) -> None:
    for target, texts in (("file", inputs.FILES), ("condition", inputs.CONDITIONS)):
        for text in texts:
            assert rulesfuzz.failure(target, text, tmp_path) is None


def test_a_short_search_finds_nothing() -> None:
    assert rulesfuzz.run(seconds=3, seed=1) == 0
