# ruff: noqa: E501 (one case, one line)
"""rules-language.md §1: the YAML document."""

from __future__ import annotations

import pytest
from language import PARSE, READ, RULE, YAML, codes, errors, items, rule, text, warnings
from rules_helpers import Compile


def test_any_number_of_documents(compile_texts: Compile) -> None:
    compiled = compile_texts(text("---\n", rule("a"), "---\n", rule("b"), "---\n---\n", rule("c")))
    assert errors(compiled) == []
    assert list(items(compiled)) == ["a", "b", "c"]


@pytest.mark.parametrize("document", ["", "---\n---\n", "~", "null", "[]", "# words\n"])
def test_null_and_empty_documents_hold_nothing(compile_texts: Compile, document: str) -> None:
    assert errors(compile_texts(document)) == []


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("rule: r", "Rules content is not yaml array of objects"),
        ("word", "Rules content is not yaml"),
        ("5", "Rules content is not yaml"),
        ('""', "Rules content is not yaml"),
    ],
)
def test_a_document_is_a_sequence(compile_texts: Compile, document: str, message: str) -> None:
    compiled = compile_texts(document)
    assert errors(compiled) == [(YAML, message)]
    (location,) = compiled.results[0].errors[0].context.locations
    assert (location.position.line, location.position.column) == (0, 0)


def test_null_elements_are_skipped(compile_texts: Compile) -> None:
    compiled = compile_texts(text("-\n- ~\n- null\n", RULE))
    assert errors(compiled) == [] and warnings(compiled) == []
    assert list(items(compiled)) == ["r"]


@pytest.mark.parametrize("element", ["word", "5", "[a]", '""', "''"])
def test_an_element_is_a_map(compile_texts: Compile, element: str) -> None:
    message = "Unexpected element type. Each element should be a yaml associative array."
    assert errors(compile_texts(f"- {element}\n")) == [(YAML, message)]


def test_environment_variables_stay(compile_texts: Compile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "other")
    compiled = compile_texts(rule("${NAME}", condition="evt.type = open and proc.name = ${NAME}", output="${NAME}"))
    assert items(compiled)["${NAME}"].output.value == "${NAME}"
    assert "proc.name = ${NAME}" in items(compiled)["${NAME}"].condition.value


def test_the_first_error_ends_the_file(compile_texts: Compile) -> None:
    compiled = compile_texts("- {list: a}\n- {list: b}\n---\n- {list: c}\n", "- {list: d}\n")
    assert [message for _, message in errors(compiled)] == ["Item has no mapping for key 'items'"] * 2
    assert [len(result.errors) for result in compiled.results] == [1, 1]


@pytest.mark.parametrize(
    ("document", "codes"),
    [("- a: b: c", [PARSE]), ("- {list: a", [PARSE]), ("- {list: a, items: [x]}\n---\n- a: b: c", [PARSE]), ("- [a\n- {b: c}", [PARSE])],
)  # fmt: skip
def test_what_is_no_yaml(compile_texts: Compile, document: str, codes: list[str]) -> None:
    assert [code for code, _ in errors(compile_texts(document))] == codes


