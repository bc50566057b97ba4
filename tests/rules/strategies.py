"""Random conditions over the whole grammar of the language, for property tests.

Every operator and every transformer is in the tables below (``test_strategies.py``), with fields and values of types
that they fit, so that all checks compile.
"""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

words = st.text(
    st.characters(codec="utf-8", max_codepoint=0xFFFD, exclude_characters="\0", exclude_categories=["Cs"]), max_size=8
)
"""Any text that a value may be."""


def quoted(text: str) -> str:
    """A text as a quoted string of the language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _listed(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, max_size=3).map(lambda some: f"({', '.join(some)})")


_text_fields = st.sampled_from(("proc.name", "fd.name", "proc.cmdline", "proc.pname", "fs.path.target", "proc.exepath"))
_argv = st.sampled_from(("('-a', '-bash', 'x', '--long')", "('-b')", "('x')", "()", "(proc.name, proc.args)"))
_text_calls = (
    st.builds("{}({})".format, st.sampled_from(("tolower", "toupper", "basename", "b64")), _text_fields)
    | st.builds("concat({}, {}, {})".format, _text_fields, words.map(quoted), _text_fields)
    | st.builds("join({}, ({}, {}, {}))".format, words.map(quoted), _text_fields, words.map(quoted), st.integers(0, 99))
    | st.builds("getopt({}, 'ab:')[{}]".format, _argv, st.sampled_from("abz?"))
)
texts = _text_fields | _text_calls | st.sampled_from(("proc.aname", "proc.aname[2]", "join(',', fd.types)"))
numbers = st.sampled_from(("fd.num", "proc.pid", "user.uid", "evt.rawres")) | st.builds(
    "len({})".format, _text_fields | _text_calls | st.sampled_from(("fd.types", "evt.buffer"))
)
lists = st.just("fd.types") | st.builds("getopt({}, 'ab:')".format, _argv)
"""Accessors with many values."""
_flags = st.sampled_from(("evt.failed", "evt.is_open_read"))
_buffers = st.sampled_from(("evt.buffer", "b64(evt.buffer)"))
_fields_to_right = st.builds("val({})".format, _text_fields) | _text_calls

_text = (words | st.sampled_from(("/etc/shadow", "/etc", "Cat", "at", "sh", "/"))).map(quoted)
_glob = st.text("at/*?", max_size=6).map(quoted)
_regex = st.sampled_from(("", ".*", "C.*", "[A-Za-z]+", "(/etc)?/.*", "a|at|Cat", "[^/]*")).map(quoted)
_number = st.integers(-5, 2000).map(str)
_hex = st.binary(min_size=1, max_size=2).map(bytes.hex)
_address = st.sampled_from(("10.1.2.3", "0.0.0.0", "2001:db8::1", "::"))
_network = st.sampled_from(("10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32"))

_COMPARING: Final = ("=", "==", "!=", "contains", "icontains", "startswith", "endswith")
SINGLE: Final = (
    (texts, _COMPARING, _text),
    (texts, ("<", "<=", ">", ">="), st.integers(0, 99).map(str)),
    (texts, ("glob", "iglob"), _glob),
    (texts, ("regex",), _regex),
    (texts, _COMPARING, _fields_to_right),
    (numbers, ("=", "!=", "<", "<=", ">", ">="), _number),
    (_flags, ("=", "!="), st.sampled_from(("true", "false"))),
    (_buffers, ("=", "!=", "contains", "startswith", "endswith"), st.sampled_from(("ab", "b", '""'))),
    (_buffers, ("bcontains", "bstartswith"), _hex),
    (st.just("fd.sip"), ("=", "!="), _address),
    (st.just("fd.snet"), ("=", "!="), _network),
    (texts, ("in", "intersects"), _fields_to_right),
)
"""Accessors, operators and one value that go together."""
MANY: Final = (
    (texts, ("in", "intersects", "pmatch"), _text),
    (lists, ("in", "intersects"), _text),
    (numbers, ("in", "intersects"), st.integers(0, 2000).map(str)),
    (_flags, ("in",), st.sampled_from(("true", "false"))),
    (_buffers, ("in",), st.sampled_from(("ab", "b"))),
    (st.sampled_from(("fd.sip", "fd.cip")), ("in",), _address),
)
"""The same for operators that take a list."""
MODIFIED: Final = (
    (texts, (*_COMPARING, "glob", "iglob"), _text),
    (texts, ("regex",), _regex),
    (numbers, ("=", "!="), _number),
    (_buffers, ("bcontains", "bstartswith"), _hex),
)
"""The same for operators with a modifier."""
MODIFIERS: Final = ("oneof", "anyof", "allof")

checks = st.one_of(
    st.builds("{} exists".format, st.one_of(texts, numbers, lists, _flags, _buffers, st.just("fd.sip"))),
    *(st.builds("{} {} {}".format, left, st.sampled_from(ops), value) for left, ops, value in SINGLE),
    *(st.builds("{} {} {}".format, left, st.sampled_from(ops), _listed(value)) for left, ops, value in MANY),
    *(
        st.builds("{} {} {} {}".format, left, st.sampled_from(ops), st.sampled_from(MODIFIERS), _listed(value))
        for left, ops, value in MODIFIED
    ),
)
"""Checks that compile: operators fit the types."""


def _above(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    groups = st.lists(inner, min_size=2, max_size=4)
    return (
        groups.map(" and ".join).map("({})".format)
        | groups.map(" or ".join).map("({})".format)
        | inner.map("not ({})".format)
    )


conditions = st.recursive(checks, _above, max_leaves=8)
"""Whole conditions without macros and lists."""
