# ruff: noqa: E501 (one case, one line)
"""Type checks: fields, arguments, operators, values, transformers, right-hand fields, lints."""

from __future__ import annotations

import pytest
from rules_helpers import Compile

UNKNOWN = "filter_check called with nonexistent field"


@pytest.mark.parametrize(
    "condition",
    [
        "proc.name = a and proc.pid >= 5 and evt.failed = true",
        "proc.aname[2] = a and proc.aname in (a, b) and proc.env[HOME] exists and proc.env contains a",
        "fd.sip = 1.2.3.4 and fd.sip in ('::1', 1.2.3.4) and fd.snet = 10.0.0.0/8 and fd.net in (fe80::/10)",
        "fd.sport in (22, ssh) and fd.port != 0 and fd.sport = ''",
        "evt.arg.flags contains O_TRUNC and evt.arg[0] = x and evt.rawarg.flags = 5 and evt.rawarg.path = /x",
        "evt.buffer contains abc and evt.buffer bcontains cafebabe and evt.buffer bstartswith CAFE",
        "fd.types in (file) and fd.types intersects (ipv4, ipv6) and fd.types exists",
        "evt.type.is.open = 1 and thread.cgroup.cpu = / and evt.abspath = /a and evt.abspath.dst = /b",
        "proc.name glob 'a*' and proc.name iglob 'A*' and proc.name regex 'a.*' and fd.name pmatch (/etc)",
        "tolower(proc.name) = a and toupper(proc.name) in (A) and basename(fd.name) startswith a",
        "len(fd.types) > 1 and len(proc.name) = 3 and b64(proc.args) contains x",
        "join(',', (proc.name, 'b', 5)) = a and concat(proc.name, '-', proc.pname) = b",
        "getopt(fd.types, 'ab:')[b] = x and getopt(fd.types, 'a') intersects (a)",
        "proc.name = val(proc.pname) and proc.name != tolower(proc.pname) and proc.pid = val(proc.ppid)",
        "tolower(concat(proc.name, basename(proc.exe))) = val(proc.pname)",
        "fd.realpath startswith /etc",
        "evt.rawres in (0, -115) and evt.num = +5",
    ],
)
def test_accepted(compile_condition: Compile, condition: str) -> None:
    compiled = compile_condition(f'"{condition}"')
    assert [found.message for found in compiled.results[0].errors] == []


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("proc.nam = a", f"{UNKNOWN} proc.nam"),
        ("ka.verb = a", f"{UNKNOWN} ka.verb"),
        ("evt.arg.flagz = a", "unknown event argument flagz"),
        ("evt.arg exists", "required argument for field evt.arg is missing"),
        ("container.label exists", "required argument for field container.label is missing"),
        ("proc.name[1] = a", "field proc.name does not take an argument"),
        ("proc.aname[x] = a", "argument of field proc.aname must be an index, not 'x'"),
        ("evt.rawarg[1] = 2", "field evt.rawarg takes its argument after a dot, not in brackets"),
        ("evt.type.is.bogus = 1", "unknown event type bogus"),
        ("evt.abspath.old = a", f"{UNKNOWN} evt.abspath.old"),
        ("evt.outputtime = a", "field evt.outputtime cannot be used in a condition, only in outputs"),
        ("evt.type = opne", "unknown event type opne"),
        ("evt.type glob open*", "unknown event type open*"),
        ("evt.type startswith op", "unknown event type op"),
        ("evt.type = val(proc.name)", "event types must be compared to names, not to a field or transformer"),
        ("proc.pid contains 1", "filter error: 'contains' operator not supported for numeric filters"),
        ("evt.failed > 1", "filter error: '>' operator not supported for numeric filters"),
        ("fd.sip startswith 10", "filter error: 'startswith' operator not supported for ip address and network filters"),
        ("evt.buffer regex a", "filter error: 'regex' operator not supported for buffer filters"),
        ("proc.name bcontains ab", "filter error: 'bcontains' operator not supported for string filters"),
        ("fd.types = file", "filter error: '=' operator not supported list filters"),
        ("proc.pid = 0x10", "0x10 is not a valid number"),
        ("proc.pid in (1, two)", "two is not a valid number"),
        ("fd.num > 1.5", "1.5 is not a valid number"),
        ("evt.failed = yes", "yes is not a valid boolean, expected true or false"),
        ("fd.sip = 1.2.3", "unrecognized IP address 1.2.3"),
        ("fd.snet = 10.0.0.0", "unrecognized IP network 10.0.0.0"),
        ("fd.snet = 10.0.0.0/33", "unrecognized IP network 10.0.0.0/33"),
        ("fd.sport = nosuchservice", "unrecognized protocol nosuchservice"),
        ("evt.buffer bcontains abc", "'abc' is not a valid hex string: expected an even number of hex digits"),
        ("proc.name regex '(a'", "invalid regular expression '(a': missing )"),
        (f"proc.name = {'a' * 256}", "the value is longer than 255 bytes"),
        ("tolower(proc.pid) = a", "field transformer 'tolower' cannot be applied to type INT64"),
        ("tolower(proc.aname) = a", "field proc.aname does not support transformers"),
        ("tolower(proc.name)[1] = a", "transformer 'tolower' does not take an argument in brackets"),
        ("tolower(proc.name, proc.exe) = a", "transformer 'tolower' takes one argument, got 2"),
        ("concat(proc.name) = a", "unknown field transfomer 'concat'"),
        ("join(',', proc.name) = a", "transformer 'join' takes a separator and a list"),
        ("getopt(fd.types, 'ab')[ab] = a", "the argument of 'getopt' must be a single option character"),
        ("proc.name = val(proc.pid)", "left and right side of '=' have different types: CHARBUF and INT64"),
        ("proc.name = val(proc.aname)", "field proc.aname cannot be used on the right side"),
        ("proc.name regex val(proc.pname)", "filter error: 'regex' operator does not support a field on the right side of CHARBUF"),
        ("evt.around[5] > 3", "filter error: '>' operator not supported for evt.around"),
    ],
)  # fmt: skip
def test_refused(compile_condition: Compile, condition: str, message: str) -> None:
    compiled = compile_condition(f'"{condition}"')
    assert [(f.code, f.message) for f in compiled.results[0].errors] == [("LOAD_ERR_COMPILE_CONDITION", message)]


