"""`yarak rules`: commands about rules files. None of them is loaded before it is asked for."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any, Final

import click

COMMANDS: Final = {
    "check": "find what is wrong in rules files",
    "explain": "why a rule fires on an event, or does not",
    "fmt": "lay out the conditions of rules files",
    "list": "the rules of rules files, one line each",
    "plan": "what the kernel filter does for each rule",
    "profile": "where evaluation spends its time",
    "show": "one rule, with everything it is made of",
    "test": "run the tests beside rules files",
}
"""Name of a command, which is the name of its module here and of the command object in it, to what it does."""

USAGE: Final = 2
"""Exit status for a command line that is wrong, be it that it names a file, rule or event that is not there."""


class RulesGroup(click.Group):
    """Finds commands by name in this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(name for name in COMMANDS if find_spec(f"{__name__}.{name}") is not None)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        found = getattr(importlib.import_module(f"{__name__}.{cmd_name}"), "command")  # noqa: B009 - typed Any so
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])

    def make_context(self, *arguments: Any, **more: Any) -> click.Context:
        """A wrong command line ends with status 2 here, unlike elsewhere (cli.md §8)."""
        try:
            return super().make_context(*arguments, **more)
        except click.UsageError as error:
            error.show()
            raise click.exceptions.Exit(USAGE) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, whose wrong arguments end so too."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            error.show()
            return USAGE


@click.group("rules", cls=RulesGroup, invoke_without_command=True)
@click.pass_context
def rules(ctx: click.Context) -> int | None:
    """Check, lay out, list and explain rules files.

    FILE is a rules file or a folder of them. Several are loaded in the order given, as the service loads them.
    """
    if ctx.invoked_subcommand is not None:
        return None
    click.echo(ctx.get_help())
    return 0
