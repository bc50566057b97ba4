"""The order in which a configuration comes together (config.md §1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from yarak.config import check, merge, option, read, tree
from yarak.config.settings import Settings
from yarak.errors import ConfigError

PACKAGE = Path(__file__).resolve().parent.parent
PACKAGED = PACKAGE / "yarak.yaml"
SYSTEM = Path("/etc/yarak/yarak.yaml")


class LoadedFile(msgspec.Struct):
    """A file that was read: `unknown` names its keys that nobody knows."""

    path: Path
    unknown: list[str]


class Loaded(msgspec.Struct):
    """A configuration and what is to be said about it.

    `later`: keys in use that are not built yet. `warnings`: lines for people.
    """

    settings: Settings
    files: list[LoadedFile] = msgspec.field(default_factory=list)
    later: list[str] = msgspec.field(default_factory=list)
    warnings: list[str] = msgspec.field(default_factory=list)


def find(path: str | None) -> Path:
    """The main file: `path`, else the system's, else the packaged one.

    Raises: ConfigError when `path` is given and cannot be read.
    """
    if path is None:
        return SYSTEM if SYSTEM.is_file() else PACKAGED
    try:
        with open(path, encoding="utf-8"):
            return Path(path)
    except OSError:
        raise ConfigError(f"Could not find configuration file at {path}") from None


def load(main: Path, options: Sequence[str] = ()) -> Loaded:
    """Read the main file, its `config_files`, then `-o`; later ones win.

    Raises: ConfigError.
    """
    loaded = Loaded(Settings())
    document = tree.read_file(main)
    if main == PACKAGED:
        document["rules_files"] = _packaged_rules(document["rules_files"])
    _note(loaded, main, document)
    parsed = [option.parse(text) for text in options]
    for chosen in parsed:
        if chosen.top == "config_files":
            option.apply(document, chosen)
    for path, content, strategy in list(merge.included(document, main)):
        _note(loaded, path, content)
        merge.merge(document, content, strategy)
    _apply_options(loaded, document, [chosen for chosen in parsed if chosen.top != "config_files"])
    loaded.settings = read.read(document, loaded.warnings)
    _check_rules_files(loaded, document)
    return loaded


def _packaged_rules(entries: tree.Node) -> tree.Node:
    """Relative entries of the packaged file are the package's own."""
    return [str(PACKAGE / str(entry)) for entry in entries]


def _note(loaded: Loaded, path: Path, document: dict[str, tree.Node]) -> None:
    findings = check.inspect(document)
    loaded.files.append(LoadedFile(path, findings.unknown))
    loaded.warnings += [f"{path}: unknown configuration key '{name}' is ignored" for name in findings.unknown]
    loaded.later += [name for name in findings.later if name not in loaded.later]


def _apply_options(loaded: Loaded, document: dict[str, tree.Node], options: list[option.Option]) -> None:
    for chosen in options:
        option.apply(document, chosen)
        alone: dict[str, tree.Node] = {}
        names = [step for step in chosen.steps if isinstance(step, str)]
        option.apply(alone, option.Option(tuple(names), chosen.value))
        findings = check.inspect(alone)
        loaded.warnings += [f"-o: unknown configuration key '{name}' is ignored" for name in findings.unknown]
        loaded.later += [name for name in findings.later if name not in loaded.later]


def _check_rules_files(loaded: Loaded, document: dict[str, tree.Node]) -> None:
    settings = loaded.settings
    if "rules_file" not in document:
        return
    if "rules_files" in document:
        raise ConfigError("rules_files and its deprecated name rules_file are both set")
    loaded.warnings.append("rules_file is deprecated: use rules_files")
    settings.rules_files = settings.rules_file
