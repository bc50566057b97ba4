"""The compiler as a child process: request in, answer out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import listing_fixture
import pytest

ROOT = Path(__file__).parents[2]
GOOD = "- {rule: r, desc: d, condition: evt.type = open, output: o, priority: INFO}\n"


def run(request: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "yarak.rules.compile_main"], input=request, capture_output=True, text=True,
        check=False, env={"PYTHONPATH": str(ROOT)}, timeout=60,
    )  # fmt: skip


def ask(files: list[Path], **options: Any) -> dict[str, Any]:
    document = listing_fixture.document("container")
    done = run(json.dumps({"files": [str(file) for file in files], "options": options, "listing": document}))
    assert (done.returncode, done.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_good_rules(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(GOOD)
    answer = ask([file], priority=6)
    assert answer["ok"] is True
    assert answer["plan"]["rules"][0]["name"] == "r"
    assert answer["texts"] == [""]
    assert answer["results"] == [
        {
            "name": str(file), "successful": True, "schema_valid": True, "schema_warnings": [], "errors": [],
            "warnings": [],
        }
    ]  # fmt: skip
    assert answer["summary"]["enabled"] == ["r"]
    assert answer["summary"]["plugin_problem"] is None


def test_bad_rules_are_an_answer_too(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.yaml", tmp_path / "good.yaml"
    bad.write_text("- rule: [\n")
    good.write_text(GOOD)
    answer = ask([bad, good])
    assert answer["ok"] is False
    assert [result["successful"] for result in answer["results"]] == [False, True]
    assert f"{bad}:2:1: error:" in answer["texts"][0]


def test_a_missing_plugin_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("- required_plugin_versions: [{name: absent, version: 1.0.0}]\n")
    answer = ask([file])
    assert answer["ok"] is False
    assert "absent (>= 1.0.0)" in answer["summary"]["plugin_problem"]
    assert answer["texts"] == [f"error: {answer['summary']['plugin_problem']}"]


@pytest.mark.parametrize("request_text", ["", "[]", "{}", '{"files": [], "options": {"prio": 1}, "listing": {}}'])
def test_bad_requests(request_text: str) -> None:
    done = run(request_text)
    assert done.returncode == 2
    assert done.stderr.startswith("compile_main: bad request: ")
    assert "Traceback" not in done.stderr


def test_the_package_is_light() -> None:
    """Whoever only passes plans along must not load the parser."""
    code = "import sys, yarak.rules; print(sorted({'yarak.rules.grammar', 'yaml'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)}
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
