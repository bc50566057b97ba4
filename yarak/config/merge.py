"""`config_files`: further files, merged into the main one by top-level key (config.md §1)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from yarak.config import tree
from yarak.config.tree import Node
from yarak.errors import ConfigError


def included(document: dict[str, Node], main: Path) -> Iterator[tuple[Path, dict[str, Node], str]]:
    """(path, document, strategy) of every file that `config_files` means, in order; missing paths are skipped.

    Raises: ConfigError when a file includes itself, or further files.
    """
    for path, strategy in _entries(document.get("config_files")):
        for file in _files(path):
            if file.resolve() == main.resolve():
                raise ConfigError(f"{file}: the main configuration file must not be among its own config_files")
            content = tree.read_file(file)
            if "config_files" in content:
                raise ConfigError(f"{file}: an included file must not have config_files of its own")
            yield file, content, strategy


def _entries(node: Node | None) -> Iterator[tuple[Path, str]]:
    for entry in node if isinstance(node, list) else [node] if node else []:
        if isinstance(entry, str):
            yield Path(entry), "append"
        elif isinstance(entry, dict) and isinstance(path := entry.get("path"), str):
            yield Path(path), str(entry.get("strategy", "append"))
        else:
            raise ConfigError("config_files: an entry must be a path or a mapping with a 'path'")


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(entry for entry in path.iterdir() if entry.is_file())
    return [path] if path.exists() else []


def merge(document: dict[str, Node], other: dict[str, Node], strategy: str) -> None:
    """Merge `other` into `document`: `append` (and unknown words), `override`, `add-only`; maps are replaced whole."""
    for name, node in other.items():
        present = document.get(name)
        if strategy == "add-only" and present is not None:
            continue
        if strategy not in ("override", "add-only") and isinstance(present, list) and isinstance(node, list):
            present.extend(node)
        else:
            document[name] = node
