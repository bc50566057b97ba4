"""Running test files without pytest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import document
from .document import Case, TestFile
from .errors import TestError
from .run import Failure, run


@dataclass(frozen=True)
class Result:
    """One test's outcome; ``seconds`` it took."""

    file: Path
    name: str
    line: int
    failure: Failure | None
    seconds: float


def select(files: Iterable[TestFile], words: str | None) -> Iterator[tuple[TestFile, Case]]:
    """The tests whose file's or own name contains ``words``, whatever the case."""
    for file in files:
        for case in file.cases:
            if words is None or words.lower() in f"{file.path}::{case.name}".lower():
                yield file, case


def run_all(paths: list[Path], words: str | None, tell: Callable[[Result], None]) -> list[Result]:
    """Run the tests in files and folders, telling of each. Raises: TestError for files that cannot be understood."""
    found = document.find(paths)
    if not found:
        raise TestError(f"There is no {' or '.join(document.PATTERNS)} in {', '.join(map(str, paths))}")
    results: list[Result] = []
    for file, case in select([document.read(path) for path in found], words):
        start = time.perf_counter()
        failure = run(file, case)
        results.append(Result(file.path, case.name, case.line, failure, time.perf_counter() - start))
        tell(results[-1])
    return results
