"""Which rules files a list of paths means."""

from __future__ import annotations

from pathlib import Path

import pytest

from yarak.config import rules_files
from yarak.errors import RulesError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.yaml", "a.yml", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "sub.yaml").mkdir()
    (tmp_path / "sub.yaml" / "c.yaml").touch()
    return tmp_path


def test_folder_gives_its_rules_files_alphabetically_and_not_those_below(folder: Path) -> None:
    assert rules_files.from_config([str(folder)]) == [folder / "a.yml", folder / "b.yaml"]


def test_order_is_kept_and_missing_or_other_files_are_left_out(folder: Path) -> None:
    entries = [str(folder / name) for name in ("b.yaml", "none.yaml", "notes.txt", "a.yml")]
    assert rules_files.from_config(entries) == [folder / "b.yaml", folder / "a.yml"]


def test_missing_path_on_the_command_line_is_fatal(folder: Path) -> None:
    with pytest.raises(RulesError, match=f"^Could not open file {folder}/none.yaml for reading$"):
        rules_files.from_command_line([f"{folder}/none.yaml"])
