"""Log lines."""

from __future__ import annotations

import re
import time

import pytest

from yarak.log import Log, stamp


def test_local_and_iso_stamps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    assert stamp(1_700_000_000, iso_8601=False) == "Tue Nov 14 23:13:20 2023"
    assert stamp(1_700_000_000, iso_8601=True) == "2023-11-14T22:13:20+0000"


def test_level_is_a_threshold(capsys: pytest.CaptureFixture[str]) -> None:
    log = Log()
    log.configure(level="warning", to_stderr=True, to_syslog=False, iso_8601=False)
    log.info("no")
    log.warning("yes")
    log.error("yes")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"\w{3} \w{3} \d\d \d\d:\d\d:\d\d \d{4}: yes", lines[0])


def test_stderr_can_be_off(capsys: pytest.CaptureFixture[str]) -> None:
    log = Log()
    log.configure(level="debug", to_stderr=False, to_syslog=False, iso_8601=False)
    log.error("no")
    assert capsys.readouterr().err == ""
