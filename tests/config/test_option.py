"""`-o key=value`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yarak.config import option
from yarak.errors import ConfigError


def applied(document: dict[str, Any], *texts: str) -> dict[str, Any]:
    for text in texts:
        option.apply(document, option.parse(text))
    return document


def test_dotted_keys_make_maps() -> None:
    assert applied({}, "a.b.c=1") == {"a": {"b": {"c": "1"}}}


def test_value_begins_after_the_first_equals_sign() -> None:
    assert applied({}, "a=b=c") == {"a": "b=c"}


def test_lists() -> None:
    assert applied({"a": ["x", "y"]}, "a[0]=z", "a[]=w", "b[]=1", "c[0].d=2") == {
        "a": ["z", "y", "w"],
        "b": ["1"],
        "c": [{"d": "2"}],
    }


def test_braces_are_a_map_and_brackets_are_text() -> None:
    assert applied({}, "a={b: 1, c: [2]}", "d=[1,2]") == {"a": {"b": "1", "c": ["2"]}, "d": "[1,2]"}


def test_escapes() -> None:
    assert applied({}, r"a\.b.c\[0\]\\=1") == {"a.b": {"c[0]\\": "1"}}


@pytest.mark.parametrize(
    "text", ["a", "=1", "a[x]=1", "a[=1", "a[1=2", r"a\n=1", "a\\=1", "a..b=1", "a[0]b=1", "a[99]=1", ".a=1"]
)
def test_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        applied({}, text)


def test_bad_index_says_what_was_found() -> None:
    with pytest.raises(ConfigError, match=r"^expected a numeric index, found 'x'$"):
        option.parse("a[x]=1")


@given(st.text(max_size=40))
def test_any_text_is_either_read_or_refused(text: str) -> None:
    try:
        parsed = option.parse(text)
    except ConfigError:
        return
    assert parsed.steps
    assert isinstance(parsed.top, str)
