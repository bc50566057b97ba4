from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from testing_rules import RULES, Files


@pytest.fixture
def write(tmp_path: Path) -> Files:
    (tmp_path / "rules.yaml").write_text(RULES)

    def it(text: str, name: str = "rules.test.yaml") -> Path:
        path = tmp_path / name
        path.write_text(dedent(text))
        return path

    return it
