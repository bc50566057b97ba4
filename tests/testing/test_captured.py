"""Captures in place of written events: rule tests, explanations, profiles."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

pytest.importorskip("yarak._core", reason="the core is not built (make build)")

from yarak.cli import status
from yarak.testing import RuleSet, captured

RULES = """
- rule: Connection to the web
  desc: curl asks a server.
  condition: evt.type = connect and fd.sport in (80, 443) and proc.name = curl
  output: "%proc.name connects to %fd.sip"
  priority: NOTICE
- rule: Connection of wget
  desc: Nobody runs wget there.
  condition: evt.type = connect and fd.sport in (80, 443) and proc.name = wget
  output: "%proc.name connects to %fd.sip"
  priority: NOTICE
- rule: Reboot
  desc: Nobody does that there.
  condition: evt.type = reboot
  output: "%proc.name reboots"
  priority: NOTICE
"""
TESTS = """
rules: rules.yaml
tests:
  - capture: curl.scap
    fires: {{rule: Connection to the web, fields: {{proc.name: curl, evt.type: connect}}}}
  - capture: curl.scap
    silent: [Connection of wget, Reboot]
  - name: this one fails
    capture: curl.scap
    {outcome}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shared = Path(os.environ.get("YARAK_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    capture = shared / "data" / "captures" / "curl_google.scap"
    if not capture.exists():
        assert os.environ.get("CI") != "true", f"{capture} is missing"
        pytest.skip(f"{capture} is missing (set YARAK_SHARED)")
    (tmp_path / "curl.scap").symlink_to(capture)
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path


def explained(folder: Path, capsys: pytest.CaptureFixture[str], rule: str, *more: str, code: int) -> str:
    arguments = ["rules", "explain", "-r", str(folder / "rules.yaml"), "--rule", rule, *more, str(folder / "curl.scap")]
    assert status(arguments) == code
    return capsys.readouterr().out


def test_the_first_event_that_matches_is_explained(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = explained(folder, capsys, "Connection to the web", code=0)
    assert "The condition holds." in text
    assert "connect by curl" in text.splitlines()[1]
    assert "fd.sport = 80" in text or "fd.sport = 443" in text


def test_without_one_it_is_the_closest(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = explained(folder, capsys, "Connection of wget", code=1)
    assert "No event of the capture matches; this one comes closest." in text
    failing = next(line for line in text.splitlines() if line.startswith("no  >"))
    assert "proc.name = wget" in failing and failing.endswith("proc.name = curl")


def test_an_event_may_be_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = explained(folder, capsys, "Connection to the web", "--event", "5", code=1)
    assert text.splitlines()[1].startswith("event: 5, ")


@pytest.mark.parametrize(
    ("rule", "more", "message"),
    [
        ("Reboot", (), "no event is of a type that rule 'Reboot' is for"),
        ("Reboot", ("--event", "99999"), "there is no event 99999"),
        ("Rebot", (), "There is no rule 'Rebot'"),
    ],
)
def test_what_is_not_there_is_told(
    rule: str, more: tuple[str, ...], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["rules", "explain", "-r", str(folder / "rules.yaml"), "--rule", rule, *more, str(folder / "curl.scap")]
    assert status(arguments) != 0
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        ("silent: Connection to the web", "Rule 'Connection to the web' should stay silent"),
        ("fires: Connection of wget", "this one comes closest"),
        ("fires: Reboot", "no event is of a type"),
        ("alerts: []", "was not expected"),
    ],
)
def test_rule_tests_take_captures(outcome: str, message: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "rules.test.yaml").write_text(TESTS.format(outcome=outcome))
    assert status(["rules", "test", str(folder)]) == 1
    out = capsys.readouterr().out
    assert "2 passed" in out and "1 failed" in out and message in out


def test_captures_are_tried_from_python_too(folder: Path) -> None:
    outcome = RuleSet(folder / "rules.yaml").capture(folder / "curl.scap")
    assert set(outcome.rules) == {"Connection to the web"}
    assert outcome.alerts[0].fields["proc.name"] == "curl"
    outcome.expect(*outcome.rules)
    with pytest.raises(AssertionError, match=r"(?s)'Connection of wget' did not fire.*this one comes closest"):
        outcome.expect(*outcome.rules, "Connection of wget")


def test_a_capture_is_profiled(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["rules", "profile", "-r", str(folder / "rules.yaml"), str(folder / "curl.scap"), "--format", "json"]
    assert status(arguments) == 0
    profile = json.loads(capsys.readouterr().out)
    assert {one["name"] for one in profile["rules"]} == {"Connection to the web"}, "no process is called wget"
    assert profile["events"]["hits"] >= 1


def test_what_is_no_capture_is_none(folder: Path) -> None:
    assert captured.is_capture(folder / "curl.scap")
    assert not captured.is_capture(folder / "rules.yaml")
    assert not captured.is_capture(folder / "nothing")


def test_a_damaged_capture_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "cut.scap").write_bytes((folder / "curl.scap").read_bytes()[:9000])
    assert status(["rules", "profile", "-r", str(folder / "rules.yaml"), str(folder / "cut.scap")]) == 1
    assert "cut.scap" in capsys.readouterr().err
