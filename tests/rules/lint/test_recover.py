"""Behind a problem that stops the engine, the rest of the item and of the file is looked at too."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from yarak.rules.lint.finding import Finding

Lint = Callable[..., list[Finding]]

RULE = "- rule: r\n  desc: d\n  condition: evt.type = open\n  output: o %proc.name\n  priority: INFO\n"


def guilty(text: str, found: list[Finding]) -> list[str]:
    """What the carets of the errors stand under."""
    lines = dedent(text).split("\n")
    places = [one.place for one in found if one.is_error]
    return [lines[place.line][place.column : place.column + place.length] for place in places]


def test_every_exception_of_a_rule(lint: Lint) -> None:
    text = f"""{RULE}  exceptions:
    - name: a
      fields: [proc.nme, fd.nam]
      comps: [in, contain]
      values: [[x, y]]
    - name: b
      fields: [proc.name, fd.name]
      values:
        - [one]
        - [x, y]
        - [x, y, z]
        - scalar
    - name: c
      fields: proc.pid
      values: [1, [2], many]
    - word
    - {{name: d, fields: proc.name, values: [{{a: b}}, {{c: d}}, x]}}
    - {{fields: proc.name}}
    - {{name: e, fields: [proc.pid, fd.num], comps: [in, '=', in]}}
"""
    assert guilty(text, lint(text)) == [
        "proc.nme", "fd.nam", "contain", "[one]", "[x, y, z]", "scalar", "[2]", "many", "word", "{a: b}", "{c: d}",
        "proc.name", "[in, '=', in]",
    ]  # fmt: skip


def test_every_row_that_is_appended(lint: Lint) -> None:
    base = f"{RULE}  exceptions:\n    - {{name: a, fields: [proc.name], values: [[x]]}}\n"
    added = """\
        - rule: r
          exceptions:
            - {name: a, values: [[x, y], [z], w]}
            - {name: a, comps: [in], fields: [proc.pid], values: [[1]]}
            - {name: b, fields: [proc.nme]}
            - {name: c, fields: [proc.nme], values: [[1]]}
          override: {exceptions: append}
        """
    found = [one for one in lint(base, added) if one.place.file.endswith("1.yaml")]
    assert guilty(added, found) == ["[x, y]", "w", "[in]", "[proc.pid]", "b", "proc.nme"]


def test_what_is_appended_to_an_exception_that_is_bad_is_not_told_too(lint: Lint) -> None:
    base = f"{RULE}  exceptions:\n    - {{name: a, fields: [proc.nme], values: [[x]]}}\n"
    added = "- rule: r\n  exceptions: [{name: a, values: [[y]]}]\n  override: {exceptions: append}\n"
    assert [one.message for one in lint(base, added)] == ["'proc.nme' is not a supported filter field"]


def test_every_missing_or_bad_key_of_a_rule(lint: Lint) -> None:
    text = """\
        - rule: r
          condition: [a]
          output: ''
          priority: WARN
          enabled: maybe
          tags: [a, [b], c, {d: e}]
          capture_duration: -1
          exceptions: 5
        """
    found = lint(text)
    assert guilty(text, found) == [
        "r", "[a]", "''", "WARN", "maybe", "[b]", "{d: e}", "-1", "5"
    ]  # fmt: skip
    assert found[0].message == "Item has no mapping for key 'desc'"


def test_every_operation_of_an_override(lint: Lint) -> None:
    text = f"""{RULE}- rule: r
  condition: and proc.name = x
  priority: INFO
  output: " more"
  tags: [a]
  override: {{condition: apend, priority: append, output: append, desc: replace}}
