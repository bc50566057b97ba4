"""The registry against the declarations, the packaged file and the specification."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from yarak.config import later, registry, tree
from yarak.config.loading import PACKAGED
from yarak.config.schema import schema

SHARED = Path(os.environ.get("YARAK_SHARED", Path(__file__).resolve().parents[3] / "shared"))


def test_every_key_is_described() -> None:
    assert [key.name for key in registry.all_keys().values() if not key.description] == []


def test_a_key_is_either_built_or_later() -> None:
    built = {name for name, key in registry.all_keys().items() if key.built}
    assert [name for name in later.KEYS if any(key == name or key.startswith(f"{name}.") for key in built)] == []


def test_every_key_of_the_packaged_file_shows_its_default_or_the_shipped_value() -> None:
    shipped = {
        "config_files", "rules_files", "append_output", "load_plugins", "stdout_output.enabled",
        "syslog_output.enabled", "file_output.filename", "log_stderr", "syscall_event_drops.actions",
        "falco_libs.snaplen",
    }  # fmt: skip
    for name, value in flat(tree.read_file(PACKAGED)).items():
        default = registry.all_keys()[name].default
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        if name not in shipped:
            assert float(value) == default if isinstance(default, float) else value == shown, name


def flat(node: object, prefix: str = "") -> dict[str, str]:
    if not isinstance(node, dict):
        return {prefix[:-1]: str(node)}
    found: dict[str, str] = {}
    for name, item in node.items():
        found |= flat(item, f"{prefix}{name}.")
    return found


def test_schema_names_every_key() -> None:
    document = json.loads(schema())
    properties = document["definitions"]["Settings"]["properties"]
    assert set(properties) == {name.split(".")[0] for name in registry.all_keys()}
    assert "kmod" in document["definitions"]["Engine"]["properties"]
    assert not schema().endswith("\n")


def test_every_key_of_the_specification_is_known() -> None:
    page = SHARED / "spec" / "config.md"
    if not page.is_file():
        assert os.environ.get("CI") != "true", f"{page} is missing"
        pytest.skip(f"{page} is not here")
    unknown = [name for name in specified(page.read_text()) if not name.startswith("/") and not known(name)]
    assert unknown == []


def specified(page: str) -> list[str]:
    """Keys of the tables in section 2: a row's first cell, with `.b` short for the first key's section."""
    names: list[str] = []
    for row in re.findall(r"^\| (`[^|]+`) \|", page.split("\n## 3")[0].split("\n## 2")[1], re.M):
        first = ""
        for name in re.findall(r"`([^`]+)`", row):
            first = first or name
            names.append(name if not name.startswith(".") else first.rsplit(".", 1)[0] + name)
    return names


def known(name: str) -> bool:
    return name in registry.all_keys() or any(name == part or name.startswith(f"{part}.") for part in later.KEYS)
