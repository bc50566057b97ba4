"""The rules compiler as a child process."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from yarak import compiler
from yarak.compiler import Answer, Compiler, accepted
from yarak.config import Settings
from yarak.config.settings import AppendOutput, OutputMatch, RuleChoice, Selection
from yarak.errors import RulesError


def child(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def compiled(files: list[Path], settings: Settings, command: tuple[str, ...] = compiler.COMMAND) -> Answer:
    one = Compiler(command)
    one.begin(files, settings)
    return one.answer()


ECHO = """
import json, sys
request = json.load(sys.stdin)
print(json.dumps({"ok": True, "plan": request, "results": [], "texts": [], "summary": {"rules": 1, "other": 2}}))
"""


def test_request_has_the_files_and_the_options_and_the_plan_comes_back_as_it_is() -> None:
    settings = Settings(
        priority="info",
        append_output=[AppendOutput(match=OutputMatch(tags=["a"]), suggested_output=True)],
        rules=[Selection(disable=RuleChoice(rule="*"))],
    )
    answer = compiled([Path("/a.yaml"), Path("/b.yaml")], settings, child(ECHO))
    request = json.loads(accepted(answer))
    assert request["files"] == ["/a.yaml", "/b.yaml"]
    assert request["options"] == {
        "priority": 6,
        "rule_matching": "first",
        "paths_match": "both",
        "all_syscalls": False,
        "append_output": [{"match": {"tags": ["a"]}, "suggested_output": True}],
        "rules": [{"disable": {"rule": "*"}}],
        "static_fields": {},
        "sources": ["syscall"],
        "plugins": {"container": "0.7.1"},
    }
    assert answer.summary.rules == 1


def test_a_replay_s_plan_is_a_sensor_s_without_the_kernel_s_filter(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text('- {rule: a, desc: d, condition: evt.type = execve, output: "%proc.name", priority: INFO}')
    live = json.loads(accepted(compiler.in_child([file], Settings())))
    replayed = json.loads(accepted(compiler.in_process([file], Settings())))
    assert live.pop("filter") and not replayed.pop("filter")
    assert replayed == live


def test_bad_files_are_shown_and_good_ones_are_not() -> None:
    answer = compiler.Answer(
        ok=False,
        results=[compiler.Result("a", True), compiler.Result("b", False)],
        texts=["a warning", "b.yaml:1:1: error"],
    )
    with pytest.raises(RulesError, match=r"^b\.yaml:1:1: error$"):
        accepted(answer)


@pytest.mark.parametrize("bad", [False, True])
def test_missing_plugin_is_told_whatever_else_is_wrong(bad: bool) -> None:
    results = [compiler.Result("a.yaml", successful=not bad)]
    summary = compiler.Summary(plugin_problem="plugin json is missing")
    answer = compiler.Answer(ok=False, texts=["a.yaml:1:1: error"], results=results, summary=summary)
    with pytest.raises(RulesError, match="plugin json is missing"):
        accepted(answer)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; sys.exit('no memory')", "status 1: no memory"),
        ("print('nonsense')", "cannot be read"),
        ("import os; os.kill(os.getpid(), 9)", "status -9"),
    ],
)
def test_compiler_that_fails_is_an_error_of_its_own(code: str, message: str) -> None:
    with pytest.raises(RulesError, match=message):
        compiled([], Settings(), child(code))


def test_cancelled_child_is_gone() -> None:
    one = Compiler(child("import time; time.sleep(600)"))
    one.cancel()
    assert one._child.returncode == -9


def test_child_never_imports_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap = tmp_path / "yarak"
    trap.mkdir()
    (trap / "__init__.py").write_text("raise SystemExit('trapped')")
    monkeypatch.chdir(tmp_path)
    missing = tmp_path / "missing.yaml"
    try:
        answer = compiled([missing], Settings())
    except RulesError as error:
        assert "trapped" not in str(error)
    else:
        assert not answer.ok
