from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from yarak.rules.lint.finding import Finding
from yarak.rules.lint.program import Program, load_program
from yarak.rules.lint.run import Selection, findings
from yarak.rules.options import CompileOptions

Lint = Callable[..., list[Finding]]
Load = Callable[..., Program]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads texts as the files 0.yaml, 1.yaml … in order, against the core's listing; keywords are options."""

    def load_them(*texts: str, **options: object) -> Program:
        files = []
        for number, text in enumerate(texts):
            files.append(tmp_path / f"{number}.yaml")
            files[-1].write_text(dedent(text))
        return load_program(files, CompileOptions(**options))  # type: ignore[arg-type]

    return load_them


@pytest.fixture
def lint(load: Load) -> Lint:
    """The findings of some codes (all by default) about texts."""

    def lint_them(*texts: str, select: str = "", **options: object) -> list[Finding]:
        return findings(load(*texts, **options), Selection([select] if select else []))

    return lint_them


@pytest.fixture
def lint_condition(lint: Lint) -> Lint:
    """The findings of one code about one rule with this condition, behind other items."""

    def lint_it(code: str, condition: str, before: str = "") -> list[Finding]:
        rule = f"- rule: r\n  desc: d\n  output: o %proc.name\n  priority: NOTICE\n  condition: {condition}\n"
        return lint(dedent(before) + rule, select=code)

    return lint_it
