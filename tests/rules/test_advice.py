# ruff: noqa: E501 (one case, one line)
"""A condition that is none: what is shown of it, and what is said to whoever wrote it."""

from __future__ import annotations

import time

import pytest

from yarak.rules.expand import Lists
from yarak.rules.grammar import parser
from yarak.rules.items import ListItem
from yarak.rules.position import Context, Place
from yarak.rules.problem import ConditionError
from yarak.rules.source import Text

SHELLS = Lists({"shells": ListItem("shells", ["sh", "bash"], Context(()), Place("f", 0, 0))})

CASES = [
    ("'a' = b", "'a'", 'a quoted text is a value, and a check begins with a field; several values stand in: in (…), anyof (…)'),
    ('proc.name =', '=', "a value is missing behind '='"),
    ('proc.name = a and', 'and', "a check is missing behind 'and'"),
    ('proc.name in', 'in', 'values are missing: in (…)'),
    ('%proc.name = x', '%proc.name', "a field has no '%' in a condition: proc.name"),
    ('proc.name contain x', 'contain', "did you mean 'contains'?"),
    ('proc.name startwith x', 'startwith', "did you mean 'startswith'?"),
    ('proc.name => x', '=>', "write '>='"),
    ('proc.name =~ x', '=~', "write 'regex'"),
    ('proc.name <> x', '<>', "write '!='"),
    ('proc.pid =< 4', '=<', "write '<='"),
    ('proc.name = a AND fd.name = b', 'AND', "write 'and', in small letters"),
    ('proc.name = a OR fd.name=b', 'OR', "write 'or', in small letters"),
    ('NOT proc.name = a', 'NOT', "write 'not', in small letters"),
    ('proc.name IN (a)', 'IN', 'operators are in small letters: in'),
    ('proc.name = a && fd.name = b', '&&', "write 'and'"),
    ('proc.name = a|| fd.name = b', '||', "write 'or'"),
    ('!(proc.name = a)', '!', "write 'not'"),
    ('! proc.name = a', '!', "write 'not'"),
    ('proc.name === a', '===', "write '='"),
    ('proc.name in a, b', 'a, b', 'values stand in parentheses: in (a, b)'),
    ('proc.name in [a, b]', '[a, b]', 'values stand in parentheses: in (a, b)'),
    ('proc.name in shells', 'shells', "'shells' is a list, which stands in parentheses: in (shells)"),
    ('proc.name = shells', 'shells', "'shells' is a list, and '=' compares with one value: write in (shells)"),
    ('proc.name contains shells', 'shells', "'shells' is a list, and 'contains' takes one value: write contains anyof (shells)"),
    ('proc.name = a and shells', 'shells', "'shells' is a list and no check: write FIELD in (shells)"),
    ('proc.name = (shells)', '(shells)', "'=' compares with one value: write in (shells)"),
    ('proc.name = (a, b)', '(a, b)', "'=' compares with one value: write in (a, b)"),
    ('proc.name != (a, b)', '(a, b)', "'!=' compares with one value: write not FIELD in (a, b)"),
    ("proc.name in 'bash'", "'bash'", "values stand in parentheses: in ('bash')"),
    ('proc.name in /bin/bash', '/bin/bash', 'values stand in parentheses: in (/bin/bash)'),
    ('proc.name is bash', 'is', "write '='"),
    ('proc.name like b*', 'like', "write 'glob'"),
    ('proc.name not in (a)', 'not in', "'not' stands before the field: not proc.name in …"),
    ('proc.name notin (a)', 'notin', "'not' stands before the field: not proc.name in …"),
    ('proc.name not contains a', 'not contains', "'not' stands before the field: not proc.name contains …"),
    ('proc.name matches x', 'matches', "write 'regex'"),
    ("proc.name = 'a", "'", 'the same quote is missing at the end of the value'),
    ('(proc.name = a', '(', "this '(' is never closed"),
    ('((proc.name = a) and fd.name = b', '(', "this '(' is never closed"),
    ('proc.name = a)', ')', "there is no '(' for this ')'"),
    ('proc.name = a, b', ',', "this operator takes one value; several stand in parentheses behind 'in'"),
    ('proc.name in (a b)', 'a b', 'put a comma between two values, or quotes around one with a blank'),
    ('proc.name in (a, b', '(', "this '(' is never closed"),
    ('proc.name in (a,)', ',', 'a value is missing behind the comma'),
    ('proc.name in (a,,b)', ',', 'a value is missing behind the comma'),
    ('proc.pid > x', '> x', 'only numbers have an order, and they are written without quotes'),
    ('proc.name = a and and fd.name = b', 'and and', "'and and' is one word too many"),
    ('and proc.name = a', 'and', "nothing stands before 'and'; to add to a condition, write override: {condition: append}"),
    ('proc.name', 'proc.name', 'a field alone is no check: proc.name exists, proc.name = true …'),
    ('evt.is_open_write and proc.name = a', 'evt.is_open_write', 'a field alone is no check: evt.is_open_write exists, evt.is_open_write = true …'),
    ('(evt.is_open_write)', 'evt.is_open_write', 'a field alone is no check: evt.is_open_write exists, evt.is_open_write = true …'),
    ('proc.name exist', 'exist', "did you mean 'exists'?"),
    ('tolowr(proc.name) = a', 'tolowr', "did you mean 'tolower'?"),
    ('lower(proc.name) = a', 'lower', "did you mean 'tolower'?"),
    ('exists(proc.name)', 'exists', "'exists' stands behind its field: FIELD exists"),
    ('foo(proc.name) = a', 'foo', "there is no transformer 'foo': tolower, toupper, basename, b64, len, join, concat, getopt, val"),
    ('proc.name = tolower(proc.pname', '(', "this '(' is never closed"),
    ('proc.name startswith any (a, b)', 'any', "did you mean 'anyof'?"),
    ('proc.name startswith oneOf (a)', 'oneOf', "did you mean 'oneof'?"),
    ('proc.aname[2 = x', '[2', "the ']' is missing behind proc.aname[2"),
    ('proc.name = "a', '"', 'the same quote is missing at the end of the value'),
    ('proc name = x', 'proc name', "'and' or 'or' is missing between the two, or a dot: proc.name"),
    ('evt.type in (open,openat) proc.name=x', 'proc.name', "'and' or 'or' is missing before 'proc.name'"),
    ('proc.name = a; fd.name = b', 'fd.name', "'and' or 'or' is missing before 'fd.name'"),
    ('proc.name = a xor b.c = d', 'a xor', 'a value with a blank stands in quotes: "a xor"'),
    ('proc.name contains (a, b)', '(a, b)', "'contains' takes one value: write contains anyof (a, b)"),
    ('()', '()', 'nothing stands between the parentheses'),
    ('in (a)', 'in', "a field is missing before 'in'"),
    ('= x', '=', "a field is missing before '='"),
    ('proc.name = a and (fd.name = b or)', 'or', "a check is missing behind 'or'"),
    ('proc.cmdline contains foo bar', 'foo bar', 'a value with a blank stands in quotes: "foo bar"'),
    ('proc.name != in (a)', '!= in', "'not' stands before the field: not FIELD in …"),
    ('proc.name=a andfd.name=b', 'andfd.name', "a blank is missing behind 'and'"),
    ('proc.name endsWith x', 'endsWith', 'operators are in small letters: endswith'),
    ('proc.name regex (a|b)', '(a|b)', 'a value with parentheses in it stands in quotes'),
    ('proc.name = a # comment', '# comment', "a condition has no comments: inside a block scalar, '#' is a part of the text"),
    ('proc.name = a or "b"', '"b"', 'a quoted text is a value, and a check begins with a field; several values stand in: in (…), anyof (…)'),
    ('proc.name contains "a" or "b"', '"b"', 'a quoted text is a value, and a check begins with a field; several values stand in: in (…), anyof (…)'),
    ("proc.name = O'Brien", "'", 'the same quote is missing at the end of the value'),
    ('proc.name = a not proc.name = b', 'not', "'and' or 'or' is missing before 'not'"),
    ('proc.name : a', ':', "write '='"),
    ('evt.type = "open', '"', 'the same quote is missing at the end of the value'),
    ('proc.name in ("a", "b\'', '"', 'the same quote is missing at the end of the value'),
    ('proc.name = shells and fd.name = x', 'shells', "'shells' is a list, and '=' compares with one value: write in (shells)"),
    ('proc.name != shells', 'shells', "'shells' is a list, and '!=' compares with one value: write not FIELD in (shells)"),
    ('proc.name startswith anyof shells', 'shells', "'shells' is a list, which stands in parentheses: anyof (shells)"),
    ('evt.type in (open) and proc.name in (shells) shells', 'shells', "'shells' is a list and no check: write FIELD in (shells)"),
    ('proc.name contains', 'contains', "a blank and a value are missing behind 'contains'"),
    ('proc.name startswith(a)', 'startswith', "a blank and a value are missing behind 'startswith'"),
    ('proc.name = a and in (b)', 'in', "a field is missing before 'in'"),
    ("proc.name intersects 'a'", "'a'", "values stand in parentheses: intersects ('a')"),
]  # fmt: skip


@pytest.mark.parametrize(("condition", "guilty", "hint"), CASES)
def test_advice(condition: str, guilty: str, hint: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parser().condition(SHELLS.expand(Text.own(condition)))
    problem = caught.value.problem
    assert problem.source.original(problem.start, problem.end) == guilty
    assert problem.hint == hint


@pytest.mark.parametrize("condition", ["a b", "proc.name = a ^", "proc.name ~~~ a b c", "a ("])
def test_nothing_is_said_where_nothing_is_known(condition: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parser().condition(SHELLS.expand(Text.own(condition)))
    assert "did you mean" not in caught.value.problem.hint


@pytest.mark.parametrize("filler", ["a.", "a", " ", "(", "a, ", "not "])
def test_a_hostile_condition_does_not_take_long(filler: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ConditionError):
        parser().condition(SHELLS.expand(Text.own(f"{filler * 900} evt.type = open {filler * 50_000} ^")))
    assert time.perf_counter() - start < 5
