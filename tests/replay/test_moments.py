"""Points in time as people write them."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from yarak import moments
from yarak.moments import NS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10s", {"after": 10 * NS}),
        ("+10", {"after": 10 * NS}),
        ("2.5", {"after": 2_500_000_000}),
        ("250ms", {"after": 250_000_000}),
        ("1h", {"after": 3600 * NS}),
        ("+1700000000", {"after": 1_700_000_000 * NS}),
        ("1700000000.000000001", {"at": 1_700_000_000 * NS + 1}),
        ("2023-11-14T22:13:20Z", {"at": 1_700_000_000 * NS}),
        ("2023-11-14 23:13:20.5+01:00", {"at": 1_700_000_000 * NS + 500_000_000}),
        ("12:30:15.25", {"clock": (12 * 3600 + 30 * 60 + 15) * NS + 250_000_000}),
        ("00:01", {"clock": 60 * NS}),
    ],
)
def test_every_form(text: str, expected: dict[str, int]) -> None:
    assert moments.parse(text) == expected


def test_a_date_without_a_zone_is_local() -> None:
    local = datetime.fromtimestamp(1_700_000_000).isoformat()
    assert moments.parse(local) == {"at": 1_700_000_000 * NS}, time.tzname


@pytest.mark.parametrize(
    "text", ["", "noon", "25:00", "12:60", "-5s", "1700000000000000000000", "1960-01-01T00:00:00Z"]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|1970"):
        moments.parse(text)
