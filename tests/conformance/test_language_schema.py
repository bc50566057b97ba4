# ruff: noqa: E501 (one case, one line)
"""rules-language.md §1, §7: the JSON schema of rules files. What it finds is told and stops nothing."""

from __future__ import annotations

import json

import pytest
from language import RULE, errors, items, rule, text
from rules_helpers import Compile

from yarak.rules import schema
from yarak.rules.keys import KEYS


def found(compile_texts: Compile, document: str) -> list[str]:
    return compile_texts(document).results[0].schema_warnings or []


def test_it_is_draft_06_two_spaces_no_line_feed() -> None:
    document = json.loads(schema.text())
    assert document["$schema"] == "http://json-schema.org/draft-06/schema#"
    assert schema.text() == json.dumps(document, indent=2)


def test_every_reference_is_defined_and_every_definition_used() -> None:
    shown = schema.text()
    for name in schema.SCHEMA["definitions"]:
        assert f'"#/definitions/{name}"' in shown
    assert shown.count('"$ref"') == shown.count('"#/definitions/')


def test_it_knows_the_keys_that_the_loader_knows() -> None:
    properties = schema.SCHEMA["definitions"]["item"]["properties"]
    assert set(properties) == {key for known in KEYS.values() for key in known}
    assert schema.SCHEMA["definitions"]["item"]["additionalProperties"] is False


@pytest.mark.parametrize(
    "document",
    [
        "[]",
        RULE,
        "- {required_engine_version: 13}\n- {required_engine_version: 0.57.0}\n",
        "- required_plugin_versions: [{name: a, version: 0.1.0, alternatives: [{name: b, version: 0.2.0}]}]\n",
        "- {list: l, items: [a, 1, 2.5, yes], append: true}\n",
        "- {list: l, items: [], override: {items: append}}\n",
        "- {macro: m, condition: evt.type = open}\n",
        rule(priority="INFO", enabled="no", tags="[a, 1]", capture="true", capture_duration="100"),
        rule(exceptions="[{name: a, fields: [fd.name], comps: [in], values: [[a], [[b, c]], d]}]"),
        rule(exceptions="[{name: a, fields: fd.name, comps: in, values: [a, 1]}]"),
    ],
)
def test_valid(compile_texts: Compile, document: str) -> None:
    result = compile_texts(document).results[0]
    assert result.schema_warnings == []
    assert result.to_json()["schema_valid"] is True


@pytest.mark.parametrize(
    ("document", "warnings"),
    [
        ("- ~\n", ["failed for <root>[0]: expected a map"]),
        ("a: b\n", ["failed for <root>: expected a list"]),
        ("- word\n", ["failed for <root>[0]: expected a map"]),
        (rule(priority="warning"), ["failed for <root>[0][priority]: 'warning' is not one of EMERGENCY, ALERT, CRITICAL, ERROR, WARNING, NOTICE, INFORMATIONAL, DEBUG, INFO"]),
        (rule(speed="fast"), ["failed for <root>[0]: 'speed' is not one of the keys allowed here"]),
        (rule(enabled="maybe"), ["failed for <root>[0][enabled]: expected true or false"]),
        (rule(capture_duration="-5"), ["failed for <root>[0][capture_duration]: expected at least 0"]),
        (rule(capture_duration="soon"), ["failed for <root>[0][capture_duration]: expected a whole number"]),
        (rule(output=""), ["failed for <root>[0][output]: expected a text"]),
        (rule(tags="[[a]]"), ["failed for <root>[0][tags][0]: expected a text"]),
        (rule(exceptions="[{name: a, fields: fd.name, extra: 1}]"), ["failed for <root>[0][exceptions][0]: 'extra' is not one of the keys allowed here"]),
        (rule(exceptions="[{fields: fd.name}]"), ["failed for <root>[0][exceptions][0]: 'name' is missing"]),
        (rule(exceptions="[{name: a, fields: {b: c}}]"), ["failed for <root>[0][exceptions][0][fields]: the value has none of the forms that are allowed here"]),
        ("- {rule: r, desc: d, override: {desc: prepend}}\n", ["failed for <root>[0][override][desc]: 'prepend' is not one of append, replace"]),
        ("- {rule: r, source: d, override: {source: replace}}\n", ["failed for <root>[0][override]: 'source' is not one of the keys allowed here"]),
        ("- required_plugin_versions: [{name: a}]\n", ["failed for <root>[0][required_plugin_versions][0]: 'version' is missing"]),
        ("- {macro: , condition: [a]}\n", ["failed for <root>[0][macro]: expected a text", "failed for <root>[0][condition]: expected a text"]),
    ],
)  # fmt: skip
def test_invalid(compile_texts: Compile, document: str, warnings: list[str]) -> None:
    assert found(compile_texts, document) == warnings


def test_every_document_is_checked(compile_texts: Compile) -> None:
    compiled = compile_texts(text(rule("a", priority="info"), "---\n~\n---\n", rule("b", priority="info")))
    assert errors(compiled) == []
    assert list(items(compiled)) == ["a", "b"]
    assert len(compiled.results[0].schema_warnings or []) == 2


def test_a_file_that_is_no_yaml_has_no_schema_result(compile_texts: Compile, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from yarak.rules import CompileOptions, Listing, compile_files

    (result,) = compile_files([tmp_path / "none.yaml"], CompileOptions(), Listing([], [], [])).results
    assert "schema_valid" not in result.to_json()


def test_the_three_forms(compile_texts: Compile, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (result,) = compile_texts(rule(speed="1", depth="2")).results
    document = result.to_json()
    assert document["successful"] is True
    assert document["schema_valid"] is False
    assert document["schema_warnings"] == [
        "failed for <root>[0]: 'speed' is not one of the keys allowed here",
        "failed for <root>[0]: 'depth' is not one of the keys allowed here",
    ]
    name = f"{tmp_path}/0.yaml"
    assert result.text(verbose=False) == (
        f"{name}: Ok, with warnings\n"
        " 2 warnings: [LOAD_UNKNOWN_KEY (Unknown key in item definition) LOAD_UNKNOWN_KEY (Unknown key in item definition)]\n"
        " 2 schema warnings: [failed for <root>[0]: 'speed' is not one of the keys allowed here "
        "failed for <root>[0]: 'depth' is not one of the keys allowed here]"
    )
    assert result.text(verbose=True).startswith(
        f"{name}: Ok, with warnings\n"
        "2 Schema warnings:\n"
        "------\n"
        "failed for <root>[0]: 'speed' is not one of the keys allowed here\n"
        "failed for <root>[0]: 'depth' is not one of the keys allowed here\n"
        "------\n"
        "\n"
        "2 Warnings:\n"
        "In rules content: "
    )
