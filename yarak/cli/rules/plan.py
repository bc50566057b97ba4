"""`yarak rules plan`: what the kernel filter does for each rule."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from yarak.cli.rules.loading import loaded, with_files

if TYPE_CHECKING:
    from yarak.rules.pushdown import Pushdown, RulePlan

_WIDTH: Final = 118
_MANY: Final = 20


@click.command("plan")
@with_files
@click.option("--rule", "only", metavar="NAME", help="Only this rule.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form.")
def command(files: tuple[Path, ...], config: str | None, only: str | None, form: str) -> int:
    """Show what the kernel decides for each enabled rule, and what has to come to userspace.

    Per rule: the clauses that let an event through, in words; `every CALL` means that all of them come. Then the checks
    that were dropped though the kernel could make them (they only excuse, or an `or` joins them to what it cannot
    decide, or the filter would grow too large), and those that only userspace can make. At the end, each system call
    with the rules that want all or some of its events.

    FILE is a rules file or a folder of them. Without any, the configured rules are planned.

    \b
    Examples:
      yarak rules plan
      yarak rules plan my_rules.yaml --rule "Shell started by a network service"
      yarak rules plan --format json rules/ | jq '.calls.openat'
    """
    from yarak.rules.pushdown import pushdown

    plan = pushdown(loaded(files, config))
    chosen = [one for one in plan.rules if only is None or one.rule.item.name == only]
    if only is not None and not chosen:
        click.echo(f"There is no enabled rule '{only}'", err=True)
        return 1
    if form == "json":
        calls = {call: {"all": every, "some": some} for call, (every, some) in plan.calls().items()}
        document = {"clauses": plan.clauses, "rules": [one.as_json() for one in chosen], "calls": calls}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return 0
    for one in chosen:
        click.echo("\n".join(_rule(one)) + "\n")
    if only is None:
        click.echo("\n".join(_calls(plan)))
    return 0


def _rule(one: RulePlan) -> Iterator[str]:
    place = one.rule.item.place
    yield f"{one.rule.item.name}  ({Path(place.file).name}:{place.line + 1})"
    if not one.clauses:
        yield "  no system call is dispatched for it"
    for clause in one.clauses:
        yield from _wrapped("  kernel passes   ", clause.text)
    if one.forced and len(one.forced) <= _MANY:
        reason = "no check besides the event's type can be made there" if not one.dropped else "see what was dropped"
        yield from _wrapped("  comes each time ", f"{', '.join(one.forced)}: {reason}")
    if one.dropped:
        yield from _wrapped("  dropped         ", "; ".join(one.dropped))
    if one.userspace:
        yield from _wrapped("  userspace       ", "; ".join(one.userspace))


def _calls(plan: Pushdown) -> Iterator[str]:
    table = plan.calls()
    yield f"{plan.clauses} clauses for {len(plan.rules)} rules; {len(table)} system calls are dispatched:"
    for call, (every, some) in table.items():
        if every:
            yield from _wrapped(f"  {call:<18}", f"every one, for {_names(every)}")
        else:
            yield from _wrapped(f"  {call:<18}", f"some, for {_names(some)}")


def _names(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(f"'{name}'" for name in names[:3]) + more


def _wrapped(lead: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead), break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
