"""`yarak rules fmt`: one layout, twice is once, and the meaning stays."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from listing_fixture import shared

from yarak.rules import load
from yarak.rules.diagnostics import LoadError
from yarak.rules.fmt import format_text
from yarak.rules.layout import lay_out, parse, same
from yarak.rules.source import SourceFile

UPSTREAM = ("falco_rules", "falco-incubating_rules", "falco-sandbox_rules", "k8s_audit_rules")


def laid(text: str, width: int = 120) -> str:
    """The file formatted, and checked to stay so."""
    once = format_text(dedent(text), width=width)
    assert format_text(once, width=width) == once
    return once


def test_a_condition_that_fits_stays_on_its_line() -> None:
    before = "- macro: m\n  condition: ( evt.type in (open,openat)   and fd.num>=0 and not(proc.name==a))\n"
    after = "- macro: m\n  condition: (evt.type in (open, openat) and fd.num >= 0 and not proc.name == a)\n"
    assert laid(before) == after


def test_a_long_condition_is_wrapped_at_and_and_or() -> None:
    before = """
        - rule: r  # a comment
          condition: evt.type = open and (fd.name = /etc/shadow or fd.name = /etc/passwd) and not proc.name in (a, b)
          desc: d
        """
    after = """
        - rule: r  # a comment
          condition: >
            evt.type = open
            and (
              fd.name = /etc/shadow
              or fd.name = /etc/passwd
            )
            and not proc.name in (a, b)
          desc: d
        """
    assert laid(before, 42) == dedent(after)


def test_long_lists_are_filled() -> None:
    lines = lay_out("proc.name in (alpha, beta, gamma, delta, epsilon)", 24)
    assert lines == ["proc.name in (", "  alpha, beta, gamma,", "  delta, epsilon", ")"]


def test_comments_order_and_quotes_outside_conditions_stay() -> None:
    text = """
        # about the file

        - list:   odd     # spaces stay
          items: [ 'a' ,"b",   c ]
        - macro: m   # a macro
          condition:   "evt.type=open"   # behind

        # between
        - rule: r
          condition: > # of the header
              evt.type =   open
                and fd.num > 0

          output:   "x  %proc.name"
        # the end
        """
    after = dedent(text).replace('"evt.type=open"', '"evt.type = open"')
    after = after.replace("evt.type =   open\n        and fd.num > 0", "evt.type = open and fd.num > 0")
    assert laid(text) == after


def test_a_comment_behind_a_value_stays_when_it_becomes_a_block() -> None:
    before = "- macro: m\n  condition: evt.type = open and fd.num = 1  # why\n"
    after = "- macro: m\n  condition: > # why\n    evt.type = open\n    and fd.num = 1\n"
    assert laid(before, 30) == after


def test_outer_parentheses_stay_since_text_may_be_appended() -> None:
    assert lay_out("((a or b))", 80) == ["(a or b)"]
    assert lay_out("(a) or (b)", 80) == ["a or b"]


@pytest.mark.parametrize("lead", ["and", "or"])
def test_text_that_continues_a_condition(lead: str) -> None:
    assert lay_out(f"{lead} ( a or b)", 80) == [f"{lead} (a or b)"]
    assert lay_out(f"{lead}   a and\n b", 4) == [f"{lead} a", "and b"]


@pytest.mark.parametrize(
    "value",
    ["&anchor evt.type=open", "evt.type = ", "'a and'", "|2\n    evt.type=open", "[a]", "a=#x"],
)
def test_what_is_no_plain_condition_is_left_alone(value: str) -> None:
    text = f"- macro: m\n  condition: {value}\n"
    assert format_text(text) == text


def test_one_bad_condition_does_not_keep_the_others_from_being_laid_out() -> None:
    text = "- macro: m\n  condition: proc.args=#x and a.b=1\n- macro: n\n  condition: a.b=1\n"
    assert format_text(text).endswith("condition: a.b = 1\n")


def test_line_ends_of_other_systems_stay() -> None:
    assert format_text("- macro: m\r\n  condition: a.b=1\r\n") == "- macro: m\r\n  condition: a.b = 1\r\n"


def test_what_is_no_rules_file_is_an_error() -> None:
    with pytest.raises(LoadError):
        format_text("- a: [\n")


def _conditions(text: str) -> list[str]:
    items = load.items(SourceFile("x", text), lambda _document: None)
    return [value.value for item in items for key, value in item.value if key.value == "condition"]


@pytest.mark.parametrize("name", UPSTREAM)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_upstream_files_keep_their_meaning(name: str, width: int) -> None:
    text = (shared() / "data" / "rules" / f"{name}.yaml").read_text()
    after = format_text(text, width=width)
    assert after != text
    assert format_text(after, width=width) == after
    pairs = list(zip(_conditions(text), _conditions(after), strict=True))
    for old, new in pairs:
        one, other = parse(old), parse(new)
        assert one is not None and other is not None and same(one, other)
    assert [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")] == [
        line.strip() for line in after.splitlines() if line.lstrip().startswith("#")
    ]


FIELDS = st.sampled_from(["proc.name", "proc.aname[2]", "fd.name", "evt.arg.flags", "tolower(proc.name)",
                          "basename( fd.name )", "getopt(proc.args, 'a:b')[a]",
                          "join(',', (proc.name,'x'))"])  # fmt: skip
WORDS = st.sampled_from(["a", "/etc/passwd", "'two words'", '"a \\"quoted\\" one"', "<NA>", "x-1", "*.conf", "shells"])
VALUES = st.lists(WORDS, min_size=1, max_size=9).map(",".join)
CHECKS = st.one_of(
    st.builds("{} {} {}".format, FIELDS, st.sampled_from(["=", "==", "!=", "contains", "glob"]), WORDS),
    st.builds("{}={}".format, FIELDS, WORDS),
    st.builds("{} {} ({})".format, FIELDS, st.sampled_from(["in", "intersects", "pmatch", "= anyof"]), VALUES),
    st.builds("{} {} {}".format, FIELDS, st.sampled_from(["<", ">="]), st.sampled_from(["1", "-5"])),
    st.builds("{} exists".format, FIELDS),
    st.builds("{} = val(proc.pname)".format, FIELDS),
    st.builds("{} in ()".format, FIELDS),
    st.builds("{} in shells".format, FIELDS),
    st.sampled_from(["spawned", "open_write"]),
)
BLANKS = st.sampled_from([" ", "  ", "\n", " \n  "])


def _joined(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds(
            lambda parts, word, blank: f"{blank}{word}{blank}".join(parts),
            st.lists(children, min_size=2, max_size=5),
            st.sampled_from(["and", "or"]),
            BLANKS,
        ),
        st.builds("not {}".format, children),
        st.builds("({})".format, children),
        st.builds("( {} )".format, children),
    )


CONDITIONS = st.recursive(CHECKS, _joined, max_leaves=25)


@given(CONDITIONS, st.integers(10, 120))
def test_any_condition_keeps_its_meaning_and_settles(text: str, width: int) -> None:
    before = parse(text)
    lines = lay_out(text, width)
    assert before is not None and lines is not None
    after = parse("\n".join(lines))
    assert after is not None and same(before, after)
    assert lay_out("\n".join(lines), width) == lines
