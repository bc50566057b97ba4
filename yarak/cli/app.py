"""`yarak`: a group of commands in which `run` may be left out."""

from __future__ import annotations

from importlib import import_module

import click

from yarak.cli.run import run

LAZY: dict[str, str] = {
    "rules": "yarak.cli.rules:rules",
    "record": "yarak.cli.record:record",
    "replay": "yarak.cli.replay:replay",
}
"""Commands that are imported when they are asked for: a watch has no use for them."""


class DefaultRun(click.Group):
    """`yarak -r x` means `yarak run -r x`; the group itself has no flags."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in (*self.commands, *LAZY):
            args = [run.name or "run", *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command that is there already, or one of `LAZY`."""
        if cmd_name not in LAZY:
            return super().get_command(ctx, cmd_name)
        module, name = LAZY[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


app: click.Group = DefaultRun(
    name="yarak",
    commands={"run": run},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 140},
)
