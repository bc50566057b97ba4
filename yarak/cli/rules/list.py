"""`yarak rules list`: one line for each rule."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from yarak.cli.rules.loading import loaded, with_files

if TYPE_CHECKING:
    from yarak.rules.inventory import Account

_MANY: Final = 4


@click.command("list")
@with_files
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only rules with this tag. May be repeated.")
def command(files: tuple[Path, ...], config: str | None, form: str, tags: tuple[str, ...]) -> int:
    """List rules: priority, name, event types, tags, where they are defined.

    FILE is a rules file or a folder of them. Without any, the configured rules are listed. A rule that does not run
    (it is disabled, or its priority too low) is marked with a dash.

    The exit status is 0, 1 if the rules have errors, 2 for a wrong command line.

    \b
    Examples:
      yarak rules list
      yarak rules list my_rules.yaml --tag network
      yarak rules list --format json rules/ | jq '.[].name'
    """
    from yarak.rules.inventory import accounts

    found = [one for one in accounts(loaded(files, config)) if set(tags) <= one.rule.item.tags]
    if form == "json":
        click.echo(json.dumps([one.as_json() for one in found], indent=2, ensure_ascii=False))
    elif found:
        click.echo("\n".join(columns([_row(one) for one in found])))
    return 0


def _row(one: Account) -> tuple[str, ...]:
    from yarak.rules import priority

    item = one.rule.item
    events = ", ".join(one.events) if len(one.events) <= _MANY else f"{len(one.events)} event types"
    where = f"{Path(item.place.file).name}:{item.place.line + 1}"
    mark = " " if one.enabled else "-"
    return mark, priority.NAMES[item.priority], item.name, events or item.source, where, " ".join(sorted(item.tags))


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines, each column as wide as its longest cell."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
