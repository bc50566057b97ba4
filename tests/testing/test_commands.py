"""`yarak rules test`, `yarak rules explain`, and the pytest plugin."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from testing_rules import Files

from yarak.cli import status

PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
"""From linux/prctl.h."""

GOOD = "tests:\n  - {event: {type: openat, params: {name: /secret}}, fires: Secret opened}\n"
BAD = "tests:\n  - {name: no & <never>, event: {type: openat, params: {name: /x}}, fires: Secret opened}\n"
BROKEN = "tests:\n  - {event: {type: opnat}, fires: Secret opened}\n"


@pytest.mark.parametrize(("texts", "exit_code", "summary"), [
    ([GOOD], 0, "1 passed"),
    ([GOOD, BAD], 1, "1 passed, 1 failed"),
    ([GOOD, BAD, BROKEN], 2, "1 passed, 1 failed, 1 in error"),
])  # fmt: skip
def test_exit_status(
    write: Files, capsys: pytest.CaptureFixture[str], texts: list[str], exit_code: int, summary: str
) -> None:
    for number, text in enumerate(texts):
        path = write(f"rules: rules.yaml\n{text}", f"{number}.test.yaml")
    assert status(["rules", "test", str(path.parent)]) == exit_code
    assert capsys.readouterr().out.splitlines()[-1] == summary


def test_no_tests_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["rules", "test", str(tmp_path)]) == 2
    assert "There is no *.test.yaml" in capsys.readouterr().err
    assert status(["rules", "test", str(tmp_path / "missing")]) == 2


def powerless() -> None:
    """Take every capability from what is executed next, also from root."""
    libc = ctypes.CDLL(None)
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def test_neither_root_nor_kernel_is_needed(write: Files) -> None:
    path = write("tests:\n" + GOOD.partition("\n")[2])
    code = (
        "import sys; from pathlib import Path; from yarak.cli import status\n"
        "held = dict(line.split(':') for line in Path('/proc/self/status').read_text().splitlines())['CapEff']\n"
        "sys.exit(99 if int(held, 16) else status(['rules', 'test', sys.argv[1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=Path(__file__).parents[2], capture_output=True, text=True,
        preexec_fn=powerless, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "1 passed\n"), done.stderr


def test_words_select_tests(write: Files, capsys: pytest.CaptureFixture[str]) -> None:
    path = write("tests:\n" + GOOD.partition("\n")[2] + BAD.partition("\n")[2])
    assert status(["rules", "test", str(path), "-k", "SECRET", "-v"]) == 0
    assert capsys.readouterr().out == f"ok    {path}:2: Secret opened: fires\n1 passed\n"
    assert status(["rules", "test", str(path), "-k", "nothing"]) == 2


def test_junit(write: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(BAD)
    report = tmp_path / "out.xml"
    assert status(["rules", "test", str(tmp_path), "--junit", str(report)]) == 1
    suite = ElementTree.parse(report).getroot()[0]
    assert {key: suite.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "1",
        "failures": "1",
        "errors": "0",
    }
    assert suite[0].get("name") == "no & <never>"
    assert "did not fire" in (suite[0][0].get("message") or "")
    assert status(["rules", "test", str(tmp_path), "--junit", str(tmp_path / "no" / "out.xml")]) == 2


OPEN = {"type": "openat", "params": {"name": "/secret"}}


@pytest.mark.parametrize(("event", "exit_code"), [
    (OPEN, 0),
    ({"processes": [{"name": "good"}], "event": {**OPEN, "process": "good"}}, 1),
    ({"type": "opnat"}, 2), ([], 2), ({"evnt": {}}, 2),
])  # fmt: skip
def test_explain(write: Files, capsys: pytest.CaptureFixture[str], event: object, exit_code: int) -> None:
    path = write(json.dumps(event), "event.json")
    arguments = ["rules", "explain", "--rule", "Secret opened", "-r", str(path.parent / "rules.yaml"), str(path)]
    assert status([*arguments, "--format", "json"]) == exit_code
    if exit_code < 2:
        assert json.loads(capsys.readouterr().out)["holds"] is (exit_code == 0)


def test_pytest_collects_rule_tests(write: Files) -> None:
    path = write("tests:\n" + GOOD.partition("\n")[2] + BAD.partition("\n")[2])
    write("tests: nonsense", "other.test.yaml")
    root = Path(__file__).parents[2]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "yarak.testing.plugin",
        "-p",
        "no:cacheprovider",
        str(path.parent),
    ]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "tests are mappings" in done.stdout
    path.with_name("other.test.yaml").unlink()
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "no  >   or" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_plugin_loads_nothing_ahead() -> None:
    late = ("yarak.rules", "yarak._core", "yaml")
    code = f"import sys, yarak.testing.plugin; print([name for name in sys.modules if name.startswith({late})])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
