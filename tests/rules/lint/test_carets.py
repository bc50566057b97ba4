"""The carets of ``rules check`` stand under the guilty text, all of it, whatever the YAML around it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from yarak.rules.lint.finding import Finding

Lint = Callable[..., list[Finding]]

BODY = "  desc: d\n  output: o %proc.name\n  priority: INFO\n"
RULE = f"- rule: some rule\n{BODY}  condition: evt.type = open\n"


def under_carets(text: str, found: list[Finding]) -> list[str]:
    """What the carets of the errors stand under."""
    places = [one.place for one in found if one.is_error]
    lines = text.split("\n")
    return [lines[place.line][place.column : place.column + place.length] for place in places]


@pytest.mark.parametrize(
    ("text", "guilty"),
    [
        ("- rule: some rule\n  condition: evt.type = open\n  output: o %proc.name\n  desc: d\n", "some rule"),
        ("- rule: 'some rule'\n  desc: d\n  output: o\n  priority: INFO\n", "some rule"),
        ("- macro: m\n", "m"),
        ("- macro: m\n  condition:\n", "condition"),
        ("- macro: m\n  condition: [a, b]\n", "[a, b]"),
        ("- macro: m\n  condition:\n    a: b\n", "condition"),
        ("- list: l\n  items: word\n", "word"),
        ("- list: l\n  items:\n  - a\n  - {b: c}\n", "{b: c}"),
        ("- list: l\n  items: [a, ~]\n", "~"),
        ("- rule:\n  desc: d\n", "rule"),
        (f"{RULE}  enabled: perhaps\n", "perhaps"),
        (f"{RULE}  enabled: 'perhaps'\n", "perhaps"),
        (f"{RULE}  capture_duration: -5\n", "-5"),
        (f"{RULE}  tags: &t [a, [b]]\n", "[b]"),
        (f"{RULE}  exceptions: word\n", "word"),
        (f"{RULE}  exceptions:\n    - fields: proc.name\n", "proc.name"),
        (f"{RULE}  exceptions:\n    - {{name: a, fields: proc.name, comps: [in]}}\n", "[in]"),
        (f"{RULE}  exceptions:\n    - {{name: a, fields: proc.name, comps: contains}}\n", "contains"),
        (f"{RULE}  exceptions:\n    - {{name: a, fields: [proc.name], comps: [in, in]}}\n", "[in, in]"),
        (f"{RULE}  exceptions:\n    - name: a\n      fields: [proc.name]\n      comps: [' inn ']\n", "inn"),
        (f"{RULE}  exceptions:\n    - {{name: a, fields: [proc.name], values: [[a], [b, c]]}}\n", "[b, c]"),
        (f"{RULE}  exceptions:\n    - {{name: a, fields: [proc.name], values: x}}\n", "x"),
        (f"{RULE}  exceptions:\n    - {{name: a, fields: [proc.pid], comps: [glob], values: [[x]]}}\n", "proc.pid"),
        (f"{RULE}  exceptions:\n    - {{name: a, fields: [], values: [[x]]}}\n", "[]"),
        ("- required_engine_version: abc\n", "abc"),
        ("- required_engine_version: 7.0.0\n", "7.0.0"),
        ("- required_plugin_versions: 5\n", "5"),
        ("- required_plugin_versions: [{name: container, version: z}]\n", "z"),
        ("- required_plugin_versions: [{name: json}]\n", "json"),
        ("- list: no_such\n  items: [a]\n  append: true\n", "no_such"),
        (f"{RULE}- {{rule: some rule, append: true}}\n", "some rule"),
        (f"{RULE}- {{rule: some rule, tags: [a], override: {{tags: apend}}}}\n", "apend"),
        (f"{RULE}- {{rule: some rule, tags: [a], override: {{tag: append}}}}\n", "tag"),
        (f"{RULE}- {{rule: some rule, priority: INFO, override: {{priority: append}}}}\n", "priority"),
        (f"{RULE}- {{rule: some rule, desc: x, tags: [a], override: {{tags: append}}}}\n", "desc"),
        (f"{RULE}- {{rule: some rule, desc: x, override: replace}}\n", "replace"),
        ("- [a, b]\n", "[a, b]"),
        ("word\n", "word"),
        ("rule: r\ndesc: d\n", "rule: r"),
    ],
)
def test_what_an_error_of_an_item_is_about(lint: Lint, text: str, guilty: str) -> None:
    found = under_carets(text, lint(text))
    assert found and set(found) == {guilty}


STYLES = {
    "plain": "condition: {0}",
    "plain over lines": "condition: evt.type = open and\n\n    {0}",
    "anchor": "condition: &here {0}",
    "tag": "condition: !!str {0}",
    "anchor and tag": "condition: &here !!str\n    {0}",
    "quoted": 'condition: "{0}"',
    "quoted over lines": "condition: 'evt.type = open\n    and\n\n    {0}'",
    "folded": "condition: >\n    evt.type = open\n\n    and\n\n      {0}\n",
    "literal": "condition: |-\n    evt.type = open and\n    \t{0}\n",
    "comment with line separators": "condition: # a \u2028 b \x85\n    {0}",
    "wide characters": "condition: proc.name = 日本語 and {0}",
    "emoji": "condition: proc.name = '😀😀' and {0}",
    "tabs": "condition: >\n    evt.type\t=\topen\tand\t{0}\n",
    "line separators": "condition: |\n    proc.name = '\u2028 \x85' and\n    {0}\n",
}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
@pytest.mark.parametrize("check", ["proc.nam = x", "proc.pid in (1, xyz)", "fd.sip = 1.2.3", "evt.type = opn"])
def test_what_an_error_of_a_condition_is_about(lint: Lint, style: str, check: str) -> None:
    text = f"- rule: r\n{BODY}  {style.format(check)}\n"
    guilty = "proc.nam" if "nam" in check else check.rpartition(" ")[2].rstrip(")")
    assert under_carets(text, lint(text)) == [guilty]


def test_a_check_with_a_list_in_it_is_underlined_as_it_is_written(lint: Lint) -> None:
    text = f"- {{list: many, items: [{', '.join(map(str, range(50)))}]}}\n{RULE} and proc.pid glob anyof (many)\n"
    text = text.replace("open\n and", "open and")
    assert under_carets(text, lint(text)) == ["proc.pid glob anyof (many)"]


def test_an_error_in_an_alias_is_told_where_it_is_written(lint: Lint) -> None:
    text = f"- macro: m\n  condition: &bad fd.nam = x\n- rule: r\n{BODY}  condition: *bad\n"
    assert under_carets(text, lint(text, select="LOAD_ERR")) == ["fd.nam"]


def test_a_byte_order_mark_shifts_nothing(lint: Lint) -> None:
    text = f"\ufeff- rule: r\n{BODY}  condition: evt.type = opn\n"
    assert under_carets(text.removeprefix("\ufeff"), lint(text)) == ["opn"]


def test_a_stretch_does_not_reach_into_what_is_added_by_us(lint: Lint) -> None:
    text = f"{RULE}  exceptions: [{{name: a, fields: [proc.pid], comps: [in], values: [[[1, xy]]]}}]\n"
    assert under_carets(text, lint(text)) == ["xy"]
    broken = text.replace("open", "open and (").replace("xy", "2")
    (found,) = under_carets(broken, lint(broken))
    assert found in broken
