"""The core's listings, for commands that print them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yarak.errors import YarakError

if TYPE_CHECKING:
    from yarak._core import EventInfo, FieldInfo, SyscallInfo


@dataclass(frozen=True)
class Listings:
    """What the core knows by name."""

    fields: Callable[[], list[FieldInfo]]
    events: Callable[[], list[EventInfo]]
    syscalls: Callable[[], list[SyscallInfo]]


def core() -> Listings:
    """Raises: YarakError when the core is not built."""
    try:
        from yarak import _core
    except ImportError as error:
        raise YarakError(f"Yarak's core cannot be loaded: {error}", hint="Build it with: make build") from None
    return Listings(_core.fields, _core.events, _core.syscalls)
