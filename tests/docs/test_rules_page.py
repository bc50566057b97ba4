"""docs/rules.md: what it shows is what happens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from yarak import selection_flags
from yarak.cli import status
from yarak.compiler import options
from yarak.config.settings import Selection
from yarak.flags import Flags
from yarak.preparation import read_configuration
from yarak.priorities import NAMES
from yarak.rules import CompileOptions, compile_files
from yarak.rules.keys import APPENDABLE, KEYS
from yarak.rules.operators import allowed
from yarak.testing import RuleSet
from yarak.testing.document import read
from yarak.testing.ruleset import Rules
from yarak.testing.run import run

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
TEXT = PAGE.read_text()
ALL = "rule_matching: all\n"
"""The configuration where a page shows none."""
BLOCK = re.compile(r"^```(\S+)(?: ([^\n]*))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Example:
    """One fenced block, the rules and the configuration in force where it stands, and the event before it."""

    line: int
    language: str
    about: str
    body: str
    rules: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    config: str = ALL
    event: dict[str, Any] | None = None

    @property
    def kind(self) -> str:
        return f"{self.language} {self.about.partition(' ')[0]}".strip()


def examples() -> Iterator[Example]:
    rules: list[str] = []
    warnings: list[str] = []
    config, event = ALL, None
    for match in BLOCK.finditer(TEXT):
        language, about, body = match[1], match[2] or "", match[3]
        example = Example(TEXT.count("\n", 0, match.start()) + 1, language, about, body)
        if example.kind == "yaml rules":
            rules, config = [*(rules if about == "rules after" else []), body], ALL
            warnings = about.partition(" warns ")[2].split()
        if example.kind == "yaml config":
            config = body
        if example.kind == "yaml event":
            event = yaml.safe_load(body)
        example.rules, example.warnings, example.config, example.event = rules, warnings, config, event
        yield example


EXAMPLES = list(examples())


def of(kind: str) -> pytest.MarkDecorator:
    found = [example for example in EXAMPLES if example.kind == kind]
    return pytest.mark.parametrize("example", found, ids=lambda example: f"line {example.line}")


@pytest.fixture
def ruleset(example: Example, tmp_path: Path) -> RuleSet:
    for number, text in enumerate(example.rules):
        (tmp_path / f"rules{number}.yaml").write_text(text)
    config = tmp_path / "yarak.conf"
    config.write_text(example.config)
    chosen = options(read_configuration(Flags(config=str(config))).settings)
    return RuleSet(rules=Rules.load(tmp_path, **chosen))


def test_every_block_is_run() -> None:
    known = {
        "yaml rules", "yaml refused", "yaml config", "yaml event", "text alerts", "json fields", "yaml test",
        "python test", "text explain",
    }  # fmt: skip
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
    assert warnings == example.warnings


@of("yaml refused")
def test_what_is_refused(example: Example, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(example.body)
    (result,) = compile_files([tmp_path / "rules.yaml"], CompileOptions()).results
    assert [found.code for found in result.errors] == [example.about.partition(" ")[2]]


@of("text alerts")
def test_alerts(example: Example, ruleset: RuleSet) -> None:
    assert example.event is not None
    outcome = ruleset.event(example.event)
    shown = "\n".join(f"{alert.priority} {alert.output}" for alert in outcome.alerts) or "no alert"
    assert shown == example.body.strip()


@of("json fields")
def test_fields(example: Example, ruleset: RuleSet) -> None:
    assert example.event is not None
    (alert,) = ruleset.event(example.event).alerts
    assert alert.fields == json.loads(example.body)


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
        assert f"`{key}`" in TEXT or f"  {key}: " in TEXT or key == "append", key
    row = next(line for line in TEXT.splitlines() if line.startswith("| rule | `condition`"))
    assert set(re.findall(r"`(\w+)`", row)) == APPENDABLE["rule"]


def test_the_flags_are_the_entries_that_the_page_shows() -> None:
    rows = dict(re.findall(r"^\| `(-\w) \w+` \| `(.*)` \|$", TEXT, re.M))
    flags = {"-t": Flags(tags=["TAG"]), "-T": Flags(disabled_tags=["TAG"]), "-D": Flags(disabled_names=["TEXT"])}
    assert {flag: selection_flags.entries(given) for flag, given in flags.items()} == {
        flag: msgspec.convert(yaml.safe_load(entries), list[Selection]) for flag, entries in rows.items()
    }


def _titles(page: str) -> set[str]:
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", page, re.M)}


def test_links_lead_somewhere() -> None:
    for page, title in re.findall(r"\]\(([\w.]*)#([^)]*)\)", TEXT):
        assert title in _titles((PAGE.parent / page).read_text() if page else TEXT), (page, title)


def test_the_explain_command_prints_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = next(example for example in EXAMPLES if example.kind == "text explain")
    (tmp_path / "my_rules.yaml").write_text(example.rules[0])
    (tmp_path / "event.yaml").write_text(yaml.safe_dump(example.event))
    arguments = ["rules", "explain", "--rule", "Password store read", "-r", str(tmp_path / "my_rules.yaml")]
    assert status([*arguments, str(tmp_path / "event.yaml")]) == 1
    assert capsys.readouterr().out == example.body
