"""The upstream rules for Kubernetes audit events, with and without the source that they are for."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import listing_fixture
import pytest
import yaml
from language import errors, plan, warnings

from yarak.cli import status
from yarak.rules import CompileOptions, Listing, compile_files

ROOT = Path(__file__).parents[2]
SOURCES = ["syscall", "k8s_audit"]
PLUGINS = {"k8saudit": "0.18.0", "json": "0.7.3"}


@pytest.fixture(scope="module")
def file() -> Path:
    return listing_fixture.shared() / "data" / "rules" / "k8s_audit_rules.yaml"


@pytest.fixture(scope="module")
def audit() -> Listing:
    """The syscall source, and the ``ka.*`` and ``jevt.*`` fields of the spec's table."""
    found = Listing.from_json(**listing_fixture.document("container", "k8saudit", "json"))
    assert {name.partition(".")[0] for name in found.fields} >= {"ka", "jevt"}
    return found


MISSING = (
    "k8saudit (>= 0.18.0), k8saudit-aks (>= 0.6.0), k8saudit-eks (>= 0.12.0), k8saudit-gke (>= 0.9.0), "
    "k8saudit-ovh (>= 0.6.0)"
)
"""The plugins any of which would do, in the form of rules-language.md, section 1."""
LOG_TIME = re.compile(r"^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}: ", re.MULTILINE)


@pytest.mark.parametrize("form", [[], ["-o", "json_output=true"]], ids=["text", "json"])
def test_validation_ends_with_the_plugins_that_are_missing(form: list[str], file: Path, tmp_path: Path) -> None:
    """A fatal error, and nothing on standard output, whichever form that would have (cli.md, sections 7 and 8)."""
    config = tmp_path / "falco.yaml"
    config.write_text("config_files: []\nlog_stderr: true\nlog_level: info\n")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "yarak", "-c", str(config), *form, "-V", str(file)],
        capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    log = f"Validating rules file(s):\n   {file}\n"
    assert LOG_TIME.sub("", done.stderr) == f"{log}Error: a required plugin is not loaded: {MISSING}\n"
    assert done.stdout == "" and done.returncode == 1


def without_requirements(file: Path, tmp_path: Path) -> Path:
    """The rules as somebody has them who took the requirement of plugins out."""
    items = [item for item in yaml.safe_load(file.read_text()) if "required_plugin_versions" not in item]
    path = tmp_path / "audit.yaml"
    path.write_text(yaml.safe_dump(items, sort_keys=False))
    return path


def test_without_the_requirement_each_rule_is_skipped_with_a_warning(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = without_requirements(file, tmp_path)
    assert status(["-V", str(path)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{path}: Ok, with warnings\n"
    assert f"{path}: Ok, with warnings\n48 Warnings:\n" in err
    assert err.count("LOAD_UNKNOWN_SOURCE (Unknown event source): Unknown source k8s_audit, skipping") == 48
    assert status(["-o", "json_output=true", "-V", str(path)]) == 0
    (result,) = json.loads(capsys.readouterr().out)["falco_load_results"]
    assert result["successful"] and {one["code"] for one in result["warnings"]} == {"LOAD_UNKNOWN_SOURCE"}


def test_without_its_source_every_rule_is_skipped(file: Path, listing: Listing) -> None:
    """What only they name counts as used: with the source, nothing in the file is unused."""
    compiled = compile_files([file], CompileOptions(), listing)
    names = {item["rule"] for item in yaml.safe_load(file.read_text()) if "rule" in item}
    assert errors(compiled) == []
    unknown = [("LOAD_UNKNOWN_SOURCE", "Unknown source k8s_audit, skipping")] * len(names)
    assert warnings(compiled, unused=True) == unknown
    assert not compiled.rules and plan(compiled)["rules"] == []
    assert compiled.plugin_problem is not None
    assert "k8saudit (>= " in compiled.plugin_problem and "json (>= " not in compiled.plugin_problem


def test_with_its_source_it_is_parsed_checked_and_planned(file: Path, audit: Listing) -> None:
    compiled = compile_files([file], CompileOptions(sources=SOURCES, plugins=PLUGINS), audit)
    items = yaml.safe_load(file.read_text())
    names = [item["rule"] for item in items if "rule" in item]
    off = [item["rule"] for item in items if item.get("enabled") is False]
    assert errors(compiled) == [] and warnings(compiled, unused=True) == [] and compiled.ok
    assert [rule.item.name for rule in compiled.rules] == list(dict.fromkeys(names))
    document = plan(compiled)
    assert [rule["name"] for rule in document["rules"]] == [name for name in dict.fromkeys(names) if name not in off]
    assert {rule["source"] for rule in document["rules"]} == {"k8s_audit"}
    assert {name.partition(".")[0] for name in document["needs"]["fields"]} >= {"ka", "jevt"}
    assert document["filter"]["syscalls"] == {}


def test_a_misspelt_field_is_found(audit: Listing, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "- {rule: r, desc: d, condition: ka.verbs = get, output: '%ka.verb', priority: INFO, source: k8s_audit}\n"
    )
    compiled = compile_files([path], CompileOptions(sources=SOURCES, plugins=PLUGINS), audit)
    assert errors(compiled) == [("LOAD_ERR_COMPILE_CONDITION", "filter_check called with nonexistent field ka.verbs")]
    assert compiled.results[0].errors[0].hint == "did you mean 'ka.verb'?"


def test_fields_of_system_calls_are_none_of_its_own(audit: Listing, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("- {rule: r, desc: d, condition: proc.name = x, output: o, priority: INFO, source: k8s_audit}\n")
    compiled = compile_files([path], CompileOptions(sources=SOURCES, plugins=PLUGINS), audit)
    assert [code for code, _ in errors(compiled)] == ["LOAD_ERR_COMPILE_CONDITION"]


def test_what_nothing_names_is_unused_whatever_the_source(listing: Listing, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "- {list: used, items: [a]}\n- {list: excepted, items: [a]}\n- {list: idle, items: [a]}\n"
        "- {macro: named, condition: ka.verb in (used)}\n- {macro: spare, condition: ka.verb = a}\n"
        "- {rule: r, desc: d, condition: named, output: o, priority: INFO, source: k8s_audit,\n"
        "   exceptions: [{name: e, fields: [ka.verb], comps: [in], values: [[[excepted]]]}]}\n"
    )
    compiled = compile_files([path], CompileOptions(), listing)
    unused = {"LOAD_UNUSED_MACRO": "spare", "LOAD_UNUSED_LIST": "idle"}
    found = compiled.results[0].warnings
    assert {one.code: one.context.locations[-1].item_name for one in found if one.code in unused} == unused
    assert len(found) == 3
