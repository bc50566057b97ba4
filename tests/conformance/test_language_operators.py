# ruff: noqa: E501 (one case, one line)
"""rules-language.md §9, §10, §12: which operator, literal and transformer goes with which type of field."""

from __future__ import annotations

import pytest
from language import errors, rule
from rules_helpers import Compile

OPERATORS = {
    "exists": "", "=": "{v}", "==": "{v}", "!=": "{v}", "<": "5", "<=": "5", ">": "5", ">=": "5", "contains": "{v}", "icontains": "{v}",
    "bcontains": "cafe", "startswith": "{v}", "bstartswith": "cafe", "endswith": "{v}", "glob": "{v}", "iglob": "{v}", "regex": "{v}",
    "in": "({v})", "intersects": "({v})", "pmatch": "({v})",
}  # fmt: skip
EVERY = {"exists", "=", "==", "!=", "in", "intersects"}
ORDER = {"<", "<=", ">", ">="}
TEXT = EVERY | ORDER | {"contains", "icontains", "startswith", "endswith", "glob", "iglob", "regex", "pmatch"}
BUFFER = EVERY | {"contains", "startswith", "endswith", "bcontains", "bstartswith"}
FIELDS = {
    "proc.name": ("x", TEXT, "string"),
    "fd.name": ("/x", TEXT, "string"),
    "fd.num": ("5", EVERY | ORDER, "numeric"),
    "proc.pid": ("5", EVERY | ORDER, "numeric"),
    "user.uid": ("5", EVERY | ORDER, "numeric"),
    "evt.rawtime": ("5", EVERY | ORDER, "numeric"),
    "fd.sport": ("5", EVERY | ORDER, "numeric"),
    "thread.cpu": ("5", EVERY | ORDER, "numeric"),
    "evt.failed": ("true", EVERY, "numeric"),
    "fd.sip": ("1.2.3.4", EVERY, "ip address and network"),
    "fd.snet": ("1.2.3.0/24", EVERY, "ip address and network"),
    "evt.buffer": ("x", BUFFER, "buffer"),
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("op", OPERATORS)
def test_the_table(compile_texts: Compile, field: str, op: str) -> None:
    value, allowed, family = FIELDS[field]
    condition = f"evt.type = open and {field} {op} {OPERATORS[op].format(v=value)}"
    shown = "=" if op == "==" else op
    message = f"filter error: '{shown}' operator not supported for {family} filters"
    expected = [] if op in allowed else [("LOAD_ERR_COMPILE_CONDITION", message)]
    assert errors(compile_texts(rule(condition=f'"{condition}"'))) == expected


@pytest.mark.parametrize("op", OPERATORS)
def test_lists(compile_texts: Compile, op: str) -> None:
    condition = f"evt.type = poll and fd.types {op} {OPERATORS[op].format(v='file')}"
    shown = "=" if op == "==" else op
    expected = (
        [] if op in ("exists", "in", "intersects") else [f"filter error: '{shown}' operator not supported list filters"]
    )
    assert [message for _, message in errors(compile_texts(rule(condition=f'"{condition}"')))] == expected


@pytest.mark.parametrize("modifier", ["anyof", "oneof", "allof"])
@pytest.mark.parametrize(
    ("field", "op", "fine"),
    [
        ("fd.sip", "=", True),
        ("fd.sip", "!=", True),
        ("proc.name", "regex", True),
        ("fd.num", "=", True),
        ("fd.num", "contains", False),
        ("fd.types", "=", False),
        ("evt.buffer", "bcontains", True),
    ],
)
def test_modifiers(compile_texts: Compile, modifier: str, field: str, op: str, fine: bool) -> None:
    value = {"fd.sip": "1.2.3.4", "fd.num": "5", "evt.buffer": "cafe"}.get(field, "x")
    found = errors(compile_texts(rule(condition=f"evt.type = open and {field} {op} {modifier} ({value})")))
    assert (found == []) is fine


@pytest.mark.parametrize(
    ("check", "message"),
    [
        *[(f"{field} = {good}", None) for field in ("fd.num", "proc.pid", "user.uid", "evt.rawtime", "thread.cpu") for good in ("0", "5", "+5", "-5", "' 5'", "99999999999999999999")],
        *[(f"{field} = '{bad}'", f"{bad} is not a valid number") for field in ("fd.num", "proc.pid", "user.uid", "thread.cpu") for bad in ("0x1f", "1.5", "1e3", "five", "5 ", "5s", "")],
        ("fd.num > 0x1f", "0x1f is not a valid number"),
        ("fd.num > 1.5", "1.5 is not a valid number"),
        ("evt.failed = true", None),
        ("evt.failed = false", None),
        *[(f"evt.failed = {bad}", f"{bad} is not a valid boolean, expected true or false") for bad in ("1", "yes", "True")],
        (f"proc.name = {'a' * 255}", None),
        (f"proc.name = {'a' * 256}", "the value is longer than 255 bytes"),
        (f"proc.name = {'é' * 128}", "the value is longer than 255 bytes"),
        (f"evt.buffer contains {'a' * 256}", "the value is longer than 255 bytes"),
        *[(f"fd.sip = {good}", None) for good in ("1.2.3.4", "::1", "2001:db8::1", "::")],
        *[(f"fd.sip = {bad}", f"unrecognized IP address {bad}") for bad in ("1.2.3", "1.2.3.4.5", "256.1.1.1", "host", "::ffff:1.2.3.4", "1.2.3.0/24")],
        *[(f"fd.snet = {good}", None) for good in ("1.2.3.0/24", "0.0.0.0/0", "1.2.3.4/32", "2001:db8::/32")],
        *[(f"fd.snet = {bad}", f"unrecognized IP network {bad}") for bad in ("1.2.3.4", "1.2.3.0/33", "1.2.3.0/x", "1.2.3/24", "net")],
        ("fd.sport = https", None),
        ("fd.sport = nosuchservice", "unrecognized protocol nosuchservice"),
        ("fd.sport = ''", None),
        *[(f"evt.buffer {op} {good}", None) for op in ("bcontains", "bstartswith") for good in ("cafe", "CAFE", "00")],
        *[(f"evt.buffer bcontains {bad}", f"'{bad}' is not a valid hex string: expected an even number of hex digits") for bad in ("caf", "0xca", "xy")],
        ("evt.type = open", None),
        ("evt.type = opens", "unknown event type opens"),
    ],
)  # fmt: skip
def test_literals(compile_texts: Compile, check: str, message: str | None) -> None:
    found = [words for _, words in errors(compile_texts(rule(condition=f'"evt.type = open and {check}"')))]
    assert found == ([] if message is None else [message])


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        *[(good, None) for good in ("a.*", "(a|b)+", "[[:alpha:]]*", "[]a]", "a{2,3}", "{a", "a**", "^a$", "", r"\.\x41\101\n")],
        ("(", "missing )"), ("[a", "missing ]"), ("a)", "unexpected )"), ("*a", "no argument for repetition operator: *"),
        ("(?:a)", "no argument for repetition operator: ?"), ("(?i)a", "no argument for repetition operator: ?"),
        (r"\d", r"invalid escape sequence: \d"), (r"\bx", r"invalid escape sequence: \b"), (r"(a)\1", r"invalid escape sequence: \1"),
        ("a{1001}", "invalid repetition size: {1001}"), ("[[:x:]]", "invalid character class range: [:x:]"),
    ],
)  # fmt: skip
def test_regular_expressions_are_posix(compile_texts: Compile, pattern: str, fault: str | None) -> None:
    pytest.importorskip("yarak._core", reason="the core is not built (make build)")
    written = pattern.replace("\\", "\\\\")
    found = errors(compile_texts(rule(condition=f"evt.type = open and proc.name regex '{written}'")))
    expected = [("LOAD_ERR_COMPILE_CONDITION", f"invalid regular expression '{pattern}': {fault}")]
    assert found == (expected if fault else [])


