"""Points in time as people write them on a command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

NS: Final = 1_000_000_000
EPOCH_FROM: Final = 100_000_000
"""A bare number of seconds is a span below this, and a point since 1970 from here on."""

_UNITS: Final = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": NS, "m": 60 * NS, "h": 3600 * NS, "d": 86_400 * NS}
_SPAN: Final = re.compile(r"\+?(\d+(?:\.\d+)?)(ns|us|ms|s|m|h|d)?")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?")
_DATE: Final = re.compile(r"(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})?")

FORMS: Final = "10s, 5m, 1h (since the first event), HH:MM:SS (local), 2026-01-31T12:00:00[Z], seconds since 1970"


def parse(text: str) -> dict[str, int]:
    """`{"after": ns}` since the first event, `{"at": ns}` since 1970, or `{"clock": ns}` since local midnight.

    Raises: ValueError for anything else.
    """
    text = text.strip()
    if span := _SPAN.fullmatch(text):
        return _span(Decimal(span[1]), span[2], relative=text.startswith("+"))
    if clock := _CLOCK.fullmatch(text):
        return {"clock": _clock(clock)}
    if date := _DATE.fullmatch(text):
        return {"at": _date(date)}
    raise ValueError(f"'{text}' is no time: {FORMS}")


def _span(number: Decimal, unit: str | None, *, relative: bool) -> dict[str, int]:
    try:
        ns = int(number * _UNITS[unit or "s"])
    except (InvalidOperation, OverflowError):
        raise ValueError(f"'{number}' is too large for a time") from None
    if ns >= 1 << 64:
        raise ValueError(f"'{number}' is too large for a time")
    return {"at": ns} if unit is None and not relative and number >= EPOCH_FROM else {"after": ns}


def _clock(match: re.Match[str]) -> int:
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
    if hours > 23 or minutes > 59 or seconds > 60:
        raise ValueError(f"'{match[0]}' is no time of day")
    return ((hours * 60 + minutes) * 60 + seconds) * NS + _fraction(match[4])


def _date(match: re.Match[str]) -> int:
    zone = (match[3] or "").replace("Z", "+00:00")
    moment = datetime.fromisoformat(match[1] + zone)
    # Without a zone it is local time, as `evt.time` shows it.
    whole = moment.astimezone(UTC).replace(microsecond=0)
    seconds = int((whole - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    if seconds < 0:
        raise ValueError(f"'{match[0]}' is before 1970")
    return seconds * NS + _fraction(match[2])


def _fraction(text: str | None) -> int:
    return int(text[1:].ljust(9, "0")) if text else 0
