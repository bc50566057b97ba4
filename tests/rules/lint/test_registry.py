"""The registry describes itself truly: codes, files, documentation, and one firing and one silent case each."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from yarak.rules.lint import docs, lints
from yarak.rules.lint.finding import Finding
from yarak.rules.lint.lint import Lint
from yarak.rules.lint.program import Program, load_program
from yarak.rules.lint.registry import BY_CODE, LINTS
from yarak.rules.lint.run import Selection, findings
from yarak.rules.options import CompileOptions

ROOT = Path(__file__).resolve().parents[3]
each = pytest.mark.parametrize("entry", LINTS, ids=lambda entry: f"{entry.code}-{entry.name}")


def test_codes_are_sorted_and_distinct() -> None:
    codes = [lint.code for lint in LINTS]
    assert codes == sorted(BY_CODE) and len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"YK[1-5]0\d", code) for code in codes)


def test_one_lint_per_file_named_after_it() -> None:
    files = {path.stem for path in Path(lints.__path__[0]).glob("*.py")} - {"__init__"}
    assert files == {lint.name.replace("-", "_") for lint in LINTS}


@each
def test_is_documented(entry: Lint) -> None:
    assert entry.summary.endswith(".") and len(entry.why.split()) > 10


def test_the_page_is_up_to_date() -> None:
    """Remedy: python -m yarak.rules.lint.docs > docs/lints.md"""
    assert (ROOT / "docs" / "lints.md").read_text() == docs.page()


@each
def test_has_a_section_of_the_page_with_both_examples(entry: Lint) -> None:
    page = (ROOT / "docs" / "lints.md").read_text()
    section = page.partition(f"## {entry.code} {entry.name}\n")[2].partition("\n## ")[0]
    assert f"(#{entry.code.lower()}-{entry.name})" in page
    assert entry.why in section and entry.fires in section and entry.silent in section


@each
def test_is_selected_and_ignored_by_its_code(entry: Lint, load: Callable[..., Program]) -> None:
    program = load(entry.fires)
    assert {found.code for found in findings(program, Selection([entry.code]))} == {entry.code}
    assert entry.code not in {found.code for found in findings(program, Selection(ignore=[entry.code]))}


@each
def test_speaks_about_its_first_example(entry: Lint, lint: Callable[..., list[Finding]]) -> None:
    found = lint(entry.fires)
    assert entry.code in {finding.code for finding in found}
    assert not any(finding.is_error for finding in found)


@each
def test_is_silent_about_its_second_example_as_are_all(entry: Lint, lint: Callable[..., list[Finding]]) -> None:
    assert lint(entry.silent) == []


def test_every_rule_of_a_firing_example_is_told_about(lint: Callable[..., list[Finding]]) -> None:
    found = lint(BY_CODE["YK203"].fires, select="YK203")
    assert len(found) == 2


def test_our_own_rules_are_clean() -> None:
    assert findings(load_program([ROOT / "rules" / "yarak_rules.yaml"], CompileOptions()), Selection()) == []
