from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent)]

from capture_files import Replayed  # noqa: E402


@pytest.fixture
def replayed(capsys: pytest.CaptureFixture[str]) -> Replayed:
    """Lines on stdout of `yarak replay` with these arguments, which must succeed."""
    from yarak.cli import status

    try:
        from yarak import _core  # noqa: F401
    except ImportError as error:
        assert os.environ.get("CI") != "true", str(error)
        pytest.skip(f"the core is not built: {error}")

    def run(*arguments: object, exit_code: int = 0) -> list[str]:
        capsys.readouterr()
        code = status(["replay", *map(str, arguments)])
        out, err = capsys.readouterr()
        assert code == exit_code, err
        run.err = err  # type: ignore[attr-defined]
        return out.splitlines()

    return run
