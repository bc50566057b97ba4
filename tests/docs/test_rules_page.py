"""docs/rules.md: what it shows is what happens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from yarak.cli import status
from yarak.priorities import NAMES
from yarak.rules.keys import APPENDABLE, KEYS
from yarak.rules.operators import allowed
from yarak.testing import RuleSet
from yarak.testing.document import read
from yarak.testing.run import run

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
TEXT = PAGE.read_text()
BLOCK = re.compile(r"^```(\S+)(?: ([^\n]*))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Example:
    """One fenced block, the rules in force where it stands, and the event before it."""

    line: int
    language: str
    about: str
    body: str
    rules: list[str] = field(default_factory=list)
    event: dict[str, Any] | None = None

    @property
    def kind(self) -> str:
        return f"{self.language} {self.about.partition(' ')[0]}".strip()


def examples() -> Iterator[Example]:
    rules: list[str] = []
    event: dict[str, Any] | None = None
    for match in BLOCK.finditer(TEXT):
        language, about, body = match[1], match[2] or "", match[3]
        example = Example(TEXT.count("\n", 0, match.start()) + 1, language, about, body)
        if example.kind == "yaml rules":
            rules = [*(rules if about == "rules after" else []), body]
        if example.kind == "yaml event":
            event = yaml.safe_load(body)
        example.rules, example.event = rules, event
        yield example


EXAMPLES = list(examples())


def of(kind: str) -> pytest.MarkDecorator:
    found = [example for example in EXAMPLES if example.kind == kind]
    return pytest.mark.parametrize("example", found, ids=lambda example: f"line {example.line}")


@pytest.fixture
def ruleset(example: Example, tmp_path: Path) -> RuleSet:
    for number, text in enumerate(example.rules):
        (tmp_path / f"rules{number}.yaml").write_text(text)
    return RuleSet(tmp_path, rule_matching="all")


def test_every_block_is_run() -> None:
    known = {"yaml rules", "yaml event", "text alerts", "yaml test", "python test", "text explain"}
    assert {example.kind for example in EXAMPLES} == known
    assert sum(example.kind == "yaml rules" for example in EXAMPLES) >= 10


def test_every_event_shows_what_comes_of_it() -> None:
    kinds = [example.kind for example in EXAMPLES]
    followers = [after for kind, after in zip(kinds, [*kinds[1:], ""], strict=True) if kind == "yaml event"]
    assert set(followers) == {"text alerts", "text explain"}


@of("yaml rules")
def test_rules_compile(example: Example, ruleset: RuleSet) -> None:
    assert ruleset.rules.compiled.enabled
    warnings = [found.code for result in ruleset.rules.compiled.results for found in result.warnings]
    assert warnings == []


@of("text alerts")
def test_alerts(example: Example, ruleset: RuleSet) -> None:
    assert example.event is not None
    outcome = ruleset.event(example.event)
    shown = "\n".join(f"{alert.priority} {alert.output}" for alert in outcome.alerts) or "no alert"
    assert shown == example.body.strip()


@of("text explain")
def test_explanation(example: Example, ruleset: RuleSet) -> None:
    assert example.event is not None
    ruleset.event(example.event)
    assert str(ruleset.explain(example.about.partition(" ")[2])) == example.body.rstrip("\n")


@of("yaml test")
def test_tests(example: Example, tmp_path: Path) -> None:
    (tmp_path / "my_rules.yaml").write_text(example.rules[0])
    (tmp_path / "my_rules.test.yaml").write_text(example.body)
    file = read(tmp_path / "my_rules.test.yaml")
    assert [run(file, case) for case in file.cases] == [None] * len(file.cases)


@of("python test")
def test_python(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my_rules.yaml").write_text(example.rules[0])
    monkeypatch.chdir(tmp_path)
    exec(compile(example.body, str(PAGE), "exec"), {})
    assert "The condition holds." in capsys.readouterr().out


def test_tables_name_every_operator_priority_and_key() -> None:
    texts, buffers = allowed("CHARBUF", False), allowed("BYTEBUF", False)
    for word in (*texts, *buffers):
        assert f"`{word}" in TEXT, word
    for name in NAMES:
        assert name.upper() in TEXT
    for key in KEYS["rule"]:
        assert f"`{key}`" in TEXT or f"  {key}: " in TEXT or key in ("append", "capture", "capture_duration"), key
    row = next(line for line in TEXT.splitlines() if line.startswith("| rule | `condition`"))
    assert set(re.findall(r"`(\w+)`", row)) == APPENDABLE["rule"]


def test_links_lead_somewhere() -> None:
    titles = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", TEXT, re.M)}
    assert set(re.findall(r"\]\(#([^)]*)\)", TEXT)) <= titles


def test_the_explain_command_prints_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = next(example for example in EXAMPLES if example.kind == "text explain")
    (tmp_path / "my_rules.yaml").write_text(example.rules[0])
    (tmp_path / "event.yaml").write_text(yaml.safe_dump(example.event))
    arguments = ["rules", "explain", "--rule", "Password store read", "-r", str(tmp_path / "my_rules.yaml")]
    assert status([*arguments, str(tmp_path / "event.yaml")]) == 1
    assert capsys.readouterr().out == example.body
