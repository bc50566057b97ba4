"""Why a rule fires, or does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from testing_rules import RULES

from yarak.testing import Explanation, RuleSet
from yarak.testing.errors import TestError


def explain(rule: str, event: dict[str, Any], **options: Any) -> Explanation:
    return RuleSet.of_text(RULES, **options).event(event).explain(rule)


def opened(name: str, by: str = "cat", **more: Any) -> dict[str, Any]:
    return {"type": "openat", "params": {"name": name}, "process": {"name": by}, **more}


@pytest.mark.parametrize(
    ("event", "guilty", "values"),
    [
        (opened("/other"), "or", ()),
        (opened("/secret", "good"), "not proc.name in (good, better)", ("proc.name = good",)),
        (opened("/secret", result="ENOENT"), "fd.num >= 0", ("fd.num = -1",)),
        ({"type": "close"}, "evt.type in (open, openat)", ("evt.type = close",)),
    ],
)
def test_the_first_failing_clause_is_marked(event: dict[str, Any], guilty: str, values: tuple[str, ...]) -> None:
    explanation = explain("Secret opened", event)
    assert explanation.guilty is not None
    assert (explanation.guilty.text, explanation.guilty.values) == (guilty, values)
    assert not explanation.holds


def test_every_clause_has_its_truth() -> None:
    lines = str(explain("Secret opened", opened("/secrets/x"))).splitlines()
    table = [line[:3].strip() + "|" + line[6:66].rstrip() for line in lines[lines.index("") + 1 :]]
    assert table == [
        "yes|and",
        "yes|  opens (macro, and)",
        "yes|    evt.type in (open, openat)",
        "yes|    fd.num >= 0",
        "yes|  or",
        "no|    fd.name = /secret",
        "yes|    fd.directory = /secrets",
        "yes|  not proc.name in (good, better)",
    ]


@pytest.mark.parametrize(
    ("field", "event", "reason"),
    [
        ("fd.sip", opened("/x"), "the descriptor is of type file, fd.sip is not known for it"),
        ("fd.type", opened("/x", result="ENOENT"), "the call failed, so that there is no descriptor"),
        ("fd.name", {"type": "unlink", "params": {"path": "/x"}}, "unlink is not about a descriptor"),
        ("evt.arg.flags", {"type": "close"}, "close has no parameter flags"),
        ("evt.rawarg.dev", opened("/x"), "parameter dev was not captured"),
        ("proc.pname", {"type": "close", "process": {"ppid": 0}}, "the parent is not known"),
        ("proc.aname[3]", {"type": "close"}, "no ancestor of level 3 is known"),
        ("container.image", {"type": "close", "process": {"container": "web"}}, "the runtime's metadata is not known"),
        ("container.full_id", {"type": "close"}, "the process runs on the host"),
        ("fs.path.name", {"type": "close"}, "close has no path parameter"),
    ],
)  # fmt: skip
def test_an_absent_value_has_a_reason(field: str, event: dict[str, Any], reason: str) -> None:
    rule = {"rule": "r", "desc": "d", "priority": "INFO", "output": "o", "warn_evttypes": False}
    ruleset = RuleSet.of_text(json.dumps([{**rule, "condition": f"{field} exists"}]))
    clause = ruleset.event(event).explain("r").root
    assert (clause.holds, clause.values) == (False, (f"{field} is absent: {reason}",))


def test_what_else_decides_is_remarked() -> None:
    assert explain("Secret opened", {"type": "chmod"}).remarks == (
        "The rule is never tried on chmod events; it is for: open, openat.",
    )
    assert explain("Asleep", opened("/x")).remarks == ("The rule is disabled.",)
    assert explain("Anything opened", opened("/secret")).remarks == (
        "The rule 'Secret opened', defined before it, fires first (rule_matching: first).",
    )
    assert explain("Anything opened", opened("/secret"), rule_matching="all").remarks == ()


def test_real_names_count() -> None:
    explanation = explain("Secret opened", opened("/link", real="/secret"))
    assert explanation.remarks == ("It holds for the real name of the file, which is not the given one.",)
    assert "fd.name = /secret" in str(explanation)
    given = explain("Secret opened", opened("/link", real="/secret"), paths_match="given")
    assert not given.holds
    neither = explain("Secret opened", opened("/link", real="/other"))
    assert neither.remarks == (
        "The file has another real name; the condition was tried with both, the given one is shown.",
    )


def test_plain_data_says_the_same() -> None:
    document = explain("Secret opened", opened("/other")).to_json()
    assert document["holds"] is False
    parts = document["condition"]["clauses"]
    assert [part["first_failing"] for part in parts] == [False, True, False]


def test_an_unknown_rule_is_told() -> None:
    with pytest.raises(TestError, match="There is no rule 'Secret opend'\ndid you mean 'Secret opened'"):
        explain("Secret opend", opened("/x"))
    with pytest.raises(TestError, match="no event to explain"):
        RuleSet.of_text(RULES).explain("Secret opened")
