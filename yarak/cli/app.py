"""`yarak`: a group of commands in which `run` may be left out."""

from __future__ import annotations

import click

from yarak.cli.run import run


class DefaultRun(click.Group):
    """`yarak -r x` means `yarak run -r x`; the group itself has no flags."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "rules"):
            args = [run.name or "run", *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """`yarak rules` is imported when it is asked for: a watch has no use for it."""
        if cmd_name != "rules":
            return super().get_command(ctx, cmd_name)
        from yarak.cli.rules import rules

        return rules


app: click.Group = DefaultRun(
    name="yarak",
    commands={"run": run},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 140},
)
