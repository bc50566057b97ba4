"""What the command line says about a run."""

from __future__ import annotations

import msgspec


class Flags(msgspec.Struct, frozen=True):
    """Flags of `yarak run` (cli.md §1) that the service looks at."""

    config: str | None = None
    rules: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    disabled_tags: tuple[str, ...] = ()
    disabled_names: tuple[str, ...] = ()
    dry_run: bool = False
    pidfile: str | None = None
    unbuffered: bool = False
    verbose: bool = False
    seconds: int = 0
    """End after this many seconds; 0: never."""
    print_format: str | None = None
    command_line: tuple[str, ...] = ()
