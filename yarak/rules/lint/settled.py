"""Checks that the event's type alone settles (fields-semantics.md, section 1)."""

from __future__ import annotations

from typing import Final

from ..listing import Listing
from ..nodes import Check, FieldRef

_ALWAYS_THERE: Final = frozenset(
    ("evt.num", "evt.type", "evt.dir", "evt.count", "evt.time", "evt.time.s", "evt.time.ns", "evt.time.iso8601",
     "evt.datetime", "evt.datetime.s", "evt.rawtime", "evt.rawtime.s", "evt.rawtime.ns")
)  # fmt: skip


def settled(check: Check, listing: Listing) -> int | None:
    """The events (over ``Listing.codes``) for which the check is true; it is false for the others.

    None where more than the type decides.
    """
    if not isinstance(check.lhs, FieldRef) or check.lhs.arg is not None or check.rhs is not None:
        return None
    if check.op == "exists":
        return listing.all if check.lhs.name in _ALWAYS_THERE else None
    if check.lhs.name != "evt.dir" or check.modifier is not None or check.op not in ("=", "!=", "in", "intersects"):
        return None
    wanted = {value.text for value in check.values}
    return listing.select(code for code in listing.codes if (_direction(code.event.id) in wanted) != (check.op == "!="))


def _direction(event: int) -> str:
    """Beginnings of calls are not delivered, so that only events that are no call have even ids."""
    return "<" if event % 2 else ">"
