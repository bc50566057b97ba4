"""The stub of the core against the built module."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any

import pytest

STUB = Path(__file__).resolve().parents[2] / "yarak" / "_core.pyi"


@pytest.fixture(scope="module")
def core() -> Any:
    try:
        from yarak import _core
    except ImportError as error:
        assert os.environ.get("CI") != "true", str(error)
        pytest.skip(f"the core is not built: {error}")
    return _core


def declared() -> dict[str, ast.stmt]:
    body = ast.parse(STUB.read_text()).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def test_every_function_and_class_of_the_stub_exists_and_no_other(core: Any) -> None:
    described = {name for name, node in declared().items() if not is_typed_dict(node)}
    built = {name for name in vars(core) if not name.startswith("__")}
    assert described == built


def is_typed_dict(node: ast.stmt) -> bool:
    bases = {base.id for base in node.bases if isinstance(base, ast.Name)} if isinstance(node, ast.ClassDef) else set()
    return bool(bases & {"TypedDict", "_Field", "_FieldClass"})


@pytest.mark.parametrize("name", ["Sensor", "Alert", "Replay", "Trial"])
def test_classes_have_the_members_of_the_stub(core: Any, name: str) -> None:
    node = declared()[name]
    assert isinstance(node, ast.ClassDef)
    members = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
    assert {member for member in members if not hasattr(getattr(core, name), member)} == set()


@pytest.mark.parametrize(
    ("listing", "typed"),
    [("fields", "_Field"), ("events", "EventInfo"), ("syscalls", "SyscallInfo"), ("errors", "ErrorInfo")],
)
def test_listings_have_the_keys_of_the_stub(core: Any, listing: str, typed: str) -> None:
    node = declared()[typed]
    assert isinstance(node, ast.ClassDef)
    keys = {
        item.target.id for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    }
    entries = getattr(core, listing)()
    assert entries
    for entry in entries:
        assert keys <= set(entry), entry


def test_errors_carry_code_message_and_hint(core: Any) -> None:
    with pytest.raises(core.CoreError) as caught:
        core.check_plan(b"{}")
    assert caught.value.code
    assert caught.value.message
    assert isinstance(caught.value.hint, str)
