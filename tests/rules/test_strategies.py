"""Random conditions leave nothing of the language out, and compile."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from rules_helpers import Compile, parse
from strategies import MANY, MODIFIED, MODIFIERS, SINGLE, checks

from yarak import rules
from yarak.rules import operators
from yarak.rules.lint.owners import checks as checks_of
from yarak.rules.nodes import Check, Transform

GRAMMAR = (Path(rules.__path__[0]) / "condition.lark").read_text()


def words_of(terminal: str) -> set[str]:
    """The alternatives of a terminal that is a list of words."""
    pattern = re.search(rf"^{terminal}(?:\.\d)?: /(.*)/$", GRAMMAR, re.MULTILINE)
    assert pattern is not None
    return set(re.findall(r"(?<=[:|])[a-z0-9]+(?=[|)])", pattern[1]))


def test_every_operator_is_among_them() -> None:
    written = words_of("TEXT_OP") | words_of("LIST_OP") | {"=", "==", "!=", "<", "<=", ">", ">="}
    tried = {op for table in (SINGLE, MANY, MODIFIED) for _, ops, _ in table for op in ops}
    assert tried == written
    types = ("CHARBUF", "UINT64", "BOOL", "IPADDR", "BYTEBUF")
    known = {op for kind in types for is_list in (False, True) for op in operators.allowed(kind, is_list)}
    assert known == (written - {"=="}) | {"exists"}


def test_every_modifier_is_among_them() -> None:
    assert words_of("MODIFIER") >= set(MODIFIERS) and len(MODIFIERS) == 3


SEEN: set[str] = set()


@given(checks)
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
def _collect(text: str) -> None:
    for check in checks_of(parse(text)):
        SEEN.update(_transformers(check))


def _transformers(part: Any) -> set[str]:
    match part:
        case Check(lhs=lhs, rhs=rhs):
            return _transformers(lhs) | _transformers(rhs)
        case Transform(name=name, args=args):
            return {name}.union(*map(_transformers, args))
    return set()


def test_every_transformer_is_among_them() -> None:
    _collect()
    assert words_of("TRANSFORMER") | {"val"} == SEEN


def test_every_check_compiles(compile_texts: Compile) -> None:
    @given(checks)
    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    def compiles(text: str) -> None:
        rule = {"rule": "r", "desc": "d", "condition": text, "output": "o", "priority": "INFO"}
        compiled = compile_texts(json.dumps([rule]))
        assert compiled.ok, compiled.results[0].text(verbose=True)

    compiles()
