"""All problems of files are reported at once, each where it is."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from yarak.rules.lint.finding import Finding
from yarak.rules.lint.run import Selection

Lint = Callable[..., list[Finding]]

RULES = """
    - macro: opened
      condition: evt.type in (open, openatt)
    - rule: a
      desc: d
      output: o %proc.nme
      priority: WARNIN
      tags: 5
      condition: opened
    - rule: c
      desc: d
      output: o %proc.name
      priority: WARNING
      condition: >
        evt.type = open and opened
        and fd.nam startswith /x
        and opend
    - rule: c
      desc: d
"""


def test_every_problem_of_every_item(lint: Lint) -> None:
    found = [one for one in lint(RULES) if one.is_error]
    assert [(one.place.line, one.place.column) for one in found] == [
        (2, 32), (5, 13), (6, 12), (7, 8), (15, 8), (16, 8), (17, 8), (17, 8), (17, 8)
    ]  # fmt: skip
    assert [one.hint for one in found[:3]] == [
        "did you mean 'openat'?", "did you mean 'proc.name'?", "did you mean 'Warning'?"
    ]  # fmt: skip
    assert found[0].trail == "in macro 'opened', used by rule 'a'"


def test_carets_inside_a_block_scalar(lint: Lint) -> None:
    found = {one.message: one.place for one in lint(RULES)}
    place = found["filter_check called with nonexistent field fd.nam"]
    assert (place.line, place.column, place.length) == (15, 8, len("fd.nam"))


def test_what_refers_to_a_bad_item_is_not_reported_too(lint: Lint) -> None:
    found = lint(
        """
        - macro: m
          condition: ""
        - rule: r
          desc: d
          output: o %proc.name
          priority: INFO
          condition: evt.type = open and m
        """
    )
    assert [one.message for one in found] == ["Mapping for key 'condition' is empty"]


def test_errors_of_several_files(lint: Lint) -> None:
    bad = "- rule: {0}\n  desc: d\n  output: o %proc.name\n  priority: INFO\n  condition: evt.type = {0}\n"
    found = lint(bad.format("one"), "- nonsense\n", bad.format("two"))
    assert [one.place.file.rpartition("/")[2] for one in found] == ["0.yaml", "1.yaml", "2.yaml"]


def test_a_missing_plugin_is_told_where_it_is_asked_for(lint: Lint) -> None:
    (found,) = lint("""
        - required_plugin_versions:
          - {name: container, version: 0.4.0}
          - {name: json, version: 0.7.0, alternatives: [{name: other, version: 1.0.0}]}
    """)
    assert (found.code, found.is_error) == ("LOAD_ERR_VALIDATE", True)
    assert found.message == "a required plugin is not loaded: json (>= 0.7.0), other (>= 1.0.0)"
    assert (found.place.line, found.place.column, found.place.length) == (3, 11, 4)


def test_selection_by_longest_prefix() -> None:
    selection = Selection(["YK", "LOAD_UNUSED_MACRO"], ["YK3,LOAD"])
    assert "YK101" in selection and "YK301" not in selection
    assert "LOAD_UNUSED_MACRO" in selection and "LOAD_UNUSED_LIST" not in selection
    assert "LOAD_ERR_VALIDATE" in selection
    assert "YK101" in Selection() and "YK101" not in Selection(ignore=["YK1"])
    assert "YK101" not in Selection(["YK1"], ["YK1"])
    with pytest.raises(ValueError, match="no code starts with 'XX'"):
        Selection(["XX"])


def test_a_condition_that_is_none_is_told_beside_other_errors_and_uses_what_it_names(lint: Lint) -> None:
    found = lint(
        """
        - list: shells
          items: [bash]
        - macro: spawned
          condition: evt.type = execve
        - rule: r
          desc: d
          output: o %proc.nme
          priority: INFO
          condition: spawned and proc.name in (shells) and proc.pname exist
        """
    )
    assert [(one.code, one.place.line) for one in found] == [
        ("LOAD_ERR_COMPILE_OUTPUT", 7),
        ("LOAD_ERR_COMPILE_CONDITION", 9),
    ]


@pytest.mark.parametrize(
    ("exception", "guilty"),
    [
        ("{name: e, fields: [proc.name, fd.name], values: [[[sh, bash], /etc]]}", "sh"),
        ("{name: e, fields: [proc.pid, fd.name], values: [[many, /etc]]}", "many"),
        ("{name: e, fields: proc.pid, values: [1, 'a b']}", "a b"),
    ],
)
def test_an_exception_that_does_not_compile_is_told_once_where_it_is(lint: Lint, exception: str, guilty: str) -> None:
    text = f"""
        - rule: r
          desc: d
          output: o
          priority: INFO
          condition: evt.type = open
          exceptions: [{exception}]
        """
    found = [one for one in lint(text) if one.is_error]
    assert len(found) == 1
    place = found[0].place
    line = dedent(text).split("\n")[place.line]
    assert line[place.column :].startswith(guilty)
    assert place.file.endswith(".yaml")


@pytest.mark.parametrize(
    "condition",
    [
        "evt.type = container_removed",
        "evt.type in (container, container_removed)",
        "evt.is_async = true and evt.type != container_removed and evt.type = asyncevent",
    ],
)
def test_an_asynchronous_event_of_a_loaded_plugin_is_an_event_type(lint: Lint, condition: str) -> None:
    rule = f"- {{rule: r, desc: d, output: o %proc.name, priority: INFO, condition: '{condition}'}}\n"
    assert not [one for one in lint(rule) if one.is_error or one.code == "YK101"]


def test_other_names_are_no_event_types(lint: Lint) -> None:
    (found,) = lint(
        "- {rule: r, desc: d, output: o %proc.name, priority: INFO, condition: evt.type = container_remove}\n"
    )
    assert (found.message, found.hint) == (
        "unknown event type container_remove", "did you mean 'container_removed'?"
    )  # fmt: skip


def test_what_rules_of_an_unknown_source_use_is_used(lint: Lint) -> None:
    found = lint("""
        - list: verbs
          items: [get]
        - macro: got
          condition: (ka.verb in (verbs))
        - {rule: r, desc: d, output: o, priority: INFO, source: k8s_audit, condition: got}
    """)
    assert [one.code for one in found] == ["LOAD_UNKNOWN_SOURCE"]


def test_a_map_value_out_of_place_is_told_in_familiar_words(lint: Lint) -> None:
    (found,) = lint("this : is : not : yaml\n")
    assert found.message == "YAML error at line 1, column 11: illegal map value"


def test_a_value_of_a_list_names_the_list(lint: Lint) -> None:
    found = lint("""
        - list: ports
          items: [22, many, htps]
        - rule: r
          desc: d
          output: o %proc.name
          priority: INFO
          condition: evt.type = connect and fd.sport in (ports, 80)
    """)
    assert [one.message for one in found] == ["unrecognized protocol htps", "unrecognized protocol many"]
    assert {(one.place.line, one.place.length) for one in found} == {(7, len("ports"))}
    assert all(one.hint == f"it is an item of list 'ports', {one.place.file}:2" for one in found)


def test_a_rule_is_no_macro(lint: Lint) -> None:
    found = lint("""
        - {rule: opened, desc: d, output: o %proc.name, priority: INFO, condition: evt.type = open}
        - {rule: r, desc: d, output: o %proc.name, priority: INFO, condition: opened and fd.num = 1}
    """)
    assert [one.hint for one in found] == ["'opened' is a rule, and conditions refer to macros"]


def test_macros_of_a_condition_that_cannot_be_parsed(lint: Lint) -> None:
    found = lint("""
        - {macro: started, condition: evt.type = execve and proc.nam exists}
        - {rule: r, desc: d, output: o %proc.name, priority: INFO, condition: started and fd.name startwith /etc}
    """)
    assert [(one.place.line, one.trail) for one in found if one.is_error] == [
        (1, "in macro 'started', used by rule 'r'"), (2, "in rule 'r'")
    ]  # fmt: skip
