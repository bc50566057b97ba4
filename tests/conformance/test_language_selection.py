"""rules-language.md §15 and §16: append_output, priorities, selection, matching."""

from __future__ import annotations

from typing import Any

import pytest
from language import errors, plan, planned, rule, text
from rules_helpers import Compile

from yarak.rules import Compiled, priority

NAMES = ("Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug")


@pytest.mark.parametrize(("number", "name"), list(enumerate(NAMES)))
def test_priorities(compile_texts: Compile, number: int, name: str) -> None:
    for word in (name, name.upper(), name.lower(), name.swapcase()):
        assert planned(compile_texts(rule(priority=word)))["priority"] == number


def test_info_is_the_only_alias() -> None:
    assert priority.parse("info") == priority.parse("INFO") == 6
    for word in ("warn", "err", "crit", "emerg", "panic", "", "6", "debug "):
        assert priority.parse(word) is None


EACH = text(*[rule(name, priority=name, tags=f"[{name[0].lower()}, all]") for name in NAMES])


@pytest.mark.parametrize("threshold", range(8))
def test_the_threshold(compile_texts: Compile, threshold: int) -> None:
    compiled = compile_texts(EACH, priority=threshold)
    assert compiled.enabled == list(NAMES[: threshold + 1])
    assert len(compiled.rules) == 8
    enabled = compile_texts(EACH, priority=threshold, rules=[{"enable": {"rule": "*"}}]).enabled
    assert enabled == list(NAMES[: threshold + 1])


def test_rules_above_the_threshold_are_still_checked(compile_texts: Compile) -> None:
    assert len(errors(compile_texts(rule(condition="no.field = x", priority="DEBUG"), priority=0))) == 1


@pytest.mark.parametrize(
    ("entries", "enabled"),
    [
        ([{"disable": {"rule": "*"}}], ""),
        ([{"disable": {"rule": "Alert"}}], "EmCrErWaNoInDe"),
        ([{"disable": {"rule": "alert"}}], "EmAlCrErWaNoInDe"),
        ([{"disable": {"rule": "Aler"}}], "EmAlCrErWaNoInDe"),
        ([{"disable": {"rule": "E*"}}], "AlCrWaNoInDe"),
        ([{"disable": {"rule": "*r*"}}], "NoDe"),
        ([{"disable": {"rule": "E*r*r"}}], "EmAlCrWaNoInDe"),
        ([{"disable": {"rule": "[EA]*"}}], "EmAlCrErWaNoInDe"),
        ([{"disable": {"rule": "Aler?"}}], "EmAlCrErWaNoInDe"),
        ([{"disable": {"tag": "e"}}], "AlCrWaNoInDe"),
        ([{"disable": {"tag": "*"}}], "EmAlCrErWaNoInDe"),
        ([{"disable": {"tag": "al"}}], "EmAlCrErWaNoInDe"),
        ([{"disable": {"tag": "all"}}], ""),
        ([{"disable": {"rule": "Debug", "tag": "e"}}], "AlCrWaNoIn"),
        ([{"disable": {"rule": "*"}}, {"enable": {"rule": "Notice"}}], "No"),
        ([{"disable": {"rule": "Alert"}}, {"enable": {"rule": "Alert"}}], "EmCrErWaNoInDeAl"),
        ([{"enable": {"rule": "Alert"}}, {"disable": {"rule": "Alert"}}], "EmCrErWaNoInDe"),
    ],
)
def test_selection(compile_texts: Compile, entries: list[dict[str, Any]], enabled: str) -> None:
    """In order, after all files; what is enabled again comes last."""
    assert "".join(name[:2] for name in compile_texts(EACH, rules=entries).enabled) == enabled


def test_a_rule_that_is_off_is_switched_on_last(compile_texts: Compile) -> None:
    document = text(rule("a", enabled="false"), rule("b"))
    assert compile_texts(document).enabled == ["b"]
    assert compile_texts(document, rules=[{"enable": {"rule": "a"}}]).enabled == ["b", "a"]


def test_rules_stay_in_the_order_of_their_first_definition(compile_texts: Compile) -> None:
    compiled = compile_texts(text(rule("a"), rule("b")), text(rule("c"), rule("a", desc="again")))
    assert [entry["name"] for entry in plan(compiled)["rules"]] == ["a", "b", "c"]


