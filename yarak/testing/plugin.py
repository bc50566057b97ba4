"""pytest collects ``*.test.yaml``. Nothing else of Yarak is loaded before such a file is met."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from yarak.testing.document import Case, TestFile

SUFFIXES = (".test.yaml", ".test.yml")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a file of rule tests."""
    if not file_path.name.endswith(SUFFIXES):
        return None
    return RuleTestFile.from_parent(parent, path=file_path)


class RuleTestFile(pytest.File):
    """A file of rule tests."""

    def collect(self) -> Iterable[pytest.Item]:
        """One item per test."""
        from yarak.errors import YarakError
        from yarak.testing import document

        try:
            file = document.read(self.path)
        except YarakError as error:
            raise self.CollectError(str(error)) from None
        for case in file.cases:
            yield RuleTest.from_parent(self, name=case.name, file=file, case=case)


class RuleTest(pytest.Item):
    """One rule test."""

    def __init__(self, *, file: TestFile, case: Case, **about: Any) -> None:
        super().__init__(**about)
        self._file = file
        self._case = case

    def runtest(self) -> None:
        """Fails with the differences and the explanations."""
        from yarak.testing.run import run

        failure = run(self._file, self._case)
        if failure is not None:
            raise RuleTestFailureError(failure.text)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The differences alone: the traceback is ours and tells nothing."""
        if isinstance(excinfo.value, RuleTestFailureError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """File and line (from 0) of the test."""
        return self.path, self._case.line - 1, self.name


class RuleTestFailureError(Exception):
    """A rule test that fails."""
