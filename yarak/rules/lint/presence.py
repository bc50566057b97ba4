"""For which events a field can have a value at all (fields-semantics.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..accessors import Resolved, lookup
from ..listing import GENERIC_EVENT, Code, Listing
from ..nodes import FieldRef

NEVER: Final = "legacy-never-extracted"

_FD_FLAGS: Final = frozenset(("USES_FD", "CREATES_FD", "DESTROYS_FD"))
_IO_FLAGS: Final = frozenset(("READS_FROM_FD", "WRITES_TO_FD"))
_ABSOLUTE: Final = frozenset(
    ("renameat", "renameat2", "symlinkat", "openat", "openat2", "open_by_handle_at", "linkat", "unlinkat", "mkdirat",
     "fchmodat", "fchownat")
)  # fmt: skip
_ONE_PATH: Final = frozenset(
    ("mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "open", "openat", "openat2", "chmod", "fchmod", "fchmodat",
     "chown", "lchown", "fchown", "fchownat", "quotactl", "umount", "umount2")
)  # fmt: skip
_TWO_PATHS: Final = frozenset(
    ("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "mount")
)  # fmt: skip
_RESULTS: Final = frozenset(("evt.rawres", "evt.res", "evt.failed", "evt.count.error"))
_EVERYWHERE: Final = frozenset(("fd.types", "fd.uid", "fd.realpath"))


class Presence:
    """Answers for the events of one listing; sets are over ``Listing.codes``."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._fd = self._events(lambda code: bool(_FD_FLAGS & code.event.flags))
        self._sets: dict[str, int] = {
            **dict.fromkeys(_RESULTS, self._events(_has_result)),
            **dict.fromkeys(("fs.path.name", "fs.path.nameraw"), self._named(_ONE_PATH)),
            **dict.fromkeys(
                ("fs.path.source", "fs.path.sourceraw", "fs.path.target", "fs.path.targetraw"), self._named(_TWO_PATHS)
            ),
            "evt.abspath": self._named(_ABSOLUTE),
            "evt.buffer": self._events(lambda code: "data" in code.event.params),
            "evt.io_dir": self._events(lambda code: bool(_IO_FLAGS & code.event.flags)),
            "syscall.type": self._events(lambda code: code.event.kind == "syscall"),
        }

    def _events(self, wanted: Callable[[Code], bool]) -> int:
        return self._listing.select(code for code in self._listing.codes if wanted(code))

    def _named(self, names: frozenset[str]) -> int:
        return self._events(lambda code: code.event.name in names)

    def of(self, ref: FieldRef) -> int:
        """The events for which the field may have a value."""
        found = lookup(self._listing, ref.name, ref.arg)
        if not isinstance(found, Resolved):
            return self._listing.all
        name = found.field.name
        if NEVER in found.field.flags:
            return 0
        if name in ("evt.arg", "evt.rawarg") and found.arg is not None:
            return self._listing.having(found.arg)
        if name.startswith("fd.") and name not in _EVERYWHERE:
            return self._fd
        if name.startswith("fdlist."):
            return self._named(frozenset(("poll", "ppoll")))
        return self._sets.get(name, self._listing.all)


def _has_result(code: Code) -> bool:
    return code.event.kind == "syscall" and code.event.id != GENERIC_EVENT and bool(code.event.params)
