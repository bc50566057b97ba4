"""Random conditions over the grammar of the language, and random rules files, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

FIELDS = ("proc.name", "fd.name", "proc.cmdline", "proc.pname", "fs.path.target")
NUMBERS = ("fd.num", "proc.pid", "user.uid", "evt.rawres")

words = st.text(
    st.characters(codec="utf-8", max_codepoint=0xFFFD, exclude_characters="\0", exclude_categories=["Cs"]), max_size=8
)
"""Any text that a value may be."""


def quoted(text: str) -> str:
    """A text as a quoted string of the language."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _list(values: list[str]) -> str:
    return f"({', '.join(map(quoted, values))})"


texts = st.sampled_from(FIELDS) | st.builds(
    "{}({})".format, st.sampled_from(["tolower", "toupper", "basename"]), st.sampled_from(FIELDS)
)
numbers = st.sampled_from(NUMBERS)
lists = st.lists(words, max_size=3).map(_list)
_single = st.sampled_from(["=", "==", "!=", "contains", "icontains", "startswith", "endswith"])
_order = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
checks = (
    st.builds("{} exists".format, texts | numbers)
    | st.builds("{} {} {}".format, texts, _single, words.map(quoted))
    | st.builds("{} {} {} {}".format, texts, _single, st.sampled_from(["oneof", "anyof", "allof"]), lists)
    | st.builds("{} {} {}".format, texts, st.sampled_from(["in", "intersects", "pmatch"]), lists)
    | st.builds("{} {} {}".format, numbers, _order, st.integers(-5, 2000))
    | st.builds("{} in ({}, {})".format, numbers, st.integers(0, 2000), st.integers(0, 5))
    | st.builds("{} {} val({})".format, texts, _single, st.sampled_from(FIELDS))
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
