from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "rules")]

from testing_rules import RULES, Files  # noqa: E402


@pytest.fixture
def write(tmp_path: Path) -> Files:
    (tmp_path / "rules.yaml").write_text(RULES)

    def it(text: str, name: str = "rules.test.yaml") -> Path:
        path = tmp_path / name
        path.write_text(dedent(text))
        return path

    return it
