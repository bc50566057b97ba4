"""The helper process: makes the calls of a test file's cases and prints, pickled, what they expect."""

from __future__ import annotations

import importlib.util
import os
import pickle
import sys

from .calls import Cases
from .raw import LIBC

PR_SET_NAME = 15


def main(path: str) -> None:
    """Runs the cases of the file; whatever they print goes to standard error."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    spec = importlib.util.spec_from_file_location("cases_under_test", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cases = module.cases
    assert isinstance(cases, Cases)
    LIBC.prctl(PR_SET_NAME, cases.comm.encode(), 0, 0, 0)
    outcomes = dict(cases.run())
    pickle.dump(outcomes, out)
    out.flush()


if __name__ == "__main__":
    main(sys.argv[1])
