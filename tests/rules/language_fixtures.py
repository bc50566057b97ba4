"""Fixtures that compile texts, for the tests of the rules compiler and of the language."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import listing_fixture
import pytest
from rules_helpers import Compile

from yarak.rules import Compiled, CompileOptions, Listing, compile_files


@pytest.fixture(scope="session")
def listing() -> Listing:
    """The syscall source with the container plugin, as the core lists it."""
    return Listing.from_json(**listing_fixture.document("container"))


@pytest.fixture
def compile_texts(listing: Listing, tmp_path: Path) -> Compile:
    """Compiles texts as the files 0.yaml, 1.yaml … in order; keywords are options."""

    def compile_them(*texts: str, **options: Any) -> Compiled:
        files = []
        for number, text in enumerate(texts):
            path = tmp_path / f"{number}.yaml"
            path.write_text(dedent(text))
            files.append(path)
        return compile_files(files, CompileOptions(**options), listing)

    return compile_them


@pytest.fixture
def compile_condition(compile_texts: Compile) -> Compile:
    """Compiles one rule named ``r`` with this condition, after other items given as text."""

    def compile_it(condition: str, before: str = "", **options: Any) -> Compiled:
        rule = f"- rule: r\n  desc: d\n  output: o\n  priority: NOTICE\n  condition: {condition}\n"
        return compile_texts(dedent(before) + rule, **options)

    return compile_it
