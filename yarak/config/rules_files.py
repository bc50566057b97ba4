"""Which rules files a list of paths means (config.md §2, cli.md §1 `-r`)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from yarak.errors import RulesError

SUFFIXES = (".yaml", ".yml")
NO_RULES = "You must specify at least one rules file/directory via -r or a rules_file entry in yarak.yaml"


def from_config(entries: Iterable[str]) -> list[Path]:
    """Files for `rules_files` entries; missing ones are left out."""
    return [file for entry in entries for file in _files(Path(entry))]


def from_command_line(entries: Iterable[str]) -> list[Path]:
    """Files for `-r`.

    Raises: RulesError for a path that does not exist.
    """
    paths = [Path(entry) for entry in entries]
    for path in paths:
        if not path.exists():
            raise RulesError(f"Could not open file {path} for reading")
    return [file for path in paths for file in _files(path)]


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(entry for entry in path.iterdir() if _is_rules_file(entry) and not _is_test(entry))
    return [path] if _is_rules_file(path) else []


def _is_rules_file(path: Path) -> bool:
    return path.suffix in SUFFIXES and path.is_file()


def _is_test(path: Path) -> bool:
    """Tests may lie beside the rules that they test: `NAME.test.yaml`."""
    return path.stem.endswith(".test")
