"""Inputs that a search found failing once, and the inputs that searches start from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from search import SEEDS, failure
from targets import TARGETS, Target

NAMES = sorted(path.name for path in SEEDS.iterdir() if path.name.partition("-")[0] in TARGETS)


def there(name: str) -> Target:
    """The target of this name; skips where it looks at the core, and that is not built."""
    target = TARGETS[name]
    if not target.is_there:
        pytest.skip("the core is not built")
    return target


@pytest.mark.parametrize("name", NAMES)
def test_a_seed(name: str, tmp_path: Path) -> None:
    assert failure(there(name.partition("-")[0]), (SEEDS / name).read_bytes(), tmp_path) is None


@pytest.mark.parametrize("name", TARGETS)
def test_the_inputs_to_start_from(name: str, tmp_path: Path) -> None:
    target = there(name)
    for given in target.start()[:20]:
        assert failure(target, given, tmp_path) is None
