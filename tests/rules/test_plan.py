# ruff: noqa: E501 (one case, one line)
"""The plan's JSON: shared nodes, accessors, rules, needs, settings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rules_helpers import Compile

from yarak.rules import Compiled


def plan(compiled: Compiled) -> dict[str, Any]:
    assert [found.message for result in compiled.results for found in result.errors] == []
    document: dict[str, Any] = json.loads(compiled.plan)
    return document


def checks(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [node["check"] for node in document["nodes"] if "check" in node]


def test_a_small_plan_in_full(compile_texts: Compile) -> None:
    document = plan(compile_texts("""
        - rule: r
          desc: d
          condition: evt.type = openat and not proc.aname[2] in (a, "b c")
          output: x %8proc.name
          priority: ERROR
          tags: [z, a]
          capture: true
          capture_duration: 2000
    """, rule_matching="all", paths_match="given"))  # fmt: skip
    assert document["format"] == 1
    assert document["settings"] == {"rule_matching": "all", "paths_match": "given"}
    assert document["nodes"] == [
        {"check": {"lhs": {"field": "evt.type", "arg": None}, "op": "=", "values": ["openat"], "modifier": None}},
        {"check": {"lhs": {"field": "proc.aname", "arg": "2"}, "op": "in", "values": ["a", "b c"], "modifier": None}},
        {"not": 1},
        {"and": [0, 2]},
    ]
    (rule,) = document["rules"]
    assert rule == {
        "name": "r", "source": "syscall", "priority": 3, "tags": ["a", "z"], "node": 3, "events": [307, 402],
        "syscalls": None, "extra_fields": {}, "capture": True, "capture_duration_ms": 2000, "paths_match": None,
        "output": [
            {"text": "x "},
            {"value": {"field": "proc.name", "arg": None}, "width": 8, "as": "proc.name"},
        ],
    }  # fmt: skip
    assert document["needs"] == {"socket_history": False, "fields": ["evt.type", "proc.aname", "proc.name"]}
    assert document["filter"]["syscalls"] == {"257": [0]}


def test_equal_terms_are_one_node(compile_texts: Compile) -> None:
    document = plan(compile_texts("""
        - {macro: m, condition: evt.type = open or evt.type = openat}
        - {rule: a, desc: d, condition: m and proc.name = x, output: o, priority: INFO}
        - {rule: b, desc: d, condition: (evt.type = open or evt.type=openat) and proc.name == x, output: o, priority: INFO}
        - {rule: c, desc: d, condition: not m and evt.type = creat, output: o, priority: INFO}
    """))  # fmt: skip
    nodes = {rule["name"]: rule["node"] for rule in document["rules"]}
    assert nodes["a"] == nodes["b"]
    assert len(document["nodes"]) == 8


def test_every_kind_of_check(compile_condition: Compile) -> None:
    document = plan(compile_condition(
        '"evt.type = open and evt.arg.flags startswith oneof (a, b) and fd.sport in (ssh, 80) and proc.name exists'
        " and tolower(proc.name) = val(proc.pname) and getopt(fd.types, 'a:')[a] = x and join('-', (proc.name, 'q')) = y"
        ' and evt.rawarg.flags > 3 and evt.arg[1] = z"'
    ))  # fmt: skip
    field = {"field": "proc.name", "arg": None}
    assert checks(document)[1:] == [
        {"lhs": {"field": "evt.arg", "arg": "flags"}, "op": "startswith", "values": ["a", "b"], "modifier": "oneof"},
        {"lhs": {"field": "fd.sport", "arg": None}, "op": "in", "values": ["22", "80"], "modifier": None},
        {"lhs": field, "op": "exists"},
        {
            "lhs": {"transform": "tolower", "args": [field], "selector": None},
            "op": "=",
            "rhs": {"transform": "val", "args": [{"field": "proc.pname", "arg": None}], "selector": None},
        },
        {
            "lhs": {"transform": "getopt", "args": [{"field": "fd.types", "arg": None}, {"text": "a:"}], "selector": "a"},
            "op": "=", "values": ["x"], "modifier": None,
        },
        {
            "lhs": {"transform": "join", "args": [{"text": "-"}, {"list": [field, {"text": "q"}]}], "selector": None},
            "op": "=", "values": ["y"], "modifier": None,
        },
        {"lhs": {"field": "evt.rawarg", "arg": "flags"}, "op": ">", "values": ["3"], "modifier": None},
        {"lhs": {"field": "evt.arg", "arg": "1"}, "op": "=", "values": ["z"], "modifier": None},
    ]  # fmt: skip
    assert {"evt.arg", "evt.rawarg"} < set(document["needs"]["fields"])


def test_bytes_that_are_no_text_are_hexadecimal(compile_condition: Compile) -> None:
    condition = (
        r"evt.type = unlink and fs.path.name in ('\xff', a) and fd.name = concat('\xfe', 'b') and fd.name = '/\xff'"
    )
    document = plan(compile_condition(json.dumps(condition)))
    _, one, other, path = checks(document)
    assert one["values"] == [{"hex": "ff"}, "a"]
    assert other["rhs"]["args"] == [{"text": {"hex": "fe"}}, {"text": "b"}]
    assert path["values"] == [{"hex": "2fff"}]
    assert document["filter"]["path"]["exact"] == {}


def test_socket_history_is_asked_for(compile_condition: Compile) -> None:
    document = plan(compile_condition("evt.type = recvfrom and fd.name_changed = true"))
    assert document["needs"]["socket_history"] is True


@pytest.mark.parametrize(
    ("condition", "output", "asked"),
    [("thread.exectime > 5", "x", True), ("proc.pid > 5", "%thread.totexectime", True), ("thread.tid > 5", "x", None)],
)
def test_all_switches_are_asked_for(condition: str, output: str, asked: bool | None, compile_texts: Compile) -> None:
    rule = {"rule": "r", "desc": "d", "condition": condition, "output": output, "priority": "INFO"}
    assert plan(compile_texts(json.dumps([rule])))["needs"].get("switches") is asked


NOTHING_ELSE = {"numbers": [], "polled": False, "table": False}


@pytest.mark.parametrize(
    ("condition", "output", "asked", "history"),
    [
        ("proc.stdin.type = ipv4", "%proc.stderr.name", {**NOTHING_ELSE, "numbers": [0, 2]}, True),
        ("fd.types[3] intersects (file) and fd.types[64] in (file)", "x", {**NOTHING_ELSE, "numbers": [3]}, False),
        ("fd.types intersects (ipv4)", "x", {**NOTHING_ELSE, "table": True}, False),
        ("proc.fdusage > 90", "x", {**NOTHING_ELSE, "table": True}, False),
        ("evt.type = poll", "%fdlist.nums %fdlist.sips", {**NOTHING_ELSE, "polled": True}, True),
        ("evt.type = poll", "%evt.args", {**NOTHING_ELSE, "polled": True}, False),
        ("evt.type = poll", "%fdlist.nums %fd.name", None, False),
    ],
)
def test_other_descriptors_are_asked_for(
    condition: str, output: str, asked: dict[str, Any] | None, history: bool, compile_texts: Compile
) -> None:
    rule = {"rule": "r", "desc": "d", "condition": condition, "output": output, "priority": "INFO"}
    needs = plan(compile_texts(json.dumps([rule])))["needs"]
    assert needs.get("descriptors") == asked
    assert needs["socket_history"] is history


RULES = """
- {rule: low, desc: d, condition: evt.type = open, output: o, priority: DEBUG}
- {rule: off, desc: d, condition: evt.type = open, output: o, priority: ERROR, enabled: false, tags: [t]}
- {rule: on, desc: d, condition: evt.type = open, output: o, priority: ERROR, tags: [t, u]}
"""


def test_priority_and_selection(compile_texts: Compile) -> None:
    def enabled(**options: Any) -> list[str]:
        return [rule["name"] for rule in plan(compile_texts(RULES, **options))["rules"]]

    assert enabled() == ["low", "on"]
    assert enabled(priority=4) == ["on"]
    assert enabled(rules=[{"enable": {"rule": "of*"}}]) == ["low", "on", "off"]
    assert enabled(rules=[{"disable": {"rule": "*"}}, {"enable": {"tag": "u"}}]) == ["on"]
    assert enabled(rules=[{"disable": {"tag": "t*"}}]) == ["low", "on"]
    assert enabled(rules=[{"enable": {"rule": "low"}}], priority=4) == ["on"]
    assert enabled(rules=[{"disable": {"rule": "low", "tag": "u"}}]) == []


def test_nothing_enabled(compile_texts: Compile) -> None:
    document = plan(compile_texts(RULES, rules=[{"disable": {"rule": "*"}}]))
    assert document["nodes"] == document["rules"] == []
    assert document["filter"]["clauses"] == 0