CONCAT = "unknown field transfomer 'concat'"


@pytest.mark.parametrize(
    ("check", "fine"),
    [
        ("tolower(proc.name) = x", True), ("toupper(fd.name) = x", True), ("basename(proc.exepath) = x", True), ("tolower(fd.num) = x", False),
        ("tolower(evt.buffer) = x", False), ("tolower(fd.types) exists", False), ("basename(fd.sip) = x", False),
        ("b64(proc.name) = x", True), ("b64(evt.buffer) contains x", True), ("b64(fd.num) = x", False),
        ("len(proc.name) > 5", True), ("len(evt.buffer) = 5", True), ("len(fd.types) = 5", True), ("len(fd.num) = 5", False), ("len(evt.failed) = 5", False),
        ("len(proc.name) = x", False), ("len(proc.name) startswith x", False),
        ("join(',', fd.types) = x", True), ("join(',', (proc.name, 'a', 5)) = x", True), ("join(',', proc.name) = x", False), ("join(fd.types, ',') = x", False), ("join(',') = x", False),
        ("concat(proc.name, 'x') = x", True), ("concat(proc.name, fd.name, proc.exe) = x", True), ("concat(proc.name) = x", False), ("concat(proc.name, fd.num) = x", False), ("concat(proc.name, fd.types) = x", False),
        ("getopt(fd.types, 'a:') intersects (x)", True), ("getopt(fd.types, 'a:')[a] = x", True), ("getopt(fd.types, 'a:')[ab] = x", False), ("getopt(proc.name, 'a:')[a] = x", False), ("getopt(fd.types, 'a:') = x", False),
        ("tolower(proc.name)[0] = x", False), ("len(proc.name)[0] = 5", False), ("concat(proc.name, 'x')[0] = x", False),
        ("tolower(toupper(basename(proc.name))) = x", True), ("len(concat(proc.name, 'x')) > 5", True), ("tolower(len(proc.name)) = x", False), ("tolower(proc.name, fd.name) = x", False),
        ("proc.name = val(proc.exe)", True), ("proc.name = val(fd.num)", False), ("fd.num = val(proc.pid)", True), ("fd.num = val(fd.sport)", False), ("fd.sip = val(fd.cip)", True), ("fd.sport = val(fd.cport)", True),
        ("proc.name = tolower(proc.exe)", True), ("proc.name = len(proc.exe)", False), ("proc.name in val(proc.exe)", True), ("len(proc.name) > len(proc.exe)", True), ("tolower(proc.name) = tolower(proc.exe)", True),
        ("proc.name regex val(proc.exe)", False), ("fd.name pmatch val(proc.exe)", False), ("fd.snet = val(fd.cnet)", False), ("proc.name = val(proc.aname[1])", False), ("tolower(proc.aname[1]) = x", False), ("fd.types in val(fd.types)", False),
        ("val(proc.name) = x", False),
    ],
)  # fmt: skip
def test_transformers_and_right_sides(compile_texts: Compile, check: str, fine: bool) -> None:
    found = errors(compile_texts(rule(condition=f'"evt.type = open and {check}"')))
    assert (found == []) is fine, found
    if check.startswith("concat(proc.name) "):
        assert found[0][1] == CONCAT
    if check == "proc.name = val(fd.num)":
        assert "CHARBUF" in found[0][1] and "INT64" in found[0][1]


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("evt.arg.flags = x", None), ("evt.arg.flagsandmore = x", None), ("evt.arg[0] = x", None), ("evt.arg[x] = x", "index"), ("evt.arg = x", "argument"),
        ("evt.arg.nothing = x", "unknown event argument nothing"), ("evt.rawarg.flags = 5", None), ("evt.rawarg[0] = x", "dot"), ("evt.rawarg.nothing = x", "unknown event argument nothing"),
        ("evt.type.is.open = 1", None), ("evt.type.is.nothing = 1", "unknown event type nothing"),
        ("evt.abspath = x", None), ("evt.abspath.src = x", None), ("evt.abspath.dst = x", None), ("evt.abspath.mid = x", "nonexistent"),
        ("thread.cgroup.cpu = x", None), ("proc.name[0] = x", "argument"), ("proc.aname[x] = x", "index"), ("proc.env[HOME] = x", None),
        ("proc.nothing = x", "filter_check called with nonexistent field proc.nothing"),
    ],
)  # fmt: skip
def test_field_arguments(compile_texts: Compile, check: str, message: str | None) -> None:
    found = [words for _, words in errors(compile_texts(rule(condition=f'"evt.type = open and {check}"')))]
    assert found == [] if message is None else message in found[0]