@pytest.mark.parametrize("matching", ["first", "all"])
def test_matching_goes_into_the_plan(compile_texts: Compile, matching: str) -> None:
    assert plan(compile_texts(EACH, rule_matching=matching))["settings"]["rule_matching"] == matching


TWO = text(rule("a", tags="[x, y]", output="one"), rule("b", tags="[x]", output="two"))


def outputs(compiled: Compiled) -> list[str]:
    assert errors(compiled) == []
    return [
        "".join(part.get("text") or f"%{part['as']}" for part in entry["output"]) for entry in plan(compiled)["rules"]
    ]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([{"extra_output": "more %proc.name"}], ["one more %proc.name", "two more %proc.name"]),
        ([{"match": {"rule": "a"}, "extra_output": "more"}], ["one more", "two"]),
        ([{"match": {"rule": "A"}, "extra_output": "more"}], ["one", "two"]),
        ([{"match": {"tags": ["x"]}, "extra_output": "more"}], ["one more", "two more"]),
        ([{"match": {"tags": ["x", "y"]}, "extra_output": "more"}], ["one more", "two"]),
        ([{"match": {"source": "syscall"}, "extra_output": "more"}], ["one more", "two more"]),
        ([{"match": {"source": "aws"}, "extra_output": "more"}], ["one", "two"]),
        ([{"match": {"rule": "b", "tags": ["y"]}, "extra_output": "more"}], ["one", "two"]),
        ([{"match": {"rule": "a", "tags": ["y"], "source": "syscall"}, "extra_output": "more"}], ["one more", "two"]),
        ([{"extra_output": "1"}, {"extra_output": "2"}], ["one 1 2", "two 1 2"]),
    ],
)
def test_extra_output(compile_texts: Compile, entries: list[dict[str, Any]], expected: list[str]) -> None:
    assert outputs(compile_texts(TWO, append_output=entries)) == expected


def test_extra_fields(compile_texts: Compile) -> None:
    entry = {"match": {"rule": "a"}, "extra_fields": ["proc.pid", {"who": "%user.name as %proc.name"}]}
    first, second = plan(compile_texts(TWO, append_output=[entry]))["rules"]
    assert first["extra_fields"]["proc.pid"] == {"field": "proc.pid", "arg": None}
    assert [part.get("as") or part["text"] for part in first["extra_fields"]["who"]] == [
        "user.name",
        " as ",
        "proc.name",
    ]
    assert second["extra_fields"] == {}


def test_a_key_twice_in_one_entry(compile_texts: Compile) -> None:
    with pytest.raises(ValueError, match="twice"):
        compile_texts(TWO, append_output=[{"extra_fields": ["proc.pid", {"proc.pid": "%proc.name"}]}])


def test_suggested_output(compile_texts: Compile) -> None:
    compiled = compile_texts(TWO, append_output=[{"suggested_output": True}], static_fields={"zone": "a"})
    (one, _) = outputs(compiled)
    assert one.startswith("one container_id=%container.id container_name=%container.name")
    assert one.endswith(" static_zone=%static.zone")


@pytest.mark.parametrize(
    "entry",
    [
        {"extra_output": "%no.field"},
        {"extra_output": "50%"},
        {"extra_fields": ["no.field"]},
        {"extra_fields": [{"k": "%no.field"}]},
    ],
)
def test_faults_are_those_of_each_rule(compile_texts: Compile, entry: dict[str, Any]) -> None:
    compiled = compile_texts(TWO, append_output=[entry])
    assert [code for code, _ in errors(compiled)] == ["LOAD_ERR_COMPILE_OUTPUT"] * 2


def test_extra_fields_are_not_skippable(compile_texts: Compile) -> None:
    skippable = rule(**{"skip-if-unknown-filter": "true"})
    compiled = compile_texts(skippable, append_output=[{"extra_fields": ["no.field"]}])
    assert [code for code, _ in errors(compiled)] == ["LOAD_ERR_COMPILE_OUTPUT"]
    compiled = compile_texts(skippable, append_output=[{"extra_output": "%no.field"}])
    assert errors(compiled) == [] and not compiled.rules
