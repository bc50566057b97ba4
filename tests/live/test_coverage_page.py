"""docs/coverage.md says what the cases say."""

from __future__ import annotations

from coverage_page import PAGE, page


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run: python tests/live/coverage_page.py"
