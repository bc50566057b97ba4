"""The list of all keys, computed from the declarations in `settings` and `later`."""

from __future__ import annotations

import functools
from typing import Annotated, Any, get_args, get_origin

import msgspec

from yarak.config import later
from yarak.config.meta import merged
from yarak.config.settings import Settings


class Key(msgspec.Struct, frozen=True):
    """One key: dotted `name`, Python `type`, `default`, description, whether it has an effect yet."""

    name: str
    type: Any
    default: Any
    description: str
    fatal: bool = False
    fold: bool = False
    built: bool = True


class StructField(msgspec.Struct, frozen=True):
    """A struct's member: bare type without metadata, and the metadata."""

    name: str
    annotation: Any
    bare: Any
    description: str
    fatal: bool
    fold: bool
    default: Any


@functools.cache
def members(struct: type[msgspec.Struct]) -> tuple[StructField, ...]:
    """The members of a settings struct, in order of declaration."""
    return tuple(_member(info) for info in msgspec.structs.fields(struct))


def _member(info: msgspec.structs.FieldInfo) -> StructField:
    bare, metas = info.type, ()
    if get_origin(info.type) is Annotated:
        bare, *rest = get_args(info.type)
        metas = tuple(rest)
    default = info.default if info.default_factory is msgspec.NODEFAULT else info.default_factory()
    return StructField(info.name, info.type, bare, *merged(metas), default)


def is_struct(kind: Any) -> bool:
    """Whether `kind` is a section, that is a mapping with keys of its own."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


@functools.cache
def all_keys() -> dict[str, Key]:
    """Every key by dotted name, sorted; sections themselves are not listed."""
    found = list(_walk(Settings, ""))
    found += [Key(name, Any, None, text, built=False) for name, text in later.KEYS.items()]
    return {key.name: key for key in sorted(found, key=lambda key: key.name)}


def _walk(struct: type[msgspec.Struct], prefix: str) -> list[Key]:
    found: list[Key] = []
    for member in members(struct):
        name = prefix + member.name
        if is_struct(member.bare):
            found += _walk(member.bare, f"{name}.")
        else:
            found.append(Key(name, member.bare, member.default, member.description, member.fatal, member.fold))
    return found


def sections() -> frozenset[str]:
    """Dotted names of the mappings that hold keys: `engine`, `engine.modern_ebpf` …"""
    return frozenset(name[:index] for name in all_keys() for index, letter in enumerate(name) if letter == ".")
