"""What is wrong in ``append_output`` is told by the name of its key, not as if the rule had it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rules_helpers import Compile

from yarak.rules.lint.program import load_program
from yarak.rules.lint.run import Selection, findings
from yarak.rules.options import CompileOptions

RULES = "".join(
    f"- {{rule: {name}, desc: d, condition: evt.type = open, output: o %proc.name, priority: INFO}}\n" for name in "ab"
)
ENTRIES = [
    {"match": {"rule": "a"}, "extra_output": "x=%proc.name"},
    {"extra_output": "first line\ny=%proc.nme z", "extra_fields": ["proc.exe", "fd.nam", {"k": "a %user.nme"}]},
]


def test_errors_name_the_key_and_show_its_text(compile_texts: Compile) -> None:
    compiled = compile_texts(RULES, append_output=ENTRIES)
    assert [found.code for found in compiled.results[0].errors] == ["LOAD_ERR_COMPILE_OUTPUT"] * 2
    shown = compiled.texts()[0].split("\n")
    assert shown[0].startswith("append_output[1].extra_output:2:4: error: unknown filter")
    assert shown[1:4] == ["    2 | y=%proc.nme z", "      |    ^^^^^^^^", "      = expected a field after '%'"]


def test_load_results_are_about_the_rule(compile_texts: Compile, tmp_path: Path) -> None:
    found = compile_texts(RULES, append_output=ENTRIES).results[0].errors[0]
    assert [step.item_type for step in found.context.locations] == ["rules content", "rule", "rule output"]
    assert found.context.position.name == f"{tmp_path}/0.yaml"


def test_rules_check_tells_each_once(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(RULES)
    found = findings(load_program([path], CompileOptions(append_output=ENTRIES)), Selection(["LOAD"]))
    assert [(one.place.file, one.place.line, one.place.column, one.place.length) for one in found] == [
        ("append_output[1].extra_fields[1]", 0, 0, 6),
        ("append_output[1].extra_fields[2].k", 0, 3, 8),
        ("append_output[1].extra_output", 1, 3, 8),
    ]
    assert {one.trail for one in found} == {"in the configuration"}
    assert {one.hint for one in found} == {f"did you mean '{name}'?" for name in ("fd.name", "user.name", "proc.name")}


@pytest.mark.parametrize("field", ["evt.dir", "evt.latency"])
def test_a_deprecated_field(compile_texts: Compile, field: str) -> None:
    entry = {"extra_output": f"d=%{field}"}
    warnings = compile_texts(RULES, append_output=[entry]).results[0].warnings
    assert {one.where().file for one in warnings if one.deprecated_field} == {"append_output[0].extra_output"}


def test_an_error_of_the_rule_itself_stays_in_its_file(compile_texts: Compile, tmp_path: Path) -> None:
    text = RULES.replace("%proc.name", "%container.info %proc.nme")
    (first, _) = compile_texts(text, append_output=ENTRIES[:1]).results[0].errors
    place = first.where()
    assert place.file == f"{tmp_path}/0.yaml"
    assert text.split("\n")[place.line][place.column : place.column + place.length] == "proc.nme"


def test_the_configuration_of_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from yarak.cli import status

    rules, config = tmp_path / "r.yaml", tmp_path / "c.yaml"
    rules.write_text(RULES)
    config.write_text("append_output:\n  - extra_fields: [{key: '%fd.nam'}]\n")
    assert status(["rules", "check", "-c", str(config), str(rules)]) == 1
    out = capsys.readouterr().out
    assert "append_output[0].extra_fields[0].key:1:2: error:" in out and "1 | %fd.nam" in out
