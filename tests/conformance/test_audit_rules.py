"""The upstream rules for Kubernetes audit events, with and without the source that they are for."""

from __future__ import annotations

from pathlib import Path

import listing_fixture
import pytest
import yaml
from language import errors, plan, warnings

from yarak.rules import CompileOptions, Listing, compile_files

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


def test_without_its_source_every_rule_is_skipped(file: Path, listing: Listing) -> None:
    compiled = compile_files([file], CompileOptions(), listing)
    names = {item["rule"] for item in yaml.safe_load(file.read_text()) if "rule" in item}
    assert errors(compiled) == []
    assert warnings(compiled) == [("LOAD_UNKNOWN_SOURCE", "Unknown source k8s_audit, skipping")] * len(names)
    assert not compiled.rules and plan(compiled)["rules"] == []
    assert compiled.plugin_problem is not None
    assert "k8saudit (>= " in compiled.plugin_problem and "json (>= " not in compiled.plugin_problem


def test_with_its_source_it_is_parsed_checked_and_planned(file: Path, audit: Listing) -> None:
    compiled = compile_files([file], CompileOptions(sources=SOURCES, plugins=PLUGINS), audit)
    items = yaml.safe_load(file.read_text())
    names = [item["rule"] for item in items if "rule" in item]
    off = [item["rule"] for item in items if item.get("enabled") is False]
    assert errors(compiled) == [] and compiled.ok
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
