"""What can be wrong with a test, as opposed to what a test finds."""

from __future__ import annotations

from yarak.errors import YarakError


class TestError(YarakError):
    """A test, or an event in it, cannot be understood."""

    __test__ = False  # pytest collects classes by name
    exit_code = 2
