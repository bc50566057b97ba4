"""Rules on made-up events, from Python."""

from __future__ import annotations

from pathlib import Path

import pytest
from testing_rules import RULES

from yarak.errors import RulesError
from yarak.testing import RuleSet
from yarak.testing.errors import TestError

OPEN = {"type": "openat", "params": {"name": "/secret"}}


def test_an_event_gives_alerts() -> None:
    outcome = RuleSet.of_text(RULES, rule_matching="all").event(
        OPEN, process={"name": "cat"}, fields=["proc.pname", "fd.sip"]
    )
    assert outcome.rules == ["Secret opened", "Anything opened"]
    alert = outcome.alerts[0]
    assert (alert.priority, alert.source, alert.tags, alert.output) == (
        "Error",
        "syscall",
        ("secret",),
        "cat opened /secret",
    )
    assert alert.text == "2024-01-01T00:00:00.000000000+0000: Error cat opened /secret"
    assert alert.fields["fd.name"] == "/secret"
    assert (alert.fields["proc.pname"], alert.fields["fd.sip"]) == ("systemd", None)


def test_what_is_expected_and_comes() -> None:
    rules = RuleSet.of_text(RULES, rule_matching="all")
    rules.event(OPEN).expect("Secret opened", "Anything opened")
    rules.event({"type": "close"}).expect()


@pytest.mark.parametrize(
    ("expected", "first_line"),
    [
        (["Secret opened"], "Alert of rule 'Anything opened' was not expected: "),
        (["Anything opened", "Secret opened"], "The alerts come in another order: Secret opened, Anything opened"),
        ([], "Alert of rule 'Secret opened' was not expected: "),
    ],
)
def test_what_comes_otherwise_is_told(expected: list[str], first_line: str) -> None:
    with pytest.raises(AssertionError) as raised:
        RuleSet.of_text(RULES, rule_matching="all").event(OPEN).expect(*expected)
    assert str(raised.value).startswith(first_line)


def test_what_does_not_come_is_explained() -> None:
    outcome = RuleSet.of_text(RULES).event(OPEN, process={"name": "good"})
    with pytest.raises(
        AssertionError, match=r"(?s)'Secret opened' did not fire.*no  >   not proc.name in \(good, better\)"
    ):
        outcome.expect("Secret opened")
    with pytest.raises(TestError, match="There is no rule 'Secret opend'"):
        outcome.expect("Secret opend")


def test_state_goes_on() -> None:
    rules = RuleSet.of_text(RULES)
    pid = rules.process(name="shell", cwd="/")
    rules.event("chdir", {"path": "/secrets"}, process=pid)
    assert rules.event("openat", {"name": "x"}, process="shell").rules == ["Secret opened"]
    assert rules.values(["fd.name", "proc.cwd"]) == {"fd.name": "/secrets/x", "proc.cwd": "/secrets/"}


def test_the_machine_has_users_of_its_own() -> None:
    rules = RuleSet.of_text(RULES)
    rules.settings |= {"hostname": "lab", "passwd": "ann:x:1000:1000::/home/ann:/bin/sh\n"}
    rules.event(OPEN, process={"uid": 1000})
    assert rules.values(["user.name", "evt.hostname"]) == {"user.name": "ann", "evt.hostname": "lab"}


def test_tests_beside_rules_are_no_rules(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "rules.test.yaml").write_text("tests: []")
    assert RuleSet(tmp_path).event(OPEN).rules == ["Secret opened"]


def test_bad_rules_are_told() -> None:
    with pytest.raises(RulesError, match="nonexistent field fd.nome"):
        RuleSet.of_text(RULES.replace("fd.name exists", "fd.nome exists"))


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"type": "opnat"}, "unknown event type 'opnat' .did you mean 'openat'"),
        ({"type": "openat", "params": {"nmae": "x"}}, "openat has no parameter 'nmae' .did you mean 'name'"),
        ({"type": "openat", "params": {"flags": "O_NOTHING"}}, "'O_NOTHING' is no name of file_flags"),
        ({"type": "openat", "process": "nobody"}, "unknown process 'nobody'"),
        ({"type": "openat", "time": object()}, "no text, number or list"),
    ],
)
def test_bad_events_are_told(event: dict[str, object], text: str) -> None:
    with pytest.raises(TestError, match=text):
        RuleSet.of_text(RULES).event(event)
