"""What a load is asked for, apart from the files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from .listing import Listing


class CompileOptions(msgspec.Struct):
    """Settings of a load; names and values as in the configuration.

    ``priority`` keeps rules of this number and below. ``rules`` are the selection entries and ``append_output`` the
    entries of those configuration keys. ``sources`` are the event sources available, ``plugins`` the loaded plugins
    by name with their versions. ``all_syscalls`` also captures the calls that are ignored by default. ``profile`` has
    the core count and time evaluation. ``kernel`` is for a live sensor: it needs the tables of the kernel's filter.
    """

    priority: int = 7
    rule_matching: str = "first"
    paths_match: str = "both"
    append_output: list[dict[str, Any]] = msgspec.field(default_factory=list)
    rules: list[dict[str, Any]] = msgspec.field(default_factory=list)
    sources: list[str] = msgspec.field(default_factory=lambda: ["syscall"])
    plugins: dict[str, str] = msgspec.field(default_factory=dict)
    static_fields: dict[str, str] = msgspec.field(default_factory=dict)
    all_syscalls: bool = False
    profile: bool = False
    kernel: bool = True

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> CompileOptions:
        """Options from a JSON object. Raises ValueError for a key that is none."""
        known = set(cls.__struct_fields__)
        unknown = sorted(set(document) - known)
        if unknown:
            raise ValueError(f"unknown compile options: {', '.join(unknown)}")
        return cls(**document)

    def completed(self, listing: Listing) -> Listing:
        """The listing with what the configuration and the loaded plugins add to it."""
        return listing.with_static_fields(self.static_fields).with_async_events(self.loaded_plugins())

    def loaded_plugins(self) -> dict[str, str]:
        """The loaded plugins, the built-in container plugin among them."""
        return {**BUILT_IN_PLUGINS, **self.plugins}


BUILT_IN_PLUGINS = {"container": "0.7.1"}
"""Plugins whose work the core does itself, with the version they stand for."""
