"""`yarak`: a group of commands in which `run` may be left out."""

from __future__ import annotations

import click

from yarak.cli.run import run


class DefaultRun(click.Group):
    """`yarak -r x` means `yarak run -r x`; the group itself has no flags."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in self.commands:
            args = [run.name or "run", *args]
        return super().parse_args(ctx, args)


app: click.Group = DefaultRun(
    name="yarak",
    commands={"run": run},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 140},
)
