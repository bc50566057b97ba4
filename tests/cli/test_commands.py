"""The command line from outside: what is printed where, and exit codes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from yarak import __version__
from yarak.cli import status


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "yarak.yaml"
    path.write_text("log_stderr: true\nlog_syslog: false\nstdout_output: {enabled: true}\n")
    return path


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_has_every_flag_and_examples(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status([flag]) == 0
    text = capsys.readouterr().out
    assert "Examples:" in text
    for name in ("-c", "-r", "-o", "--list", "-L", "-l", "-V", "--version", "--dry-run", "-P", "-U", "-v", "-i"):
        assert re.search(rf"^  .*{re.escape(name)}\b", text, re.M), name
    assert max(map(len, text.splitlines())) <= 140


def test_version_text(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["-c", str(config), "--version"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"Yarak version: {__version__}",
        f"Libs version:  {__version__}",
        "Plugin API:    3.12.0",
        "Engine:        0.63.0",
        "Driver:",
        "  API version:    10.0.0",
        "  Schema version: 4.3.0",
        f"  Default driver: {__version__}",
    ]


def test_version_json_has_sorted_text_values(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["-c", str(config), "-o", "json_output=true", "--version"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == sorted(document)
    assert document["engine_version"] == "63"
    assert document["engine_version_semver"] == "0.63.0"
    assert document["plugin_versions"] == {"container": "0.7.1"}


def test_run_may_be_written_out(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["run", "-c", str(config), "--version"]) == 0
    assert capsys.readouterr().out.startswith("Yarak version:")


def test_page_size_is_a_log_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["-c", str(config), "--page-size"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(f": Your system page size is: {os.sysconf('SC_PAGESIZE')} bytes\n")


@pytest.mark.parametrize("flag", ["--config-schema", "--rule-schema"])
def test_schemas_end_without_a_line_feed(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status([flag]) == 0
    text = capsys.readouterr().out
    assert text.startswith('{\n  "$schema"') and text.endswith("}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nonsense"], "nonsense"),
        (["-c", "/none.yaml"], "Could not find configuration file at /none.yaml"),
        (["-r", "/none.yaml"], "Could not open file /none.yaml for reading"),
        (["-o", "novalue"], "novalue"),
        (["--list", "--format", "pdf"], "pdf"),
        (["--enable-source", "syscall", "--disable-source", "syscall"], "exclude each other"),
        (["--disable-source", "syscall"], "All event sources are disabled"),
        (["--enable-source", "k8s_audit"], "k8s_audit"),
        (["-o", "engine.kind=nodriver"], "not built yet"),
        (["-o", "engine.kind=replay"], "engine.replay.capture_file"),
        (["-o", "load_plugins[]=nosuch"], "nosuch"),
        (["stray"], "stray"),
    ],
)
def test_fatal_errors_are_one_line_and_exit_1(
    arguments: list[str], message: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = arguments if "-c" in arguments or arguments == ["stray"] else ["-c", str(config), *arguments]
    assert status(given) == 1
    err = capsys.readouterr().err
    errors = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1 and message in errors[0]
    assert "Traceback" not in err


@pytest.mark.parametrize("condition", ["evt.type = open", "evt.type = opne"])
def test_a_required_plugin_that_is_missing_ends_a_validation(
    condition: str, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told whatever else is wrong."""
    rules = tmp_path / "rules.yaml"
    rule = f"- {{rule: r, desc: d, condition: {condition}, output: o, priority: INFO}}\n"
    rules.write_text("- required_plugin_versions: [{name: nosuch, version: 1.0.0}]\n" + rule)
    assert status(["-c", str(config), "-V", str(rules)]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.endswith("Error: a required plugin is not loaded: nosuch (>= 1.0.0)\n")


@pytest.mark.parametrize(
    ("match", "warned"), [("{rule: r, tags: [t]}", True), ("{rule: r}", False), ("{tags: [t]}", False)]
)
def test_outputs_appended_by_rule_and_tags_are_warned_of(
    match: str, warned: bool, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules.yaml").write_text(
        "- {rule: r, desc: d, condition: evt.type = open, output: o, priority: INFO}\n"
    )
    config.write_text(f"{config.read_text()}append_output: [{{match: {match}, extra_output: 'more'}}]\n")
    assert status(["-c", str(config), "-r", str(tmp_path / "rules.yaml"), "--dry-run"]) == 0
    assert ("append_output: an entry matches by both rule and tags" in capsys.readouterr().err) is warned
