"""docs/kernels.md: how tools/test_kernels.py keeps it, and what it must say."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "kernels.md"
WRITTEN = 1000.0
"""When the page of a test was written."""
LACKING = "this machine lacks a name server"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    tools = str(ROOT / "tools")
    sys.path.insert(0, tools)
    try:
        return importlib.import_module("test_kernels")
    finally:
        sys.path.remove(tools)


@pytest.fixture
def page(tool: ModuleType, tmp_path: Path) -> Path:
    """A page of two files under two kernels."""
    path = tmp_path / "kernels.md"
    path.write_text(f"""{tool.head()}| tests | 5.10 | 6.12 |
|---|---|---|
| test_loss | 1 passed | - |
| test_paths | 10 passed | 9 passed, 1 skipped |

Skipped for what the kernel or the guest lacks:

- test_paths (6.12): {LACKING}
""")
    os.utime(path, (WRITTEN, WRITTEN))
    return path


def report(folder: Path, file: str, *bodies: str, age: float = -1.0) -> None:
    """A report of a file's tests, each with a body; its age is that beside the page's."""
    tests = "".join(
        f'<testcase classname="tests.live.{file}" name="t{number}">{body}</testcase>'
        for number, body in enumerate(bodies)
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file}.xml"
    path.write_text(f"<testsuites><testsuite>{tests}</testsuite></testsuites>")
    os.utime(path, (WRITTEN - age, WRITTEN - age))


def rows(page: Path, tool: ModuleType) -> list[str]:
    """What stands below the page's head."""
    text = page.read_text()
    assert text.startswith(tool.head())
    return text.removeprefix(tool.head()).splitlines()


TESTS = """
import pytest


@pytest.fixture
def lacking():
    pytest.skip("this machine lacks a name server")


def test_passes():
    pass


def test_is_skipped(lacking):
    pass


def test_fails():
    assert False
"""


def test_reports_of_files_are_read(tool: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "test_loss.py").write_text(TESTS)
    (tmp_path / "test_paths.py").write_text("def test_passes():\n    pass\n")
    plugin = ("-p", "file_reports", "--file-reports", str(tmp_path / "reports"))
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugin, "test_loss.py", "test_paths.py"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tools")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    found = tool.results(tmp_path / "reports", 0.0)
    assert {name: file.cell() for name, file in found.items()} == {
        "test_loss": "1 passed, 1 failed, 1 skipped",
        "test_paths": "1 passed",
    }
    assert found["test_loss"].lacks == {LACKING}
    assert found["test_loss"].failed == ["test_fails"]


def test_cells_without_a_newer_report_stay(tool: ModuleType, page: Path, tmp_path: Path) -> None:
    report(tmp_path / "reports" / "5.10", "test_loss", "", "<failure/>")
    tool.merge(page, tmp_path / "reports")
    assert rows(page, tool) == [
        "| tests | 5.10 | 6.12 |",
        "|---|---|---|",
        "| test_loss | 1 passed, 1 failed | - |",
        "| test_paths | 10 passed | 9 passed, 1 skipped |",
        "",
        "Skipped for what the kernel or the guest lacks:",
        "",
        f"- test_paths (6.12): {LACKING}",
    ]


def test_a_report_older_than_the_page_changes_nothing(tool: ModuleType, page: Path, tmp_path: Path) -> None:
    before = page.read_text()
    report(tmp_path / "reports" / "5.10", "test_loss", "<failure/>", age=1.0)
    assert tool.merge(page, tmp_path / "reports") == {"5.10": {}}
    assert page.read_text() == before


def test_what_was_skipped_before_is_not_said_any_more(tool: ModuleType, page: Path, tmp_path: Path) -> None:
    report(tmp_path / "reports" / "6.12", "test_paths", "")
    tool.merge(page, tmp_path / "reports")
    assert rows(page, tool)[2:] == ["| test_loss | 1 passed | - |", "| test_paths | 10 passed | 1 passed |"]


def test_another_kernel_is_another_column(tool: ModuleType, page: Path, tmp_path: Path) -> None:
    skipped = f'<skipped message="{LACKING}"/>'
    report(tmp_path / "reports" / "6.1", "test_paths", skipped)
    report(tmp_path / "reports" / "6.12-arm64", "arm64_loader", "")
    tool.merge(page, tmp_path / "reports")
    assert rows(page, tool) == [
        "| tests | 5.10 | 6.1 | 6.12 | 6.12-arm64 |",
        "|---|---|---|---|---|",
        "| arm64_loader | - | - | - | 1 passed |",
        "| test_loss | 1 passed | - | - | - |",
        "| test_paths | 10 passed | 1 skipped | 9 passed, 1 skipped | - |",
        "",
        "Skipped for what the kernel or the guest lacks:",
        "",
        f"- test_paths (6.1, 6.12): {LACKING}",
    ]


def test_files_that_are_no_more_go(tool: ModuleType, page: Path, tmp_path: Path) -> None:
    report(tmp_path / "reports" / "5.10", "test_of_a_removed_file", "")
    tool.merge(page, tmp_path / "reports")
    assert not any("test_of_a_removed_file" in row for row in rows(page, tool))


def test_the_page_reads_back(tool: ModuleType) -> None:
    assert str(tool.Page.read(PAGE.read_text())) == PAGE.read_text()


def test_what_tests_are_skipped_for_is_among_the_features(tool: ModuleType) -> None:
    assert not tool.unlisted(tool.Page.read(PAGE.read_text()))
