"""Where each lint speaks, and what it points at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from yarak.rules.lint.finding import Finding
from yarak.rules.lint.lints.regex import simpler

LintCondition = Callable[..., list[Finding]]
LintTexts = Callable[..., list[Finding]]

OPEN = "evt.type = openat"

NEVER = [
    f"{OPEN} and evt.type = execve",
    f"{OPEN} and fd.name = a and fd.name = b",
    f"{OPEN} and fd.name in (a, b) and not fd.name in (a, b, c)",
    f"{OPEN} and fd.name startswith /etc/ and fd.name startswith /usr/",
    f"{OPEN} and fd.name startswith /etc/ssh/ and not fd.name startswith /etc/",
    f"{OPEN} and fd.name glob /etc/*.conf and not fd.name endswith .conf",
    f"{OPEN} and fd.name pmatch (/etc/ssh) and not fd.name pmatch (/etc)",
    f"{OPEN} and fd.name contains shadow and not fd.name contains shad",
    f"{OPEN} and proc.pid > 5 and proc.pid < 5",
    f"{OPEN} and proc.pid = 1 and not proc.pid exists",
    f"{OPEN} and user.uid < 0",
    f"{OPEN} and evt.failed = true and evt.failed = false",
    f"{OPEN} and proc.name in ()",
    "evt.type = execve and evt.is_open_write = true",
    "evt.type = execve and fd.name startswith /etc",
    f"{OPEN} and (proc.name = a or proc.name = b) and not proc.name in (a, b)",
    f"{OPEN} and fd.num >= 0 and fd.num = -1",
    "evt.num = 0",
    f"{OPEN} and container.id = host and container.id != host",
    f"{OPEN} and proc.aname = x and not proc.aname = x",
    f"{OPEN} and evt.dir = >",
    f"{OPEN} and not evt.dir = <",
    f"{OPEN} and evt.dir != <",
    f"{OPEN} and evt.dir in (>)",
    "evt.type = procexit and evt.dir = <",
    f"{OPEN} and not evt.num exists",
]
SOMETIMES = [
    f"{OPEN} and proc.aname = a and proc.aname = b",  # two ancestors
    f"{OPEN} and proc.aname[2] startswith a and proc.aname[3] startswith b",
    "evt.type = connect and fd.ip = 10.0.0.1 and fd.ip = 10.0.0.2",  # two ends
    "evt.type = connect and fd.port = 22 and fd.port = 4000",
    f"{OPEN} and not proc.name = a and not proc.name != a",  # absent
    f"{OPEN} and fd.name startswith /etc/ and not fd.name startswith /etc/ssh/",
    f"{OPEN} and fd.name in (a, b) and not fd.name = a",
    f"{OPEN} and fd.name regex '[a-z]+' and fd.name = abc",
    f"{OPEN} and fd.name contains a and fd.name endswith b",
    f"{OPEN} and user.uid >= 0",
    f"{OPEN} and proc.pid > 5 and proc.pid <= 6",
    f"{OPEN} and not fd.name exists",
    f"{OPEN} and tolower(fd.name) = a and tolower(fd.name) = b",
    f"{OPEN} and evt.dir = <",
    f"{OPEN} and evt.dir in (<, >)",
    "evt.dir = >",  # the end of a process, a signal
    f"{OPEN} and not syscall.type exists",
]


@pytest.mark.parametrize("condition", NEVER)
def test_contradictions_are_found(condition: str, lint_condition: LintCondition) -> None:
    found = lint_condition("YK101", condition)
    assert [one.code for one in found] == ["YK101"]


@pytest.mark.parametrize("condition", SOMETIMES)
def test_what_may_hold_is_left_alone(condition: str, lint_condition: LintCondition) -> None:
    assert lint_condition("YK101", condition) == []
    assert lint_condition("YK105", condition) == []


def test_the_members_that_exclude_each_other_are_named(lint_condition: LintCondition) -> None:
    (found,) = lint_condition("YK101", f"{OPEN} and fd.num >= 0 and proc.name = a and proc.name = b")
    assert found.hint == "'proc.name = a' and 'proc.name = b' exclude each other"


def test_constants_in_macros_are_switches(lint_condition: LintCondition) -> None:
    switch = "- macro: wanted\n  condition: (evt.num = 0)\n"
    assert lint_condition("YK101", f"{OPEN} and wanted", switch) == []
    assert lint_condition("YK102", "not wanted", switch) == []


@pytest.mark.parametrize(
    "condition",
    ["evt.num > 0", "proc.name = a or not proc.name = a", "not (evt.type = open and evt.type = execve)",
     "evt.type exists", "evt.num >= 0", "evt.num exists", "not evt.num < 1", "evt.dir in (<, >)",
     "evt.dir = < or evt.dir = >", "evt.num > 0 and evt.type exists", "proc.name = a or evt.rawtime exists"],
)  # fmt: skip
def test_tautologies_are_found(condition: str, lint_condition: LintCondition) -> None:
    assert [one.code for one in lint_condition("YK102", condition)] == ["YK102"]


@pytest.mark.parametrize(
    "condition",
    ["proc.name exists", "proc.name = a or proc.name != a", "evt.type != open", "evt.dir = <", "syscall.type exists",
     "evt.rawres exists", "evt.num > 1"],
)  # fmt: skip
def test_what_an_absent_value_fails_is_no_tautology(condition: str, lint_condition: LintCondition) -> None:
    assert lint_condition("YK102", condition) == []


def _two(first: str, second: str, **extra: str) -> str:
    keys = "".join(f"  {key}: {value}\n" for key, value in extra.items())
    body = "  desc: d\n  output: o %proc.name\n  priority: NOTICE\n"
    return f"- rule: first\n  condition: {first}\n{body}{keys}- rule: second\n  condition: {second}\n{body}"


SHADOWS = [
    (OPEN, f"{OPEN} and fd.name = x"),
    ("evt.type in (open, openat)", OPEN),
    (f"{OPEN} and fd.name startswith /etc", f"{OPEN} and fd.name in (/etc/a, /etc/b)"),
    (f"{OPEN} and (proc.name = a or fd.name = b)", f"{OPEN} and fd.name = b and proc.name = c"),
    (f"{OPEN} and not proc.name = a", f"{OPEN} and proc.name = b"),
]


@pytest.mark.parametrize(("first", "second"), SHADOWS)
def test_shadows_are_found_in_one_direction(first: str, second: str, lint: LintTexts) -> None:
    (found,) = lint(_two(first, second), select="YK103")
    assert "'second' never fires: 'first'" in found.message
    assert lint(_two(second, first), select="YK103") == []


def test_no_shadow_where_all_rules_get_their_turn(lint: LintTexts) -> None:
    first, second = SHADOWS[0]
    assert lint(_two(first, second), select="YK103", rule_matching="all") == []
    assert lint(_two(first, second, enabled="false"), select="YK103") == []


@pytest.mark.parametrize(("first", "second"), SHADOWS)
def test_shadows_are_found_among_many_rules(first: str, second: str, lint: LintTexts) -> None:
    other = f"- rule: other{{0}}\n  condition: {OPEN} and fd.name startswith /other/{{0}}/\n"
    body = "  desc: d\n  output: o %proc.name\n  priority: NOTICE\n"
    many = "".join(other.format(number) + body for number in range(200))
    head, tail = _two(first, second).split("- rule: second")
    found = lint(f"{many}{head}{many.replace('other', 'more')}- rule: second{tail}", select="YK103")
    assert [one.message for one in found if "'second'" in one.message]


def _excepted(comps: str, values: str) -> str:
    return f"""
        - rule: r
          desc: d
          condition: {OPEN} and fd.name startswith /etc/ and proc.name in (a, b)
          output: o %proc.name
          priority: NOTICE
          exceptions:
            - name: e
              fields: [fd.name, proc.name]
              comps: {comps}
              values: {values}
        """


@pytest.mark.parametrize(
    ("comps", "values"),
    [
        ("[startswith, in]", "[[/etc, [a, b, c]]]"),
        ("[glob, glob]", "[['*', '*']]"),
        ("[startswith, '=']", "[[/etc/, a], [/etc/, b]]"),
        ("[pmatch, regex]", "[[[/], '.*']]"),
    ],
)
def test_exceptions_that_remove_the_rule_are_found(comps: str, values: str, lint: LintTexts) -> None:
    (found,) = lint(_excepted(comps, values), select="YK1")
    assert found.code == "YK104" and "exception 'e'" in found.message


def test_an_exception_that_leaves_something_is_fine(lint: LintTexts) -> None:
    assert lint(_excepted("[startswith, '=']", "[[/etc/, a]]"), select="YK104") == []


@pytest.mark.parametrize(
    ("check", "word"),
    [
        ("proc.name = /usr/bin/bash", "/usr/bin/bash"),
        ("proc.pname in (sh, sixteen-bytes-ab)", "sixteen-bytes-ab"),
        ("proc.exepath in (/bin/sh, bash)", "bash"),
        ("fd.directory = /etc/", "/etc/"),
        ("fd.filename = etc/passwd", "etc/passwd"),
        ("fd.name startswith /etc/*", "/etc/*"),
        ("tolower(proc.name) = Bash", "Bash"),
        ("container.id = 0123456789abcdef", "0123456789abcdef"),
    ],
)
def test_values_of_a_wrong_shape(check: str, word: str, lint_condition: LintCondition) -> None:
    (found,) = lint_condition("YK201", f"{OPEN} and {check}")
    assert f"'{word}'" in found.message and found.place.length == len(word)


@pytest.mark.parametrize(
    "check",
    ["proc.name = fifteen-bytes-a", "proc.name = kworker/0:1", "fd.directory = /", "proc.exepath endswith bash",
     "proc.exepath = '<NA>'", "fd.name glob /etc/*", "proc.cmdline contains '*'", "tolower(proc.name) = bash"],
)  # fmt: skip
def test_values_of_a_right_shape(check: str, lint_condition: LintCondition) -> None:
    assert lint_condition("YK201", f"{OPEN} and {check}") == []


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("evt.type = openat and evt.arg.flags contains O_TRUC", "did you mean 'O_TRUNC'?"),
        ("evt.type = openat and evt.arg.flags icontains o_tmpfil3", ""),
        ("evt.type = openat and evt.arg.flags = 'O_RDONLY|O_CLOEXE'", ""),
        ("evt.type = ptrace and evt.arg.request in (PTRACE_POKETEX, PTRACE_ATTACH)", "did you mean 'PTRACE_POKETEXT'?"),
        ("evt.type = chmod and not evt.arg.mode contains S_ISUIT", "did you mean 'S_ISUID'?"),
        ("evt.type = connect and fd.l4proto = tpc", "one of <NA>, icmp, raw, tcp, udp"),
        ("evt.type = connect and evt.res = EINPROGRES", "did you mean 'EINPROGRESS'?"),
    ],
)
def test_words_that_no_event_has(condition: str, hint: str, lint_condition: LintCondition) -> None:
    (found,) = lint_condition("YK202", condition)
    assert hint in found.hint


@pytest.mark.parametrize(
    "condition",
    [
        "evt.type = openat and evt.arg.flags contains O_TRUNC",
        "evt.type = openat and evt.arg.flags contains O_",
        "evt.type = openat and evt.arg.flags = 'O_RDONLY|O_CLOEXEC'",
        "evt.type = openat and evt.arg.flags icontains o_trunc",
        "evt.type = openat and evt.arg.flags startswith x",
        "evt.type = openat and evt.arg.mode contains S_ISUIT",  # a number there
        "evt.type in (chmod, openat) and evt.arg.mode contains S_ISUIT",
        "evt.type = ptrace and evt.arg.request in (PTRACE_POKETEXT, 99)",
        "evt.type = openat and evt.arg.name = O_TRUC",
    ],
)
def test_words_that_some_event_has(condition: str, lint_condition: LintCondition) -> None:
    assert lint_condition("YK202", condition) == []


@pytest.mark.parametrize(
    ("pattern", "plainer"),
    [
        ("(a|b)", ("in", "(a, b)")),
        ("^/x/(a|b)$", ("in", "(/x/a, /x/b)")),
        ("/etc/.*\\.conf", ("glob", "/etc/*.conf")),
        ("a.c", ("glob", "a?c")),
        ("a\\*b", ("glob", '"a\\\\*b"')),
        ("[ab]", None),
        ("ab*", None),
        ("a+", None),
        ("(a|b)+", None),
        ("(?i)a|b", None),
        ("\\d", None),
    ],
)
def test_plainer_forms_of_expressions(pattern: str, plainer: tuple[str, str] | None) -> None:
    assert simpler(pattern) == plainer


TRUSTS = [
    "not proc.name in (a, b)",
    "proc.name != a",
    "not proc.pname startswith a",
    "not (proc.name = a or fd.name = b)",
    "not (proc.name = a and proc.args contains b)",
    "not proc.aname[2] = a",
]
DOES_NOT_TRUST = [
    "proc.name = a",
    "not proc.exepath = /usr/bin/a",
    "not (proc.exepath = /usr/bin/a and proc.name = b)",
    "not (proc.name = a and fd.name = b)",
    "(proc.name != a or user.uid = 0)",
    "proc.name != '<NA>'",
]


@pytest.mark.parametrize("check", TRUSTS)
def test_names_that_excuse(check: str, lint_condition: LintCondition) -> None:
    assert len(lint_condition("YK301", f"{OPEN} and {check}")) == 1


@pytest.mark.parametrize("check", DOES_NOT_TRUST)
def test_names_that_do_not_excuse_alone(check: str, lint_condition: LintCondition) -> None:
    assert lint_condition("YK301", f"{OPEN} and {check}") == []


@pytest.mark.parametrize(
    ("condition", "field"),
    [
        ("evt.type = execve and not fd.name = x", "fd.name"),
        ("evt.type = openat and evt.arg.newpath = x", "evt.arg.newpath"),
        ("evt.type in (open, execve) and (evt.type = execve and fd.num = 1 or proc.name = a)", "fd.num"),
        ("evt.type = openat and k8s.rc.name = x", "k8s.rc.name"),
    ],
)
def test_absent_fields(condition: str, field: str, lint_condition: LintCondition) -> None:
    (found,) = lint_condition("YK401", condition)
    assert found.message.startswith(f"{field} is always absent")


@pytest.mark.parametrize(
    "condition",
    ["evt.type in (open, execve) and fd.name = x", "evt.type = rename and evt.arg.newpath = x",
     "evt.type in (open, execve) and (evt.type = execve or fd.num = 1)"],
)  # fmt: skip
def test_fields_that_some_event_has(condition: str, lint_condition: LintCondition) -> None:
    assert lint_condition("YK401", condition) == []


def test_a_finding_in_a_macro_says_so_and_is_told_once(lint: LintTexts) -> None:
    macro = "- macro: m\n  condition: proc.name = sixteen-bytes-ab\n"
    found = lint(macro + _two(f"{OPEN} and m", "evt.type = execve and m"), select="YK2")
    assert [(one.trail, one.place.line) for one in found] == [("in macro 'm', used by rule 'first'", 1)]


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("proc.name in (shel_binaries)", "did you mean 'shell_binaries'?"),
        ("proc.name startswith anyof (shell_binarys)", "did you mean 'shell_binaries'?"),
        ('proc.name in ("shel_binaries")', None),
        ("proc.name in (shel_binaries, sh)", "did you mean 'shell_binaries'?"),
        ("proc.name in (used_shellz)", "did you mean 'used_shells'?"),
        ("proc.name in (used_shells, shell_binary)", "did you mean 'shell_binaries'?"),
        ("proc.name in (lone-shellz)", "did you mean 'lone-shells'?"),
        ("proc.name in (lone-shellz, sh)", None),
        ("proc.name in sh", "write (sh) if the word is meant"),
        ("proc.name intersects shell_binary", "did you mean 'shell_binaries'?"),
        ("proc.name = shel_binaries", None),
        ("proc.name in (something)", None),
        ("proc.name in (used_shell)", None),
        ("proc.name in (some_thing)", None),
    ],
)
def test_a_misspelt_list(condition: str, hint: str | None, lint_condition: LintCondition) -> None:
    before = """
        - {list: shell_binaries, items: [sh, bash]}
        - {list: used_shells, items: [sh, used_shell]}
        - {list: lone-shells, items: [sh]}
        - {macro: m, condition: proc.name in (used_shells)}
    """
    found = lint_condition("YK204", f"{OPEN} and {condition}", before)
    assert [one.hint for one in found] == ([hint] if hint else [])


FOREIGN = "- {{rule: r, desc: d, output: o, priority: INFO, source: other, condition: {0}}}\n"


@pytest.mark.parametrize(
    ("items", "guilty"),
    [
        ("- {macro: m, condition: 'fd.nam = x and evt.type = opn and proc.pid in (1, a, b)'}", 4),
        ("- {macro: m, condition: fd.name = x}", 0),
        ("- {macro: m, condition: ka.verb = get and not ka.uri exists}", 0),
        ("- {macro: m, condition: fd.nam = x}\n- {macro: n, condition: m and evt.type = open}", 1),
        ("- {macro: m, condition: evt.type = opn}\n- {macro: n, condition: m}\n" + FOREIGN.format("n"), 0),
    ],
)
def test_macros_that_no_rule_could_use(items: str, guilty: int, lint: LintTexts) -> None:
    found = lint(items + "\n", select="YK106")
    assert len(found) == guilty
    assert not any(one.is_error for one in found)