def test_skip_if_unknown(compile_texts: Compile) -> None:
    compiled = compile_texts("""
        - {rule: a, desc: d, condition: evt.type = open and x.y = 1, output: o, priority: INFO, skip-if-unknown-filter: true}
        - {rule: b, desc: d, condition: evt.type = open, output: "%x.y", priority: INFO, skip-if-unknown-filter: true}
        - {rule: c, desc: d, condition: evt.type = open and proc.pid = x, output: o, priority: INFO, skip-if-unknown-filter: true}
    """)  # fmt: skip
    assert [found.code for found in compiled.results[0].diagnostics] == [
        "LOAD_UNKNOWN_FILTER", "LOAD_UNKNOWN_FILTER", "LOAD_ERR_COMPILE_CONDITION"
    ]  # fmt: skip
    assert compiled.rules == []


@pytest.mark.parametrize(
    ("condition", "code", "message"),
    [
        ("evt.dir = <", "LOAD_DEPRECATED_ITEM", "usage of deprecated field 'evt.dir' has been detected in the rule condition"),
        ("proc.name regex abc", "LOAD_COMPILE_CONDITION", "regex check with 'abc' may be optimized with simpler operators such as '=', 'contains', 'startswith', 'endswith'"),
        ("proc.name regex '^.*abc.*$'", "LOAD_COMPILE_CONDITION", "regex check with '^.*abc.*$' may be optimized with simpler operators such as '=', 'contains', 'startswith', 'endswith'"),
        ("proc.name regex 'a.c'", None, None),
        ("proc.name = proc.pname", "LOAD_COMPILE_CONDITION", "'proc.pname' may be a valid field misused as a const string value"),
        ("proc.name in ('proc. aname[1]')", "LOAD_COMPILE_CONDITION", "'proc.aname[1]' may be a valid field misused as a const string value"),
        ("proc.name = 'tolower(x)'", "LOAD_COMPILE_CONDITION", "'tolower(x)' may be a valid field transformer misused as a const string value"),
        ("proc.name = a.out", None, None),
    ],
)  # fmt: skip
def test_lints(compile_condition: Compile, condition: str, code: str | None, message: str | None) -> None:
    found = compile_condition(f'"evt.type = open and {condition}"').results[0].diagnostics
    assert [(one.code, one.message) for one in found] == ([(code, message)] if code else [])


def test_a_comparison_with_na_in_json_sources() -> None:
    import listing_fixture
    from rules_helpers import parse

    from yarak.rules.lints import lint
    from yarak.rules.listing import Listing
    from yarak.rules.nodes import Check

    listing = Listing.from_json(**listing_fixture.document("k8saudit"))
    check = parse('ka.verb in (a, "<NA>")')
    assert isinstance(check, Check)
    assert [(found.code, found.message) for found in lint(check, listing)] == [("LOAD_UNSAFE_NA_CHECK", "")]
