"""Environment variables in configuration files."""

from __future__ import annotations

import pytest

from yarak.config import tree
from yarak.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("${A}", "1"),
        ("x${A}y${B}z", "x1y2z"),
        ("${MISSING}", ""),
        ("$${A}", "${A}"),
        ("$${A}${B}", "${A}2"),
        ("$A ${B}", "$A ${B}"),
        ("${A", "${A"),
        ("${NESTED}", "1!"),
    ],
)
def test_expansion(monkeypatch: pytest.MonkeyPatch, text: str, expected: str) -> None:
    monkeypatch.setenv("A", "1")
    monkeypatch.setenv("B", "2")
    monkeypatch.setenv("NESTED", "${A}!")
    monkeypatch.delenv("MISSING", raising=False)
    assert tree.expand_text(text) == expected


def test_expansion_reaches_nested_values_and_leaves_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "1")
    assert tree.expand({"${A}": ["${A}", {"k": "${A}"}]}) == {"${A}": ["1", {"k": "1"}]}


def test_endless_expansion_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOP", "${LOOP}")
    with pytest.raises(ConfigError, match="without end"):
        tree.expand_text("${LOOP}")


def test_scalars_keep_their_spelling() -> None:
    assert tree.parse("a: 010\nb: yes\nc: 1.0\nd:", "x") == {"a": "010", "b": "yes", "c": "1.0", "d": ""}
