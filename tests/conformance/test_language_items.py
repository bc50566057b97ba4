# ruff: noqa: E501 (one case, one line)
"""rules-language.md §2: kinds of items and their keys."""

from __future__ import annotations

import pytest
from language import RULE, VALIDATE, YAML, codes, errors, items, rule, text, warnings
from rules_helpers import Compile


@pytest.mark.parametrize(
    ("version", "known_as"),
    [("57", "0.57.0"), ("0", "0.0.0"), ("63", "0.63.0"), ("0.57.0", "0.57.0"), ('"0.63.0"', "0.63.0"), ("0.26.9", "0.26.9")],
)  # fmt: skip
def test_the_engine_satisfies(compile_texts: Compile, version: str, known_as: str) -> None:
    compiled = compile_texts(f"- required_engine_version: {version}\n")
    assert errors(compiled) == []
    assert compiled.required_engine_version == known_as


@pytest.mark.parametrize("version", ["64", "0.64.0", "0.63.1", "1.0.0", "1.57.0"])
def test_the_engine_does_not_satisfy(compile_texts: Compile, version: str) -> None:
    assert [code for code, _ in errors(compile_texts(f"- required_engine_version: {version}\n"))] == [VALIDATE]


@pytest.mark.parametrize("version", ["a", "0.57", "1.2.3.4", "-5", "v0.1.0"])
def test_versions_that_are_none(compile_texts: Compile, version: str) -> None:
    message = f"Unable to parse engine version '{version}' as a semver string. Expected \"x.y.z\" semver format."
    assert errors(compile_texts(f"- required_engine_version: {version}\n")) == [(YAML, message)]


def test_the_greatest_engine_version_is_kept(compile_texts: Compile) -> None:
    compiled = compile_texts(
        "- required_engine_version: 13\n- required_engine_version: 0.57.0\n", "- required_engine_version: 0.44.0\n"
    )
    assert compiled.required_engine_version == "0.57.0"
    assert compile_texts(RULE).required_engine_version == "0.0.0"


PLUGINS = {"json": "0.7.3", "k8saudit": "0.16.1"}


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ("[{name: json, version: 0.7.0}]", None),
        ("[{name: json, version: 0.7.3}]", None),
        ("[{name: json, version: 0.8.0}]", "plugin json 0.7.3 is loaded, but version 0.8.0 or compatible is required"),
        ("[{name: json, version: 1.0.0}]", "plugin json 0.7.3 is loaded, but version 1.0.0 or compatible is required"),
        ("[{name: x, version: 1.0.0}]", "a required plugin is not loaded: x (>= 1.0.0)"),
        ("[{name: x, version: 1.0.0, alternatives: [{name: json, version: 0.6.0}]}]", None),
        ("[{name: json, version: 0.9.0, alternatives: [{name: k8saudit, version: 0.1.0}]}]", "plugin json 0.7.3 is loaded, but version 0.9.0 or compatible is required"),
        ("[{name: x, version: 1.0.0, alternatives: [{name: y, version: 2.0.0}, {name: z, version: 3.0.0}]}]", "a required plugin is not loaded: x (>= 1.0.0), y (>= 2.0.0), z (>= 3.0.0)"),
        ("[{name: json, version: 0.1.0}, {name: x, version: 1.0.0}]", "a required plugin is not loaded: x (>= 1.0.0)"),
        ("[]", None),
    ],
)  # fmt: skip
def test_required_plugins(compile_texts: Compile, entries: str, problem: str | None) -> None:
    compiled = compile_texts(f"- required_plugin_versions: {entries}\n", plugins=PLUGINS)
    assert errors(compiled) == []
    assert compiled.plugin_problem == problem
    assert compiled.ok is (problem is None)


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ("json", YAML),
        ("[json]", YAML),
        ("[{version: 0.1.0}]", YAML),
        ("[{name: json}]", YAML),
        ("[{name: json, version: 0.1.0, alternatives: json}]", YAML),
        ("[{name: json, version: 0.1.0, alternatives: [{name: other}]}]", YAML),
        ("[{name: json, version: one}]", VALIDATE),
        ("[{name: json, version: 1}]", VALIDATE),
        ("[{name: x, version: 0.1.0, alternatives: [{name: y, version: z}]}]", VALIDATE),
        ("[{name: json, version: 0.1.0, alternatives: [{name: json, version: 0.2.0}]}]", VALIDATE),
    ],
)
def test_plugin_requirements_that_are_none(compile_texts: Compile, entries: str, code: str) -> None:
    assert [found for found, _ in errors(compile_texts(f"- required_plugin_versions: {entries}\n"))] == [code]


def test_a_plugin_may_be_required_by_two_entries(compile_texts: Compile) -> None:
    text = "- required_plugin_versions: [{name: json, version: 0.1.0}, {name: json, version: 0.2.0}]\n"
    assert errors(compile_texts(text, plugins=PLUGINS)) == []


@pytest.mark.parametrize("name", ["l", "a.b-c/d:1", "über", "a*b", "[x]", "$x"])
def test_list_names(compile_texts: Compile, name: str) -> None:
    assert codes(compile_texts(f"- {{list: '{name}', items: []}}\n")) == []


@pytest.mark.parametrize("name", ["a b", "a(b", "a)b", "a=b", "a,b", 'a"b', "a''b"])
def test_list_names_that_conditions_cannot_hold(compile_texts: Compile, name: str) -> None:
    assert codes(compile_texts(f"- {{list: '{name}', items: []}}\n")) == ["LOAD_INVALID_LIST_NAME"]


