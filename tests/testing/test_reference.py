"""The core against the reference evaluator: any condition, on any event, absent values included.

Conditions are text, so that the parser and the planner are in between; values are the core's own, so that what is
compared is what conditions make of them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import strategies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference_values import fields_of, known_values, rules_file

from yarak import _core
from yarak.rules.printing import condition
from yarak.rules.printing import value as quoted
from yarak.rules.reference import matches
from yarak.testing.ruleset import Rules, RuleSet

# The compiler raises the limit; done here, Hypothesis finds nothing changed under its feet.
sys.setrecursionlimit(20_000)

TEXTS = [
    "/etc/shadow",
    "/etc",
    "shadow",
    "cat",
    "Cat",
    "sh",
    "",
    "a b",
    "/etc/../etc",
    "ä€",
    "openat",
    "O_RDONLY",
    "host",
    "-c id",
]
PATTERNS = ["*", "/etc/*", "?at", "*sh*", "[", "c?t", "\\\\*"]
EXPRESSIONS = [".*", "/etc/.*", "c.t", "(cat|sh)", "a b", "[a-z]*", ""]
NUMBERS = [0, 1, 3, 443, 1000, 1001, 65535]
ADDRESSES = ["192.0.2.7", "10.0.0.1", "2001:db8::1"]
CALLS = ["openat", "connect", "unlink", "execve", "reboot"]
NETWORKS = ["192.0.2.0/24", "10.0.0.0/8", "::/0", "0.0.0.0/0"]
HEX = ["6162", "cafe", "00", "6162cafe"]

TEXT_FIELDS = [
    "fd.name", "fd.directory", "fd.filename", "fd.nameraw", "fd.typechar", "fd.l4proto", "proc.name", "proc.exepath",
    "proc.cmdline", "proc.args", "proc.pname", "proc.aname", "proc.aname[2]", "proc.aexepath", "proc.env[HOME]",
    "proc.cwd", "user.name", "container.id", "evt.res", "evt.arg.flags", "evt.arg.path", "evt.arg.name", "fs.path.name",
    "fs.path.target", "tolower(proc.name)", "toupper(fd.filename)", "basename(fd.name)", "b64(proc.args)",
    "concat(proc.name, '-', proc.pname)", "join('+', (proc.name, fd.filename))",
]  # fmt: skip
NUMBER_FIELDS = [
    "fd.num",
    "proc.pid",
    "proc.ppid",
    "proc.tty",
    "user.uid",
    "fd.sport",
    "fd.cport",
    "evt.num",
    "len(fd.name)",
    "proc.apid",
]
FLAG_FIELDS = ["evt.failed", "evt.is_open_read", "evt.is_open_write", "proc.is_exe_upper_layer", "evt.is_io"]

PROCESSES: list[dict[str, Any]] = [
    {"name": "sh", "exepath": "/bin/sh", "pid": 1001},
    {"name": "Cat", "exepath": "/etc/shadow", "parent": "sh", "args": "-c id", "env": {"HOME": "/etc"}, "tty": 3},
    {
        "name": "a b",
        "parent": "Cat",
        "uid": 1000,
        "args": ["YSBi"],
        "container": "3ad7b26ded6d",
        "flags": "EXE_UPPER_LAYER",
    },
    {"name": "ä€", "ppid": 0, "cwd": "/etc"},
]
EVENTS: list[dict[str, Any]] = [
    {"type": "openat", "params": {"name": "/etc/shadow", "flags": "O_RDONLY"}},
    {"type": "openat", "params": {"name": "shadow", "flags": "O_WRONLY"}, "result": "ENOENT"},
    {"type": "openat", "params": {}},
    {"type": "connect", "fd": "10.0.0.1:1000->192.0.2.7:443"},
    {"type": "connect", "params": {"addr": "[2001:db8::1]:443"}, "result": "ECONNREFUSED"},
    {"type": "write", "params": {"data": {"hex": "6162cafe"}}, "fd": "/etc/a b"},
    {"type": "write", "params": {"data": ""}, "fd": "/etc/../etc/ä€"},
    {"type": "unlink", "params": {"path": "/etc/shadow"}},
    {"type": "rename", "params": {"oldpath": "shadow", "newpath": "/etc"}},
    {"type": "chmod", "params": {}},
    {"type": "execve", "process": {"exepath": "/etc/shadow", "args": ["-c", "id"]}},
    {"type": "reboot"},
    {"type": "close"},
]


WORDS = ["=", "!=", "contains", "icontains", "startswith", "endswith"]
COUNTS = [str(number) for number in NUMBERS]
QUANTIFIED = [f"{op} {how}" for op in ("=", "!=", "contains", "startswith") for how in ("oneof", "anyof", "allof")]
EXISTING = [*TEXT_FIELDS, *NUMBER_FIELDS, *FLAG_FIELDS, "fd.sip", "evt.buffer", "fd.types", "evt.type"]

FAMILIES: list[tuple[list[str], list[str], list[str]]] = [
    (TEXT_FIELDS, WORDS, TEXTS),
    (TEXT_FIELDS, ["<", "<=", ">", ">="], COUNTS),
    (TEXT_FIELDS, ["glob", "iglob"], PATTERNS),
    (TEXT_FIELDS, ["regex"], EXPRESSIONS),
    (["evt.type"], ["=", "!="], CALLS),
    (NUMBER_FIELDS, ["=", "!=", "<", "<=", ">", ">="], COUNTS),
    (FLAG_FIELDS, ["=", "!="], ["true", "false"]),
    (["fd.sip", "fd.cip"], ["=", "!="], ADDRESSES),
    (["fd.snet", "fd.cnet"], ["=", "!="], NETWORKS),
    (["evt.buffer"], ["bcontains", "bstartswith"], HEX),
    (["evt.buffer"], ["contains", "startswith"], ["ab", "b", ""]),
]
"""Fields, operators and values that go together, one value at a time."""

LISTS: list[tuple[list[str], list[str], list[str]]] = [
    (TEXT_FIELDS, ["in", "intersects", "pmatch", *QUANTIFIED], TEXTS),
    (NUMBER_FIELDS, ["in", "intersects"], COUNTS),
    (["evt.type"], ["in"], CALLS),
    (["fd.sip", "fd.cip"], ["in"], ADDRESSES),
]
"""The same for operators that take several values."""

RIGHT = ["val(proc.name)", "val(fd.filename)", "tolower(proc.name)"]


def single_checks() -> Iterator[str]:
    """Every check of one value, every list operator with all values at once, every field on the right side."""
    for fields, operators, values in FAMILIES:
        yield from (f"{f} {op} {quoted(value)}" for f in fields for op in operators for value in values)
    for fields, operators, values in LISTS:
        yield from (f"{f} {op} ({', '.join(map(quoted, values))})" for f in fields for op in operators)
    yield from (f"{f} {op} {right}" for f in TEXT_FIELDS for op in ("=", "!=", "contains") for right in RIGHT)
    yield from (f"{f} exists" for f in EXISTING)


ALL_CHECKS = list(single_checks())


def listed(values: list[str]) -> st.SearchStrategy[str]:
    some = st.lists(st.sampled_from(values), min_size=1, max_size=3)
    return some.map(lambda chosen: f"({', '.join(map(quoted, chosen))})")


def many(fields: list[str], operators: list[str], values: list[str]) -> st.SearchStrategy[str]:
    return st.tuples(st.sampled_from(fields), st.sampled_from(operators), listed(values)).map(" ".join)


CHECKS = st.one_of(st.sampled_from(ALL_CHECKS), *(many(*family) for family in LISTS))


def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    parts = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        inner.map(lambda part: f"not ({part})"),
        parts.map(lambda some: f"({' and '.join(some)})"),
        parts.map(lambda some: f"({' or '.join(some)})"),
    )


CONDITIONS = st.recursive(CHECKS, joined, max_leaves=6)


TYPES = {field["name"]: field["type"] for field in _core.fields()}


def compare(rules: Rules, events: Iterable[tuple[dict[str, Any], str]]) -> Iterator[str]:
    """What the core says otherwise than the reference."""
    ruleset = RuleSet(rules=rules)
    trial = ruleset.trial(rules.compiled.plan)
    names = sorted({name for rule in rules.compiled.rules for name in fields_of(rule.condition)})
    for process in PROCESSES:
        trial.process(json.dumps(process).encode())
    for event, who in events:
        trial.feed(json.dumps({"process": who, **event}).encode())
        holding = set(trial.holding(0))
        values = known_values(trial, names)
        for rule in rules.compiled.rules:
            expected = matches(rule.condition, values, TYPES)
            if (rule.item.name in holding) is not expected:
                yield f"{condition(rule.condition)} is {not expected} for {event} by {who}: {values}"


def test_every_check_on_every_event() -> None:
    everybody = [(event, process["name"]) for event in EVENTS for process in PROCESSES]
    assert list(compare(Rules.of_text(rules_file(ALL_CHECKS)), everybody)) == []


EVENT = st.tuples(st.sampled_from(EVENTS), st.sampled_from([process["name"] for process in PROCESSES]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions=st.lists(CONDITIONS, min_size=1, max_size=12), events=st.lists(EVENT, min_size=1, max_size=4))
def test_the_core_agrees_with_the_reference(conditions: list[str], events: list[tuple[dict[str, Any], str]]) -> None:
    assert list(compare(Rules.of_text(rules_file(conditions)), events)) == []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(strategies.conditions, min_size=1, max_size=12), st.lists(EVENT, min_size=1, max_size=4))
def test_so_it_does_for_the_whole_grammar(conditions: list[str], events: list[tuple[dict[str, Any], str]]) -> None:
    """Every operator, modifier and transformer (tests/rules/test_strategies.py)."""
    assert list(compare(Rules.of_text(rules_file(conditions)), events)) == []


@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=CONDITIONS, event=st.sampled_from(EVENTS))
def test_an_alert_comes_exactly_where_the_condition_holds(text: str, event: dict[str, Any]) -> None:
    """Event types and the order of evaluation change nothing."""
    ruleset = RuleSet.of_text(rules_file([text]))
    outcome = ruleset.event({"process": {"name": "cat"}, **event})
    explanation = outcome.explain("0")
    assert (outcome.rules == ["0"]) is explanation.holds, explanation
    assert (explanation.guilty is None) is explanation.holds
