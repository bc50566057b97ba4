"""Test files: what is wrong with them, and what they find."""

from __future__ import annotations

import pytest
from testing_rules import Files

from yarak.testing.document import read
from yarak.testing.errors import TestError
from yarak.testing.run import run

SECRET = "rule: Secret opened"
OPEN = "{type: openat, params: {name: /secret}, process: {name: cat}}"


def failures(write: Files, case: str, head: str = "") -> list[str | None]:
    file = read(write(f"{head}\ntests:\n  - {{event: {OPEN}, {case}}}\n"))
    found = [run(file, one) for one in file.cases]
    return [failure.text.partition("\n")[0] if failure else None for failure in found]


@pytest.mark.parametrize(
    ("case", "head", "first_line"),
    [
        ("alerts: [Secret opened]", "", None),
        ("alerts: [Secret opened, Anything opened]", "rule_matching: all", None),
        ("fires: Anything opened", "rule_matching: all", None),
        ("fires: Asleep", "{enable: Asleep, rule_matching: all}", None),
        ("silent: Anything opened", "", None),
        ("fires: {rule: Secret opened, priority: ERROR, output: opened /sec, fields: {proc.pname: systemd}}", "", None),
        ("alerts: []", "", "Alert of rule 'Secret opened' was not expected: "),
        ("alerts: [Secret opened, Anything opened]", "",
         "Rule 'Anything opened' did not fire (alerts: Secret opened)."),
        ("alerts: [Anything opened, Secret opened]", "rule_matching: all",
         "The alerts come in another order: Secret opened, Anything opened"),
        ("fires: Anything opened", "", "Rule 'Anything opened' did not fire (alerts: Secret opened)."),
        ("silent: Secret opened", "", "Rule 'Secret opened' should stay silent: "),
        ("silent: true", "", "Rule 'Secret opened' should stay silent: "),
        (f"fires: {{{SECRET}, priority: info}}", "",
         "Rule 'Secret opened' has priority Error, info was expected"),
        ("fires: {rule: Secret opened, output: read}", "", "Rule 'Secret opened' has the output"),
        (f"fires: {{{SECRET}, fields: {{fd.name: /x}}}}", "",
         "Rule 'Secret opened': fd.name is '/secret', '/x' was expected"),
        (f"fires: {{{SECRET}, fields: {{fd.sip: 1.2.3.4}}}}", "",
         "Rule 'Secret opened': fd.sip is absent, '1.2.3.4' was expected"),
        ("silent: Secret opend", "", "There is no rule 'Secret opend'"),
    ],
)  # fmt: skip
def test_outcomes(write: Files, case: str, head: str, first_line: str | None) -> None:
    head = head.strip("{}").replace(", ", "\n")
    (found,) = failures(write, case, head)
    assert (found is None) is (first_line is None), found
    assert found is None or first_line is None or found.startswith(first_line)


def test_a_failure_explains_the_rule_that_should_have_fired(write: Files) -> None:
    file = read(write("tests:\n  - {event: {type: openat, params: {name: /x}}, fires: Secret opened}\n"))
    failure = run(file, file.cases[0])
    assert failure is not None
    assert "no  >   or" in failure.text
    assert "fd.name = /x" in failure.text
    assert not failure.broken


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tests: []", "there are no tests in it"),
        ("[]", "a mapping of rules"),
        ("tests: [{evnt: {type: close}, silent: true}]", r":1: unknown key 'evnt'\ndid you mean 'event'"),
        (
            "tests:\n  - silent: true\n    event: {type: close}\n  - event: {type: close}",
            ":4: a test has one of alerts, fires, silent",
        ),
        ("tests: [{silent: true}]", "a test has an event, events, or a capture"),
        ("tests: [{silent: true, event: {type: close}, events: []}]", "a test has an event, events, or a capture"),
        ("tests: [{fires: {priority: x}, event: {type: close}}]", "an alert names its rule"),
        ("tests: [{silent: true, event: close}]", "events are mappings"),
        ("rule_matching: some\ntests: [{silent: true, event: {type: close}}]", "rule_matching is 'first' or 'all'"),
        ("tests: [", "expected the node content"),
    ],
)
def test_a_bad_file_is_told(write: Files, text: str, message: str) -> None:
    with pytest.raises(TestError, match=message):
        read(write(text))
