"""The columns: what is attached while a workload runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import empty, rules
from bench.watcher import Watcher


@dataclass(frozen=True)
class Setting:
    """`files`: the watcher's rules; none: no watcher. `bare`: the empty program is attached instead."""

    name: str
    files: tuple[Path, ...] = ()
    options: tuple[str, ...] = ()
    bare: bool = False

    @contextmanager
    def in_place(self, object_file: Path) -> Iterator[Watcher | None]:
        """Attach, and detach at the end; gives the watcher, if there is one."""
        if self.bare:
            with empty.attached(object_file):
                yield None
        elif self.files:
            with Watcher(self.files, self.options) as watcher:
                yield watcher.wait()
        else:
            yield None


NOTHING = Setting("nothing")
EMPTY = Setting("empty program", bare=True)
YARAK = Setting("25 rules", rules.STABLE)
SETTINGS = (
    NOTHING,
    EMPTY,
    YARAK,
    Setting("93 rules", rules.ALL),
    Setting("25 rules, filter off", rules.STABLE, ("sensor.kernel_filter=false",)),
)
