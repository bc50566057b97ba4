# ruff: noqa: E501 (one case, one line)
"""The rules files of the upstream project load without an error and compile to one plan."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import listing_fixture
import pytest
import yaml

from yarak.rules import Compiled, CompileOptions, Listing, compile_files

STABLE, INCUBATING, SANDBOX = "falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"
ALL = (STABLE, INCUBATING, SANDBOX)
ROOT = Path(__file__).parents[2]

LOCAL = """\
- rule: Terminal shell in container
  desc: A shell runs in a container.
  condition: container.id != host and proc.name in (linux_shells)
  output: shell in a container (user=%user.name container=%container.id shell=%proc.name)
  priority: WARNING
- list: linux_shells
  items: [bash, zsh, ksh, sh, csh]
"""


@pytest.fixture(scope="module")
def rules() -> Path:
    return listing_fixture.shared() / "data" / "rules"


@pytest.fixture(scope="module")
def listing() -> Listing:
    return Listing.from_json(**listing_fixture.document("container"))


def load(files: list[Path], listing: Listing, **options: Any) -> Compiled:
    return compile_files(files, CompileOptions(**options), listing)


def plan(compiled: Compiled) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(compiled.plan)
    return document


@pytest.mark.parametrize(
    ("name", "rule_count", "macro_count", "list_count"), [(STABLE, 25, 87, 49), (INCUBATING, 31, 82, 54), (SANDBOX, 37, 183, 60)]
)  # fmt: skip
def test_each_file_by_itself(
    rules: Path, listing: Listing, name: str, rule_count: int, macro_count: int, list_count: int
) -> None:
    compiled = load([rules / name], listing)
    assert [result.to_json() for result in compiled.results] == [
        {
            "name": str(rules / name), "successful": True, "schema_valid": True, "schema_warnings": [], "errors": [],
            "warnings": [],
        }
    ]  # fmt: skip
    assert (len(compiled.rules), len(compiled.macros), len(compiled.lists)) == (rule_count, macro_count, list_count)
    assert compiled.required_engine_version == "0.57.0"
    assert compiled.plugin_problem is None


def test_counts_are_those_of_the_files(rules: Path, listing: Listing) -> None:
    for name in ALL:
        items = yaml.safe_load((rules / name).read_text())
        compiled = load([rules / name], listing)
        for kind, found in (("rule", compiled.rules), ("macro", compiled.macros), ("list", compiled.lists)):
            assert len(found) == len({item[kind] for item in items if kind in item}), (name, kind)


def test_all_together_make_one_plan(rules: Path, listing: Listing) -> None:
    compiled = load([rules / name for name in ALL], listing)
    assert compiled.ok
    assert len(compiled.rules) == 93
    document = plan(compiled)
    assert len(document["rules"]) == len(compiled.enabled) == 81
    for number, node in enumerate(document["nodes"]):
        for children in (node.get("and", []), node.get("or", []), [node["not"]] if "not" in node else []):
            assert all(child < number for child in children)
    texts = [json.dumps(node, sort_keys=True) for node in document["nodes"]]
    assert len(texts) == len(set(texts))


def test_every_rule_sees_the_events_it_names(rules: Path, listing: Listing) -> None:
    document = plan(load([rules / STABLE], listing))
    events = {rule["name"]: rule["events"] for rule in document["rules"]}
    ids = {event.name: event.id for event in listing.events.values()}
    assert events["Terminal shell in container"] == sorted([ids["execve"], ids["execveat"], ids["asyncevent"]])
    assert events["PTRACE attached to process"] == sorted([ids["ptrace"], ids["asyncevent"]])
    assert all(len(found) <= 4 for found in events.values())


def test_a_quiet_host_opens_files_unseen(rules: Path, listing: Listing) -> None:
    """With the stable file, an ordinary read of an ordinary file on the host is of no interest to any rule."""
    from yarak.rules.reference import kernel_answer

    tables = plan(load([rules / STABLE], listing))["filter"]
    openat = listing_fixture.native_numbers()["openat"]
    ordinary = {"access": "read", "climbs": False, "where": "host"}
    assert not kernel_answer(tables, openat, "ok", paths=["/usr/lib/locale/locale-archive"], **ordinary)
    assert not kernel_answer(tables, openat, "fail", paths=["/usr/lib/missing.so"], **ordinary)
    assert kernel_answer(tables, openat, "ok", paths=["/tmp/link", "/etc/shadow"], **ordinary)
    assert kernel_answer(tables, openat, "ok", paths=["/etc/passwd"], **(ordinary | {"climbs": True}))


def test_the_founding_rule(rules: Path, listing: Listing, tmp_path: Path) -> None:
    local = tmp_path / "falco_rules.local.yaml"
    local.write_text(LOCAL)
    compiled = load([rules / STABLE, local], listing)
    assert compiled.ok
    warnings = [found for found in compiled.results[1].warnings if found.code != "LOAD_UNUSED_MACRO"]
    assert [(found.code, found.where().file, found.where().line) for found in warnings] == [
        ("LOAD_NO_EVTTYPE", str(local), 0)
    ]
    assert len(compiled.rules) == 25
    document = plan(compiled)
    rule = next(rule for rule in document["rules"] if rule["name"] == "Terminal shell in container")
    assert rule["syscalls"] is None
    assert len(rule["events"]) > 100
    check = document["nodes"][document["nodes"][rule["node"]]["and"][1]]["check"]
    assert check["values"] == ["bash", "zsh", "ksh", "sh", "csh"]


def test_the_founding_rule_asks_for_containers_only(rules: Path, listing: Listing, tmp_path: Path) -> None:
    local = tmp_path / "falco_rules.local.yaml"
    local.write_text(LOCAL)
    tables = plan(load([local], listing))["filter"]
    wanted = {number for code in listing.codes if not code.ignored for number in code.native}
    assert {int(number) for number in tables["syscalls"]} == wanted
    assert tables["clauses"] == 1
    assert tables["container"] == {"host": [], "container": [0]}


def test_audit_rules_without_their_source(rules: Path, listing: Listing) -> None:
    compiled = load([rules / "k8s_audit_rules.yaml"], listing)
    result = compiled.results[0]
    codes = {found.code for found in result.warnings}
    messages = {found.message for found in result.warnings if found.code == "LOAD_UNKNOWN_SOURCE"}
    assert messages == {"Unknown source k8s_audit, skipping"}
    assert not result.errors
    assert not compiled.rules
    assert codes == {"LOAD_UNKNOWN_SOURCE"}


def test_audit_rules_with_their_source(rules: Path) -> None:
    listing = Listing.from_json(**listing_fixture.document("container", "k8saudit", "json"))
    plugins = {"k8saudit": "0.18.0", "json": "0.7.3"}
    compiled = load(
        [rules / "k8s_audit_rules.yaml"], listing, sources=["syscall", "k8s_audit"], plugins=plugins
    )  # fmt: skip
    assert compiled.results[0].errors == []
    assert compiled.plugin_problem is None
    assert compiled.rules
    assert {tuple(rule["events"]) for rule in plan(compiled)["rules"]} == {(322, 402)}


def test_the_child_process_is_quick(rules: Path) -> None:
    """Process start to answer for all 93 rules: at most half a second of processor time, best of five."""
    document = listing_fixture.document("container")
    request = json.dumps({"files": [str(rules / name) for name in ALL], "options": {}, "listing": document})
    seconds = []
    for _ in range(5):
        before = _children_seconds()
        done = subprocess.run(
            [sys.executable, "-P", "-m", "yarak.rules.compile_main"], input=request, capture_output=True, text=True,
            check=True, env={"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        seconds.append(_children_seconds() - before)
    answer = json.loads(done.stdout)
    assert answer["ok"]
    assert answer["summary"]["rules"] == 93
    assert len(answer["plan"]["rules"]) == 81
    assert min(seconds) < 0.5


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
