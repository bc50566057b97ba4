"""Events that userspace learns from beside those that rules are about: they tell what outputs show of others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from .compile_rules import shown_uses
from .events import Inference
from .expand import Expanded
from .grammar import parser
from .kernel_filter import Need
from .source import Text

if TYPE_CHECKING:
    from .compile_rules import CompiledRule
    from .listing import Listing

HOST_NAMES: Final = "host names in outputs"
"""Stands for a rule where answers of name servers are wanted."""
_ANSWERS: Final = "evt.type in (recvfrom, recvmsg, recvmmsg) and fd.port = 53 and evt.rawres > 0"
"""Not read, which would have every read looked at."""


def feeds(rules: Iterable[CompiledRule], listing: Listing) -> list[Need]:
    """What the outputs of these rules need from the kernel."""
    names = {use.name for rule in rules for use in shown_uses(rule)}
    shown = [listing.fields[name] for name in names if name in listing.fields]
    if not any("host-name" in field.flags for field in shown):
        return []
    condition = parser().condition(Expanded(_ANSWERS, Text(_ANSWERS, [(0, None)]), []))
    return [Need(HOST_NAMES, Inference(listing).of(condition), condition)]
