"""A pytest plugin: a JUnit report of each test file as soon as its tests are through, so that a run that is ended
leaves the reports of all files before. `-p file_reports --file-reports FOLDER`"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Generator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--file-reports", type=Path, required=True, metavar="FOLDER")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(FileReports(config.getoption("--file-reports")))


class FileReports:
    """The file that is at its tests, as a report."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._suite = ET.Element("testsuite")
        self._case = ET.Element("testcase")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        self._case = ET.SubElement(self._suite, "testcase", classname=item.path.stem, name=item.name)
        done = yield
        if nextitem is None or nextitem.path != item.path:
            self._folder.mkdir(parents=True, exist_ok=True)
            ET.ElementTree(self._suite).write(self._folder / f"{item.path.stem}.xml")
            self._suite = ET.Element("testsuite")
        return done

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            ET.SubElement(self._case, "failure").text = report.longreprtext
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
            ET.SubElement(self._case, "skipped", message=reason.removeprefix("Skipped: "))