"""
    found = [one for one in lint(text) if one.is_error]
    assert guilty(text, found) == ["tags", "apend", "priority", "desc"]
    assert [one.hint for one in found] == ["", "did you mean 'append'?", "", ""]


def test_items_behind_what_is_no_item(lint: Lint) -> None:
    other = RULE.replace("INFO", "X").replace("rule: r", "rule: s")
    text = f"- word\n- [1]\n{RULE.replace('open', 'opn')}---\nscalar\n---\n{other}"
    assert guilty(text, lint(text)) == ["word", "[1]", "opn", "scalar", "X"]


def test_every_entry_of_a_requirement(lint: Lint) -> None:
    text = "- required_plugin_versions: [{name: container, version: x}, 5, {name: container, version: 0.1.0}]\n"
    assert guilty(text, lint(text)) == ["x", "5"]


def test_what_a_file_that_is_no_yaml_defines_is_not_missed(lint: Lint) -> None:
    bad = "- macro: m\n  condition: evt.type = open\n- list: l\n  items: [a\n- rule: other\n  x: [\n"
    good = RULE.replace("evt.type = open", "m and proc.name in (l)")
    more = "- {rule: other, enabled: false, override: {enabled: replace}}\n"
    assert [one.code for one in lint(bad, good, more)] == ["LOAD_ERR_YAML_PARSE"] * 2


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("evt.type = opn and (fd.nam = x or proc.name =) and not proc.pid in (1, x)", ["opn", "fd.nam", "=", "x"]),
        ("fd.nam = x && proc.nam = y and none", ["fd.nam", "&&", "proc.nam", "none"]),
        ("proc.name = a b and not (fd.nam exists", ["a b", "fd.nam"]),
        ("proc.name in (a, (b) and fd.nam = x", ["("]),
    ],
)
def test_checks_beside_the_place_where_a_condition_breaks(condition: str, expected: list[str], lint: Lint) -> None:
    text = RULE.replace("evt.type = open", condition)
    assert guilty(text, lint(text)) == expected


def test_lints_beside_the_place_where_a_condition_breaks(lint: Lint) -> None:
    text = RULE.replace("evt.type = open", "evt.type = open and proc.name = sixteen-bytes-ab or (user.name =)")
    assert [one.code for one in lint(text)] == ["YK201", "LOAD_ERR_COMPILE_CONDITION"]


def test_what_a_later_file_replaces(lint: Lint) -> None:
    bad = RULE.replace("open", "open and fd.nam = x and proc.nam = y").replace("%proc.name", "%prok.name %fd.nam")
    found = lint(bad, RULE, RULE.replace("open", "opn"))
    assert guilty(bad, [one for one in found if one.place.file.endswith("0.yaml")]) == [
        "fd.nam", "proc.nam", "prok.name", "fd.nam"
    ]  # fmt: skip
    assert [one.hint for one in found if one.place.file.endswith("2.yaml")] == ["did you mean 'open'?"]


def test_every_macro_that_is_no_condition(lint: Lint) -> None:
    text = """\
        - macro: a
          condition: (x
        - macro: b
          condition: evt.type =
        - macro: c
          condition: a and b and none and nothing and c
        """
    found = lint(text)
    assert guilty(text, found) == ["(", "=", "none", "nothing", "c"]
    assert found[-1].hint == "a macro cannot refer to itself"


def test_items_beside_those_that_are_no_yaml(lint: Lint) -> None:
    good = RULE.replace("open", "opn")
    text = f"""{good}- list: l
  items: [a, b
{good.replace("rule: r", "rule: s")}- rule: t
  desc: a: b
  condition: m
- macro: m
  condition: "a
{good.replace("rule: r", "rule: u").replace("open", "open and m and t and proc.name in (l)")}"""
    found = lint(text)
    assert guilty(text, found) == ["opn", "[", "opn", ":", '"', "opn"]
    assert [one.code for one in found if one.code.startswith("LOAD_UN")] == []


def test_a_file_of_nothing_but_broken_items_is_given_up(lint: Lint) -> None:
    found = lint("- a: [\n" * 2000)
    assert 1 < len(found) < 100
    assert {one.code for one in found} == {"LOAD_ERR_YAML_PARSE"}


def test_rows_of_an_exception_that_is_bad_itself(lint: Lint) -> None:
    text = f"{RULE}  exceptions: [{{name: a, fields: [proc.nme, fd.name], values: [[x], [x, y]]}}]\n"
    assert guilty(text, lint(text)) == ["proc.nme", "[x]"]


def test_what_a_macro_refers_to_in_vain_is_not_unused(lint: Lint) -> None:
    text = f"- {{macro: a, condition: b}}\n- {{macro: b, condition: fd.num = 1}}\n{RULE.replace('open', 'open and a')}"
    assert [one.code for one in lint(text)] == ["LOAD_ERR_VALIDATE"]


def test_every_field_of_an_output(lint: Lint) -> None:
    text = RULE.replace("o %proc.name", "o %proc.nme %fd.name %fd.nam %tolower(proc.pid) %")
    assert guilty(text, lint(text)) == ["proc.nme", "fd.nam", "tolower(proc.pid)", "%"]


def test_a_rule_that_may_be_skipped_has_its_other_problems(lint: Lint) -> None:
    text = """\
        - rule: r
          desc: d
          condition: evt.type = open and x.y = 1 and proc.pid = many and fd.sip = z
          output: o %x.z %proc.name %tolower(proc.pid)
          priority: INFO
          skip-if-unknown-filter: true
        """
    found = lint(text)
    unknown = [one.message for one in found if one.code == "LOAD_UNKNOWN_FILTER"]
    assert len(unknown) == 2 and not any(one.is_error for one in found if one.code == "LOAD_UNKNOWN_FILTER")
    assert guilty(text, found) == ["many", "z", "tolower(proc.pid)"]


@pytest.mark.parametrize(
    "change",
    [("%proc.name", "%proc.nme"), ("evt.type = open", "evt.type = open and proc.pid = x"), ("INFO", "INF"),
     ("evt.type = open", "evt.type = open and undefined")],
)  # fmt: skip
def test_a_rule_with_an_error_is_linted_too(lint: Lint, change: tuple[str, str]) -> None:
    text = RULE.replace(*change).replace("evt.type", "proc.name = sixteen-bytes-ab and evt.type")
    assert {"YK201"} < {one.code for one in lint(text)}


def test_what_needs_the_whole_condition_is_not_said_of_a_part(lint: Lint) -> None:
    never = RULE.replace("evt.type = open", "evt.type = open and evt.type = close")
    assert "YK101" in {one.code for one in lint(never.replace("%proc.name", "%proc.nme"))}
    always = RULE.replace("evt.type = open", "evt.num > 0 and proc.pid = x")
    assert "YK102" not in {one.code for one in lint(always)}
    assert "LOAD_NO_EVTTYPE" in {one.code for one in lint(always.replace("proc.pid = x", "proc.pid = 1"))}


def test_a_condition_that_could_not_be_read_is_not_linted(lint: Lint) -> None:
    text = f"{RULE}{RULE.replace('rule: r', 'rule: s').replace('evt.type = open', '[a]')}"
    assert [one.code for one in lint(text)] == ["LOAD_ERR_YAML_VALIDATE"]
