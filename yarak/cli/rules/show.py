"""`yarak rules show`: one rule with everything it is made of."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from yarak.cli.rules import USAGE
from yarak.cli.rules.list import columns
from yarak.cli.rules.loading import loaded, with_files

if TYPE_CHECKING:
    from yarak.rules.inventory import Account, Part
    from yarak.rules.items import Change
    from yarak.rules.position import Place

_WIDTH: Final = 100
_INDENT: Final = "  "


@click.command("show")
@click.argument("name")
@with_files
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form.")
def command(name: str, files: tuple[Path, ...], config: str | None, form: str) -> int:
    """Show the rule NAME: its condition as written and expanded, event types, fields, tags, where every macro and list
    in it came from, and which later items changed what.

    FILE is a rules file or a folder of them. Without any, the rule is looked for among the configured ones.

    The exit status is 0, 1 if the rules have errors, 2 if there is no such rule or the command line is wrong.

    \b
    Examples:
      yarak rules show "Shell started by a network service"
      yarak rules show "Terminal shell in container" falco_rules.yaml --format json
    """
    from yarak.rules.inventory import accounts
    from yarak.rules.suggest import did_you_mean

    known = {one.rule.item.name: one for one in accounts(loaded(files, config))}
    if name not in known:
        hint = did_you_mean(name, known)
        click.echo(f"There is no rule '{name}'{f': {hint}' if hint else ''}", err=True)
        return USAGE
    one = known[name]
    click.echo(json.dumps(one.as_json(), indent=2, ensure_ascii=False) if form == "json" else "\n".join(_lines(one)))
    return 0


def _lines(one: Account) -> Iterator[str]:
    from yarak.rules import priority

    item = one.rule.item
    state = "" if one.enabled else ", does not run"
    yield item.name
    yield f"{_INDENT}{_where(item.place)}, {priority.NAMES[item.priority]}, {item.source}{state}"
    yield from (f"{_INDENT}{text}" for text in _changes(item.changes))
    yield from _wrapped(item.description.split())
    yield from _section("Condition", one.written)
    yield from _section("Expanded", one.expanded)
    yield from _section("Output", textwrap.wrap(item.output.value, _WIDTH - len(_INDENT)))
    yield from _words("Event types", one.events or [f"all of source {item.source}"])
    yield from _words("Fields", one.fields)
    yield from _words("Fields of the output", one.output_fields)
    yield from _words("Tags", sorted(item.tags))
    yield from _words("Exceptions", [entry.name for entry in item.exceptions])
    yield from _parts("Macros", one.macros)
    yield from _parts("Lists", one.lists)


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield from ("", f"{title}:")
        yield from (f"{_INDENT}{line}" for line in found)


def _words(title: str, words: list[str]) -> Iterator[str]:
    return _section(title, textwrap.wrap(", ".join(words), _WIDTH - len(_INDENT), break_on_hyphens=False))


def _wrapped(words: list[str]) -> Iterator[str]:
    yield from textwrap.wrap(" ".join(words), _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)


def _parts(title: str, parts: list[Part]) -> Iterator[str]:
    rows = [(part.name, ", ".join((_where(part.place), *_changes(part.changes)))) for part in parts]
    return _section(title, columns(rows) if rows else [])


def _changes(changes: Iterable[Change]) -> Iterator[str]:
    """Which keys were appended to and which replaced, and where."""
    for change in changes:
        for keys, done in ((change.appended, "appended"), (change.replaced, "replaced")):
            if keys:
                yield f"{', '.join(keys)} {done} in {_where(change.place)}"


def _where(place: Place) -> str:
    return f"{place.file}:{place.line + 1}"
