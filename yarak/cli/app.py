"""`yarak`: a group of commands in which `run` may be left out."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

DEFAULT: Final = "run"
LAZY: dict[str, str] = {
    DEFAULT: "yarak.cli.run:run",
    "rules": "yarak.cli.rules:rules",
    "record": "yarak.cli.record:record",
    "replay": "yarak.cli.replay:replay",
}
"""Commands, imported when they are asked for: none has a use for the others."""


class DefaultRun(click.Group):
    """`yarak -r x` means `yarak run -r x`; the group itself has no flags."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in LAZY:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of `LAZY`."""
        module, name = LAZY[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


app: click.Group = DefaultRun(
    name="yarak",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 140},
)
