"""Numbers of rules as values of a field's type (rules-language.md, section 10), as the core's own tests have them."""

from __future__ import annotations

import pytest

from yarak.rules import literals


@pytest.mark.parametrize(
    ("text", "type_name", "expected"),
    [
        ("-5", "INT64", -5),
        (" +7", "INT64", 7),
        ("-1", "UINT32", 0xFFFF_FFFF),
        ("-1", "UINT64", (1 << 64) - 1),
        ("257", "UINT8", 1),
        ("200", "INT8", -56),
        ("-1", "ENUMFLAGS16", 0xFFFF),
        ("4294967297", "UID", 1),
        ("99999999999999999999", "INT64", (1 << 63) - 1),
        ("99999999999999999999", "UINT64", (1 << 64) - 1),
        ("3", "DOUBLE", 3),
    ],
)
def test_a_number_is_cut_to_its_type(text: str, type_name: str, expected: int) -> None:
    assert literals.number(text, type_name) == expected
