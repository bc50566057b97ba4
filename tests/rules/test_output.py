# ruff: noqa: E501 (one case, one line)
"""Output formats and what the configuration adds to them (rules-language.md, sections 14 and 15)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rules_helpers import Compile

from yarak.rules import Compiled


def rule(output: str) -> str:
    return f"- rule: r\n  desc: d\n  condition: evt.type = open\n  priority: INFO\n  tags: [t]\n  output: {json.dumps(output)}\n"


def planned(compiled: Compiled) -> dict[str, Any]:
    assert [found.message for found in compiled.results[0].errors] == []
    entry: dict[str, Any] = json.loads(compiled.plan)["rules"][0]
    return entry


def segments(compiled: Compiled) -> list[Any]:
    return [
        segment["text"] if "text" in segment else (segment["as"], segment["width"])
        for segment in planned(compiled)["output"]
    ]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("plain", ["plain"]),
        ("a %proc.name b", ["a ", ("proc.name", None), " b"]),
        ("%proc.name", [("proc.name", None)]),
        ("%proc.name.", [("proc.name", None), "."]),
        ("%user.name!", [("user.name", None), "!"]),
        ("%proc.names", [("proc.name", None), "s"]),
        ("%proc.name[x]", [("proc.name", None), "[x]"]),
        ("%8proc.name|", [("proc.name", 8), "|"]),
        ("%proc.aname[2]%proc.pid", [("proc.aname[2]", None), ("proc.pid", None)]),
        ("%evt.arg.flags,", [("evt.arg.flags", None), ","]),
        ("%evt.arg[0]", [("evt.arg[0]", None)]),
        ("%evt.time.s", [("evt.time.s", None)]),
        ("%fd.sip.name:%fd.sport", [("fd.sip.name", None), ":", ("fd.sport", None)]),
        ("%tolower(proc.name) x", [("tolower(proc.name)", None), " x"]),
        ("%join(')', (proc.name, 'b'))", [("join(')', (proc.name, 'b'))", None)]),
        ("%getopt(fd.types, 'a:')[a]", [("getopt(fd.types, 'a:')[a]", None)]),
        ("  outer %proc.name  ", ["outer ", ("proc.name", None)]),
    ],
)
def test_formats(compile_texts: Compile, output: str, expected: list[Any]) -> None:
    assert segments(compile_texts(rule(output))) == expected


@pytest.mark.parametrize(
    ("output", "message", "column"),
    [
        ("a %proc.nope", "unknown filter: unexpected token after '", 14),
        ("100%", "invalid formatting syntax: formatting cannot end with a %", 14),
        ("%10", "invalid formatting syntax: formatting cannot end with a %", 11),
        ("%% done", "unknown filter: unexpected token after '", 11),
        ("%(proc.name)", "unknown filter: unexpected token after '", 11),
        ("%tolower(proc.name", "unknown filter: unexpected token after '", 12),
        ("%fd.net", "field fd.net can only be used in conditions", 12),
        ("%tolower(proc.pid)", "field transformer 'tolower' cannot be applied to type INT64", 12),
    ],
)
def test_refused(compile_texts: Compile, output: str, message: str, column: int) -> None:
    (error,) = compile_texts(rule(output)).results[0].errors
    assert (error.code, error.message) == ("LOAD_ERR_COMPILE_OUTPUT", message)
    assert (error.where().line, error.where().column) == (5, column)


@pytest.mark.parametrize(
    ("output", "guilty", "hint"),
    [
        ("a %(proc.name) b", "%(proc.name)", "fields stand without brackets around them: %proc.name"),
        ("a %{proc.aname[2]}", "%{proc.aname[2]}", "fields stand without brackets around them: %proc.aname[2]"),
        ("100% sure", "% ", "'%' always begins a field, and cannot be escaped"),
        ("a %% b", "%%", "'%' always begins a field, and cannot be escaped"),
        ("a 100%", "%", "'%' always begins a field, and cannot be escaped"),
        ("a %Proc.Nam.", "Proc.Nam", "did you mean 'proc.name'?"),
        ("a %tolowr(proc.name)", "tolowr", "did you mean 'tolower'?"),
        ("a %nothing like it", "nothing", "there is no field 'nothing'"),
    ],
)
def test_malformed_tokens(compile_texts: Compile, output: str, guilty: str, hint: str) -> None:
    text = rule(output)
    (error,) = compile_texts(text).results[0].errors
    place = error.where()
    assert text.split("\n")[place.line][place.column : place.column + place.length] == guilty
    assert error.hint == hint


def test_a_misspelt_field_is_pointed_at(compile_texts: Compile) -> None:
    (error,) = compile_texts(rule("a %proc.nmae b")).results[0].errors
    assert error.hint == "did you mean 'proc.name'?"
    assert (error.where().column, error.where().length) == (14, 9)


def test_deprecated_fields(compile_texts: Compile) -> None:
    found = compile_texts(rule("%evt.latency.ns %container.info")).results[0].diagnostics
    assert [(one.code, one.deprecated_field) for one in found] == [
        ("LOAD_DEPRECATED_ITEM", ""),
        ("LOAD_DEPRECATED_ITEM", "evt.latency"),
        ("LOAD_DEPRECATED_ITEM", "evt.latency.ns"),
    ]


def test_added_output(compile_texts: Compile) -> None:
    entries = [
        {"match": {"tags": ["t"], "source": "syscall"}, "extra_output": "ppid=%proc.ppid"},
        {"match": {"rule": "other"}, "extra_output": "no"},
        {"match": {"tags": ["t", "u"]}, "extra_output": "no"},
    ]
    assert segments(compile_texts(rule("o"), append_output=entries)) == ["o ppid=", ("proc.ppid", None)]


def test_suggested_output(compile_texts: Compile) -> None:
    compiled = compile_texts(rule("o"), append_output=[{"suggested_output": True}])
    names = [segment[0] for segment in segments(compiled) if isinstance(segment, tuple)]
    assert names == [
        "container.id", "container.name", "container.image.repository", "container.image.tag",
        "k8s.pod.name", "k8s.ns.name",
    ]  # fmt: skip
    assert segments(compiled)[0] == "o container_id="


def test_extra_fields(compile_texts: Compile) -> None:
    entries = [{"extra_fields": ["proc.aname[2]", {"who": "user %user.name"}]}]
    fields = planned(compile_texts(rule("o"), append_output=entries))["extra_fields"]
    assert fields == {
        "who": [
            {"text": "user "},
            {"value": {"field": "user.name", "arg": None}, "width": None, "as": "user.name"},
        ],
        "proc.aname[2]": {"field": "proc.aname", "arg": "2"},
    }


def test_a_bad_extra_field(compile_texts: Compile) -> None:
    compiled = compile_texts(rule("o"), append_output=[{"extra_fields": [{"x": "%no.such"}]}])
    assert [found.code for found in compiled.results[0].errors] == ["LOAD_ERR_COMPILE_OUTPUT"]
    with pytest.raises(ValueError, match="defined twice"):
        compile_texts(rule("o"), append_output=[{"extra_fields": [{"x": "a"}, {"x": "b"}]}])


def test_static_fields(compile_texts: Compile) -> None:
    compiled = compile_texts(rule("%static.env"), static_fields={"env": "prod"})
    assert segments(compiled) == [("static.env", None)]
