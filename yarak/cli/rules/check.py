"""`yarak rules check`: errors, warnings and lints of rules files, all at once."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from yarak.cli.rules.loading import load, with_files

_FORMATS = ("text", "json", "github", "sarif")


@click.command("check")
@with_files
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True, help="Form.")
@click.option("--select", multiple=True, metavar="CODES", help="Tell about these codes, or codes that begin so, alone.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Do not tell about these codes; errors are always told.")
def command(
    files: tuple[Path, ...], config: str | None, form: str, select: tuple[str, ...], ignore: tuple[str, ...]
) -> int:
    """Find what is wrong in rules files: everything at once.

    FILE is a rules file or a folder of them; several are loaded in this order, as the service does. Without any, the
    configured rules are checked. Errors (LOAD_ERR_…) keep a rule from loading. Warnings (LOAD_…) and lints (YK…) are
    about rules that load, but are hardly meant so; docs/lints.md explains each.

    The exit status is 0 if there is nothing to tell, 1 if there is, 2 for a wrong command line.

    \b
    Examples:
      yarak rules check my_rules.yaml
      yarak rules check falco_rules.yaml falco_rules.local.yaml --ignore YK3,LOAD_UNUSED
      yarak rules check --select YK101,YK103 my_rules.yaml
      yarak rules check --format sarif rules/ > rules.sarif
    """
    from yarak.cli import color
    from yarak.cli.rules.formats import FORMATS
    from yarak.rules.lint.run import Selection, findings

    try:
        selection = Selection(select, ignore)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    program = load(files, config)
    found = findings(program, selection)
    colored = color.is_wanted(sys.stdout)
    text = FORMATS[form](found, program.files, colored)
    if text:
        click.echo(text, color=colored)
    return int(bool(found))