def test_a_file_that_cannot_be_read(listing, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from yarak.rules import CompileOptions, compile_files

    (tmp_path / "bytes.yaml").write_bytes(b"- {list: \xff\xfe, items: []}")
    for name in ("none.yaml", "bytes.yaml", "."):
        assert [code for code, _ in errors(compile_files([tmp_path / name], CompileOptions(), listing))] == [READ]


@pytest.mark.parametrize(
    ("item", "unknown"),
    [
        ("{required_engine_version: 0.1.0, rule: r, list: l, macro: m}", 3),
        ("{rule: r, required_plugin_versions: [], list: l}", 2),
        ("{rule: r, macro: m, list: l, items: []}", 2),
        ("{rule: r, macro: m, condition: evt.type = open}", 1),
    ],
)
def test_the_kind_is_the_first_of_five_keys(compile_texts: Compile, item: str, unknown: int) -> None:
    """The keys of the other kinds are unknown to the kind that was chosen."""
    compiled = compile_texts(f"- {item}\n")
    assert errors(compiled) == []
    assert codes(compiled) == ["LOAD_UNKNOWN_KEY"] * unknown


def test_an_unknown_kind_is_ignored(compile_texts: Compile) -> None:
    compiled = compile_texts(text("- {rulez: x, desc: d}\n- {}\n", RULE))
    assert errors(compiled) == []
    assert codes(compiled) == ["LOAD_UNKNOWN_ITEM", "LOAD_UNKNOWN_ITEM"]
    assert list(items(compiled)) == ["r"]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("{list: l}", "Item has no mapping for key 'items'"),
        ("{list: , items: []}", "Mapping for key 'list' is empty"),
        ('{list: "", items: []}', "Mapping for key 'list' is empty"),
        ("{list: l, items: }", "Mapping for key 'items' is empty"),
        ("{list: l, items: a}", "Value for key 'items' must be a sequence"),
        ("{list: l, items: {a: b}}", "Value for key 'items' must be a sequence"),
        ("{list: l, items: [[a]]}", "Elements of key 'items' must be scalars"),
        ("{list: l, items: [a, ~]}", "Elements of key 'items' must be scalars"),
        ("{macro: m}", "Item has no mapping for key 'condition'"),
        ("{macro: m, condition: ~}", "Mapping for key 'condition' is empty"),
        ('{macro: m, condition: ""}', "Mapping for key 'condition' is empty"),
        ("{macro: m, condition: [a]}", "Value for key 'condition' must be a scalar"),
        ("{macro: [m], condition: a}", "Value for key 'macro' must be a scalar"),
        ("{rule: r, desc: d, condition: c, output: o}", "Item has no mapping for key 'priority'"),
        ("{rule: r, desc: d, condition: c, priority: INFO}", "Item has no mapping for key 'output'"),
        ("{rule: r, desc: d, output: c, priority: INFO}", "Item has no mapping for key 'condition'"),
        ("{rule: r, output: d, condition: c, priority: INFO}", "Item has no mapping for key 'desc'"),
        ("{rule: r, desc: d, condition: c, output: o, priority: INFO, tags: a}", "Value for key 'tags' must be a sequence"),
        ("{rule: r, desc: d, condition: c, output: o, priority: INFO, tags: [[a]]}", "Elements of key 'tags' must be scalars"),
        ("{rule: r, desc: d, condition: c, output: o, priority: INFO, source: }", "Mapping for key 'source' is empty"),
        ("{rule: r, desc: d, condition: c, output: o, priority: INFO, source: [a]}", "Value for key 'source' must be a scalar"),
        ("{rule: r, desc: d, condition: c, output: o, priority: INFO, enabled: maybe}", "the value of 'enabled' has the wrong type"),
        ("{rule: r, desc: d, condition: c, output: o, priority: INFO, enabled: }", "Mapping for key 'enabled' is empty"),
        ("{rule: r, desc: d, condition: c, output: o, priority: INFO, capture_duration: -1}", "the value of 'capture_duration' has the wrong type"),
        ("{rule: r, desc: d, condition: c, output: o, priority: INFO, capture_duration: 4294967296}", "the value of 'capture_duration' has the wrong type"),
        ("{rule: r, desc: d, condition: c, output: o, priority: INFO, capture_duration: 1.5}", "the value of 'capture_duration' has the wrong type"),
    ],
)  # fmt: skip
def test_scalars_and_sequences(compile_texts: Compile, item: str, message: str) -> None:
    assert errors(compile_texts(f"- {item}\n")) == [(YAML, message)]


def test_numbers_in_sequences_are_their_text(compile_texts: Compile) -> None:
    compiled = compile_texts(
        text("- {list: l, items: [0755, 1.50, yes, 'a b', '']}\n", rule(tags="[1, 2.0, b]"), "- {list: e, items: []}\n")
    )
    assert errors(compiled) == []
    assert compiled.lists["l"].items == ["0755", "1.50", "yes", '"a b"', ""]
    assert items(compiled)["r"].tags == {"1", "2.0", "b"}
    assert compiled.lists["e"].items == []


@pytest.mark.parametrize(
    "item",
    [
        "{required_engine_version: 0.1.0, extra: 1}",
        "{required_plugin_versions: [], extra: 1}",
        "{list: l, items: [], extra: 1}",
        "{macro: m, condition: evt.type = open, extra: 1}",
        "{rule: r, desc: d, condition: evt.type = open, output: o, priority: INFO, extra: 1}",
    ],
)
def test_unknown_keys_are_warned_about(compile_texts: Compile, item: str) -> None:
    compiled = compile_texts(f"- {item}\n")
    assert errors(compiled) == []
    assert codes(compiled) == ["LOAD_UNKNOWN_KEY"]


def test_unknown_keys_of_exceptions_are_left_to_the_schema(compile_texts: Compile) -> None:
    compiled = compile_texts(rule(exceptions="[{name: a, fields: proc.name, values: [x], extra: 1}]"))
    assert errors(compiled) == [] and warnings(compiled) == []
    assert compiled.results[0].schema_warnings


@pytest.mark.parametrize("char", ["\x85", "\u2028", "\u2029"])
def test_line_breaks_of_yaml_1_1_are_ordinary_characters(compile_texts: Compile, char: str) -> None:
    """YAML 1.2, which the rules' other readers speak, has no line breaks but CR and LF."""
    text = f"# a {char}- b\n" + rule(desc=f'"x {char} y"', condition="evt.type = open # why {char} and so on")
    (result,) = compile_texts(text + "- word\n").results
    (error,) = result.errors
    assert error.context.position.line == text.count("\n")
    assert items(compile_texts(text))["r"].description == f"x {char} y"
