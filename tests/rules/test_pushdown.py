"""What `yarak rules plan` knows: what a rule asks of the kernel, what forces its events up, and why checks are gone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

pytest.importorskip("yarak._core", reason="the core is not built (make build)")

from bench import multiplied
from bench import rules as reference
from yarak.rules import CompileOptions, boxes, kernel_filter
from yarak.rules.blame import EXCUSE, LIMIT, NARROWER, NEVER, OR
from yarak.rules.lint.program import load_program
from yarak.rules.pushdown import Pushdown, RulePlan, pushdown

BLIND = "proc.args contains x"
ONLY_USERSPACE = f"only userspace can tell: {BLIND}"


@pytest.fixture
def planned(tmp_path: Path) -> Planned:
    return Planned(tmp_path / "rules.yaml")


class Planned:
    """Plans of conditions; the rules are called r0, r1 …"""

    def __init__(self, file: Path) -> None:
        self._file = file

    def all(self, *conditions: str) -> Pushdown:
        items = [
            {"rule": f"r{n}", "desc": "d", "condition": text, "output": "o", "priority": "INFO"}
            for n, text in enumerate(conditions)
        ]
        self._file.write_text(yaml.safe_dump(items))
        return of_files([self._file])

    def one(self, condition: str) -> RulePlan:
        (plan,) = self.all(condition).rules
        return plan


def of_files(files: list[Path]) -> Pushdown:
    program = load_program(files, CompileOptions())
    assert not [one.message for one in program.diagnostics if one.is_error]
    return pushdown(program)


def asked(plan: RulePlan) -> list[list[str]]:
    return [clause.asks for clause in plan.clauses]


def gone(plan: RulePlan) -> list[tuple[str, str]]:
    return [(drop.check, drop.reason) for drop in plan.dropped]


BY_DIMENSION = {
    "access": ("openat", "evt.is_open_read = true"),
    "result": ("openat", "evt.rawres >= 0"),
    "container": ("openat", "container.id != host"),
    "climbing": ("openat", "fd.nameraw contains ../"),
    "creating": ("openat", "evt.is_open_create = true"),
    "kind": ("connect", "fd.type = ipv4"),
    "transport": ("connect", "fd.l4proto = tcp"),
    "path": ("openat", "fd.name = /a"),
    "ports": ("connect", "fd.sport = 22"),
    "names": ("openat", "proc.name = sh"),
    "users": ("mkdir", "user.uid = 33"),
    "inside": ("connect", "fd.snet in (10.0.0.0/8)"),
    "outside": ("connect", "not fd.snet in (10.0.0.0/8)"),
}


def test_each_dimension_has_a_case() -> None:
    assert set(BY_DIMENSION) == set(boxes.DIMENSIONS)


@pytest.mark.parametrize(("call", "check"), BY_DIMENSION.values(), ids=BY_DIMENSION)
def test_a_check_that_is_asked_for_is_neither_forced_nor_dropped(call: str, check: str, planned: Planned) -> None:
    plan = planned.one(f"evt.type = {call} and {check} and {BLIND}")
    assert (plan.forced, plan.dropped, plan.userspace) == ({}, [], [BLIND])
    assert all(asked(plan))


@pytest.mark.parametrize(("call", "check"), BY_DIMENSION.values(), ids=BY_DIMENSION)
def test_a_check_beside_a_blind_one_is_dropped(call: str, check: str, planned: Planned) -> None:
    plan = planned.one(f"evt.type = {call} and ({check} or {BLIND})")
    assert plan.forced == {call: ONLY_USERSPACE}
    (drop,) = plan.dropped
    assert (drop.check, drop.reason) == (check.removeprefix("not "), OR)
    assert drop.because == f"`or` joins it to {BLIND}, which only userspace can tell"


def test_a_wide_rule_is_to_blame_for_itself_alone(planned: Planned) -> None:
    found = planned.all("evt.type = connect and fd.sport = 22", f"evt.type = connect and {BLIND}")
    narrow, wide = found.rules
    assert asked(narrow) == [["IPv4 or IPv6", "a port is 22"]]
    assert (narrow.dropped, narrow.forced) == ([], {})
    assert [(one.calls, one.rule, one.because) for one in narrow.anyway] == [(["connect"], "r1", ONLY_USERSPACE)]
    assert (wide.forced, wide.anyway) == ({"connect": ONLY_USERSPACE}, [])
    assert found.calls() == {"connect": (["r1"], ["r0"])}


def test_a_rule_that_asks_for_less_is_named_by_what_it_asks(planned: Planned) -> None:
    narrow, _ = planned.all(
        "evt.type in (open, openat) and container.id != host and fd.name = /a",
        "evt.type = openat and container.id != host",
    ).rules
    assert [(one.calls, one.rule, one.because) for one in narrow.anyway] == [
        (["openat"], "r1", "it asks for less: in a container")
    ]


def test_rules_that_ask_for_other_things_are_not_to_blame(planned: Planned) -> None:
    found = planned.all("evt.type = openat and fd.name = /a", "evt.type = openat and proc.name = sh")
    assert [plan.anyway for plan in found.rules] == [[], []]


@pytest.mark.parametrize(
    ("condition", "forced"),
    [
        (f"evt.type = mkdir and {BLIND} and not proc.name = sh", {"mkdir": ONLY_USERSPACE}),
        ("evt.type = mkdir and not proc.name = sh", {"mkdir": "excuses alone narrow it: not proc.name = sh"}),
        ("evt.type in (mkdir, rmdir)",
         dict.fromkeys(("mkdir", "rmdir"), "the rule asks for nothing but the event's type")),
        ((f"(evt.type = mkdir and {BLIND}) or (evt.type = rmdir and proc.exepath = /x) "
          "or fd.name = /a and evt.type = open"),
         {"mkdir": ONLY_USERSPACE, "rmdir": "only userspace can tell: proc.exepath = /x"}),
        ("evt.type = symlink and evt.arg.target = /etc", {"symlink": "only userspace can tell: evt.arg.target = /etc"}),
        (f"evt.type = openat and (fd.name = /a or ({BLIND} and not proc.name = sh))", {"openat": ONLY_USERSPACE}),
        ("evt.type = mkdir and proc.exe = a and proc.cmdline = a and proc.pname = a and proc.tty = 1 and proc.cwd = /a",
         {"mkdir": "only userspace can tell: proc.exe = a; proc.cmdline = a; proc.pname = a; … 2 more"}),
    ],
)  # fmt: skip
def test_forced_calls_name_the_guilty_check(condition: str, forced: dict[str, str], planned: Planned) -> None:
    assert planned.one(condition).forced == forced


@pytest.mark.parametrize(
    ("condition", "drops"),
    [
        ("evt.type = openat and fd.name = /a and not proc.name = sh", [("proc.name = sh", EXCUSE)]),
        ("evt.type = openat and fd.name startswith /a and fd.name = /a/b", [("fd.name startswith /a", NARROWER)]),
        ("evt.type = openat and ((proc.name = a and proc.name = b) or fd.name = /a)",
         [("proc.name = a", NEVER), ("proc.name = b", NEVER)]),
        ("evt.type = connect and fd.ip != 1.1.1.1 and fd.net != 127.0.0.0/8 and fd.net != 10.0.0.0/8",
         [("fd.ip != 1.1.1.1", LIMIT)]),
        (f"(evt.type = openat and fd.name = /a and {BLIND}) or (evt.type = open and not fd.name = /a)", []),
        ("evt.num = 0 and evt.type = openat and fd.name = /a", []),
    ],
)  # fmt: skip
def test_what_is_dropped_has_its_reason(condition: str, drops: list[tuple[str, str]], planned: Planned) -> None:
    assert gone(planned.one(condition)) == drops


def test_an_exploding_condition_says_its_limit(planned: Planned) -> None:
    parts = [f"(proc.name = n{n} and fd.name = /a{n} and user.uid = {n})" for n in range(boxes.MAX_BOXES + 1)]
    plan = planned.one(f"evt.type = openat and ({' or '.join(parts)})")
    limit = f"the rule's condition makes more than {boxes.MAX_BOXES} clauses"
    assert {(drop.reason, drop.because) for drop in plan.dropped} == {(LIMIT, limit)}
    assert {drop.check.split()[0] for drop in plan.dropped} == {"proc.name", "user.uid"}


def test_a_rule_of_many_clauses_says_its_limit(planned: Planned) -> None:
    most = kernel_filter.MAX_OF_A_RULE
    parts = [f"(proc.name = n{n} and fd.name = /a{n} and user.uid = {n})" for n in range(most + 1)]
    plan = planned.one(f"evt.type = openat and ({' or '.join(parts)})")
    assert {drop.because for drop in plan.dropped} == {f"the rule makes more than {most} clauses"}
    assert not planned.one(f"evt.type = openat and ({' or '.join(parts[1:])})").dropped


def test_what_all_rules_together_lose_is_said(planned: Planned) -> None:
    text = "evt.type = openat and fd.name = /a/{0} and user.uid = {0} and proc.name = n{0}"
    found = planned.all(*(text.format(n) for n in range(1300)))
    assert (found.clauses, len(found.limits)) == (1, 2)
    assert found.limits[0].endswith("more than 1,024 clauses, so that each rule may have 1")
    assert found.limits[1].endswith("more than 1,024 clauses, so that none asks for: process name, user id")
    assert asked(found.rules[7]) == [["path is /a/7"]]
    assert gone(found.rules[7]) == [("user.uid = 7", LIMIT), ("proc.name = n7", LIMIT)]
    assert found.rules[7].dropped[0].because.endswith("so that none asks for the user id")
    assert found.rules[7].anyway == []


def test_a_full_table_is_said_to_the_rule_that_fills_it(planned: Planned) -> None:
    names = ", ".join(f"n{n}" for n in range(9000))
    found = planned.all(f"evt.type = mkdir and proc.name in ({names})", "evt.type = mkdir and proc.name = sh")
    many, few = found.rules
    full = "the kernel's table has room for 8,192 entries of its kind (process name)"
    assert found.limits == [full]
    assert (many.forced, [drop.because for drop in many.dropped]) == ({"mkdir": full}, [full])
    assert (few.dropped, asked(few)) == ([], [["process name is sh"]])
    assert [(one.rule, one.because) for one in few.anyway] == [("r0", full)]


def test_clauses_per_rule_are_cut_with_their_reason(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_filter, "MAX_CLAUSES", 3)
    either = "((proc.name = a{0} and fd.name = /a{0}) or (proc.name = b{0} and fd.name = /b{0}))"
    found = planned.all(*(f"evt.type = openat and {either.format(n)}" for n in range(3)))
    assert found.clauses == 3
    assert {drop.reason for plan in found.rules for drop in plan.dropped} == {LIMIT}
    assert [{drop.because for drop in plan.dropped} for plan in found.rules] == [set(found.limits)] * 3
    assert found.limits[0].endswith("so that each rule may have 1")


def test_unlike_clauses_that_are_joined_are_said(planned: Planned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_filter, "MAX_CLAUSES", 1)
    found = planned.all("evt.type = openat and container.id = host", "evt.type = openat and evt.is_open_read = true")
    assert found.clauses == 1
    assert found.limits[-1].endswith("so that unlike ones join")
    assert [gone(plan) for plan in found.rules] == [
        [("container.id = host", LIMIT)], [("evt.is_open_read = true", LIMIT)]
    ]  # fmt: skip
    assert all(plan.forced["openat"].endswith("so that unlike ones join") for plan in found.rules)


@pytest.mark.skipif(reference.missing() is not None, reason=str(reference.missing()))
def test_ten_times_the_upstream_rules_lose_nothing_to_a_limit(tmp_path: Path) -> None:
    assert multiplied.write(reference.ALL, 10, tmp_path / "many.yaml") == 930
    once, many = of_files(list(reference.ALL)), of_files([tmp_path / "many.yaml"])
    assert once.limits == many.limits == []
    lost = {plan.rule.item.name: reasons(plan) for plan in once.rules}
    for plan in many.rules:
        name = plan.rule.item.name
        assert reasons(plan) <= lost[name if name in lost else name.rpartition(" ")[0]], name


def reasons(plan: RulePlan) -> Counter[str]:
    """How many checks each reason took, but for excuses: the copies have no exceptions."""
    return Counter(drop.because.split(" ")[0] for drop in plan.dropped if drop.reason != EXCUSE)
