"""`-t`, `-T`, `-D` of old: which rules run, and that the flags are told to be deprecated."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("yarak._core", reason="the core is not built (make build)")

from yarak.cli import status
from yarak.cli.request import Request
from yarak.cli.run import run
from yarak.log import Log
from yarak.preparation import Preparation

RULE = "- {{rule: {}, desc: d, condition: evt.type = open, output: o, priority: INFO, tags: [{}], enabled: {}}}\n"
RULES = "".join(
    (
        RULE.format("shell in container", "shell, container", "true"),
        RULE.format("shell on host", "shell", "true"),
        RULE.format("file read", "file", "true"),
        RULE.format("file written", "file, container", "false"),
    )
)


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    (tmp_path / "rules.yaml").write_text(RULES)
    config = "log_stderr: true\nlog_syslog: false\nlog_level: debug\nstdout_output: {enabled: true}\nrules: []\n"
    (tmp_path / "yarak.yaml").write_text(config)
    return ["-c", str(tmp_path / "yarak.yaml"), "-r", str(tmp_path / "rules.yaml"), "--dry-run"]


def enabled(arguments: list[str]) -> list[str]:
    context = run.make_context("run", arguments, obj=None)
    request = Request(log=Log(), **context.params)
    preparation = Preparation(request.flags())
    preparation.read()
    preparation.begin()
    return preparation.finish().answer.summary.enabled


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ([], ["shell in container", "shell on host", "file read"]),
        (["-t", "container"], ["shell in container", "file written"]),
        (["-t", "file", "-t", "shell"], ["file read", "file written", "shell in container", "shell on host"]),
        (["-t", "no such tag"], []),
        (["-T", "shell"], ["file read"]),
        (["-D", "shell"], ["file read"]),
        (["-D", "host", "-D", "file"], ["shell in container"]),
        (["-T", "container", "-D", "read"], ["shell on host"]),
        (["-D", "shell", "-o", "rules[].enable.rule=file written"], ["file read", "file written"]),
    ],
)
def test_rules_are_selected(flags: list[str], names: list[str], arguments: list[str]) -> None:
    assert enabled([*arguments, *flags]) == names


def test_they_are_deprecated(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert status([*arguments, "-T", "shell"]) == 0
    told = capsys.readouterr().err
    assert "-t, -T and -D are deprecated: use rules in the configuration" in told
    assert "Disabling rules with tag: shell" in told


@pytest.mark.parametrize("other", ["-T", "-D"])
def test_enabled_and_disabled_exclude_each_other(
    other: str, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status([*arguments, "-t", "shell", other, "file"]) == 1
    assert capsys.readouterr().err.endswith("Error: You can not specify both disabled (-D/-T) and enabled (-t) rules\n")