@pytest.mark.parametrize("name", ["m", "Mac_ro2", "a1_"])
def test_macro_names(compile_texts: Compile, name: str) -> None:
    assert codes(compile_texts(f"- {{macro: '{name}', condition: evt.type = open}}\n")) == []


@pytest.mark.parametrize("name", ["a-b", "1a", "_a", "a.b", "a b", "über"])
def test_macro_names_that_conditions_cannot_hold(compile_texts: Compile, name: str) -> None:
    compiled = compile_texts(f"- {{macro: '{name}', condition: evt.type = open}}\n")
    assert codes(compiled) == ["LOAD_INVALID_MACRO_NAME"]


def test_the_defaults_of_a_rule(compile_texts: Compile) -> None:
    found = items(compile_texts(RULE))["r"]
    assert (found.source, found.enabled, found.tags, found.exceptions) == ("syscall", True, set(), [])
    assert (found.warn_evttypes, found.skip_if_unknown_filter) == (True, False)
    assert (found.capture, found.capture_duration_ms) == (False, 0)


def test_every_key_of_a_rule(compile_texts: Compile) -> None:
    found = items(
        compile_texts(
            """\
            - rule: r
              desc: d
              condition: proc.name = x
              output: "  trimmed %proc.name \\n"
              priority: warning
              source: syscall
              enabled: false
              tags: [b, a, b]
              exceptions: [{name: e, fields: proc.name}]
              warn_evttypes: false
              skip-if-unknown-filter: true
              capture: true
              capture_duration: 4294967295
            """
        )
    )["r"]
    assert found.output.value == "trimmed %proc.name"
    assert (found.priority, found.source, found.enabled, found.tags) == (4, "syscall", False, {"a", "b"})
    assert [item.name for item in found.exceptions] == ["e"]
    assert (found.warn_evttypes, found.skip_if_unknown_filter) == (False, True)
    assert (found.capture, found.capture_duration_ms) == (True, 4294967295)


def test_an_unknown_priority_is_shown_where_it_stands(compile_texts: Compile) -> None:
    compiled = compile_texts(rule(priority="LOUD"))
    (error,) = compiled.results[0].errors
    assert error.code == YAML
    last = error.context.locations[-1]
    assert (last.item_type, last.position.line, last.position.column) == ("rule priority", 3, 12)


def test_the_enable_only_form(compile_texts: Compile) -> None:
    compiled = compile_texts(
        text(rule("a"), rule("b", enabled="false")), "- {rule: a, enabled: false}\n- {rule: b, enabled: true}\n"
    )
    assert errors(compiled) == []
    assert compiled.enabled == ["b"]
    assert codes(compiled) == ["LOAD_DEPRECATED_ITEM"] * 2


@pytest.mark.parametrize(
    ("item", "error"),
    [
        ("{rule: other, enabled: false}", (VALIDATE, "there is no rule 'other' to change")),
        ("{rule: r}", (YAML, "Item has no mapping for key 'enabled'")),
        ("{rule: r, tags: [a]}", (YAML, "Item has no mapping for key 'enabled'")),
    ],
)
def test_the_enable_only_form_is_deprecated_also_where_it_fails(
    compile_texts: Compile, item: str, error: tuple[str, str]
) -> None:
    compiled = compile_texts(RULE, f"- {item}\n")
    assert errors(compiled) == [error]
    assert codes(compiled) == ["LOAD_DEPRECATED_ITEM"]


def test_a_definition_again_replaces_the_first_in_its_place(compile_texts: Compile) -> None:
    again = text(
        rule("a", desc="new", condition="evt.type = creat"),
        "- {list: l, items: [z]}\n- {macro: m, condition: evt.type = dup}\n",
    )
    first = text(rule("a", tags="[x]"), rule("b"), "- {list: l, items: [x]}\n- {list: k, items: [l]}\n",
                 "- {macro: m, condition: evt.type = open}\n")  # fmt: skip
    compiled = compile_texts(first, again)
    assert errors(compiled) == [] and warnings(compiled) == []
    assert list(items(compiled)) == ["a", "b"]
    assert (items(compiled)["a"].description, items(compiled)["a"].tags) == ("new", set())
    assert list(compiled.lists) == ["l", "k"]
    assert compiled.lists["l"].items == ["z"]


def test_a_rule_keeps_its_source(compile_texts: Compile) -> None:
    other = rule("x", condition="evt.num > 5", source="other")
    sources = {"sources": ["syscall", "other"]}
    assert errors(compile_texts(other, rule("x", condition="evt.num > 5"), **sources)) == []
    (error,) = errors(compile_texts(other, rule("x", condition="evt.num > 5", source="syscall"), **sources))
    assert error[0] == VALIDATE


def test_a_rule_of_an_unknown_source_is_never_compiled(compile_texts: Compile) -> None:
    compiled = compile_texts(
        rule(
            source="aws",
            condition="ct.name = x and (",
            output="'%no.field'",
            exceptions="[{name: e, fields: no.field, values: [x]}]",
        )
    )
    assert errors(compiled) == []
    assert warnings(compiled) == [("LOAD_UNKNOWN_SOURCE", "Unknown source aws, skipping")]
    assert not compiled.rules
