"""`yarak rules plan`: what the kernel filter does for each rule."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from yarak.cli.rules import USAGE
from yarak.cli.rules.loading import loaded, with_files

if TYPE_CHECKING:
    from yarak.rules.pushdown import Pushdown, RulePlan
    from yarak.rules.shares import Shares

_WIDTH: Final = 118
_MANY: Final = 20
_RING_BYTES: Final = 8 << 20
_LAST_LOOK: Final = 0.3
"""Seconds that a look at the counters may lag behind."""


@click.command("plan")
@with_files
@click.option("--rule", "only", metavar="NAME", help="Only this rule.")
@click.option(
    "--live",
    "seconds",
    type=click.FloatRange(min=0.5),
    metavar="SECONDS",
    help="Watch this host for so long (as root), and show what share of its events each clause lets through.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form.")
def command(files: tuple[Path, ...], config: str | None, only: str | None, seconds: float | None, form: str) -> int:
    """Show what the kernel decides for each enabled rule, and what has to come to userspace.

    Per rule: the clauses that it lets events through by, in words; `every CALL` means that all of them come, and names
    the checks to blame. Calls come anyway where another rule asks for less of them. Then the checks that were dropped
    though the kernel could make them, with the reason (an excuse, an `or` with what it cannot decide, a limit of the
    filter), and those that only userspace can make. At the end, each system call with the rules that want all or some
    of its events.

    FILE is a rules file or a folder of them. Without any, the configured rules are planned.

    The exit status is 0, 1 if the rules have errors, 2 if there is no such rule or the command line is wrong.

    \b
    Examples:
      yarak rules plan
      yarak rules plan my_rules.yaml --rule "Shell started by a network service"
      sudo yarak rules plan --live 30
      yarak rules plan --format json rules/ | jq '.calls.openat'
    """
    from yarak.rules.pushdown import pushdown

    plan = pushdown(loaded(files, config))
    chosen = [one for one in plan.rules if only is None or one.rule.item.name == only]
    if only is not None and not chosen:
        click.echo(f"There is no enabled rule '{only}'", err=True)
        return USAGE
    shares = _watched(plan, seconds) if seconds is not None else None
    if form == "json":
        calls = {call: {"all": every, "some": some} for call, (every, some) in plan.calls().items()}
        rules = [one.as_json() | _shares_as_json(one, shares) for one in chosen]
        document = {"clauses": plan.clauses, "limits": plan.limits, "rules": rules, "calls": calls}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return 0
    for one in chosen:
        click.echo("\n".join(_rule(one, shares)) + "\n")
    if only is None:
        click.echo("\n".join(_calls(plan, shares)))
    return 0


def _watched(plan: Pushdown, seconds: float) -> Shares:
    """Raises: KernelError where this host or user cannot watch."""
    import time
    from tempfile import TemporaryDirectory

    from yarak import _core, sensor
    from yarak.config import Settings
    from yarak.errors import KernelError, RulesError
    from yarak.rules import CompileOptions, compile_files
    from yarak.rules.shares import Shares, rules_text

    with TemporaryDirectory() as folder:
        file = Path(folder) / "clauses.yaml"
        file.write_text(rules_text(plan))
        compiled = compile_files([file], CompileOptions(rule_matching="all", profile=True))
    if not compiled.ok:
        raise RulesError("\n".join(compiled.texts()))
    sensor.preflight()
    settings = sensor.settings_json(Settings(), ring_bytes=_RING_BYTES, cpus_per_ring=2, hostname="host")
    try:
        core = _core.Sensor(compiled.plan, settings)
        core.start()
        try:
            time.sleep(seconds + _LAST_LOOK)
            return Shares(core.profile() or '{"rules": []}')
        finally:
            core.stop()
    except _core.CoreError as error:
        raise sensor.from_core(error, KernelError) from None


def _shares_as_json(one: RulePlan, shares: Shares | None) -> dict[str, Any]:
    if shares is None:
        return {}
    found = [shares.of(clause) for clause in one.clauses]
    return {"shares": [{"seen": share.seen, "passed": share.passed} for share in found]}


def _rule(one: RulePlan, shares: Shares | None) -> Iterator[str]:
    place = one.rule.item.place
    yield f"{one.rule.item.name}  ({Path(place.file).name}:{place.line + 1})"
    if not one.clauses:
        yield "  no system call is dispatched for it"
    for clause in one.clauses:
        yield from _wrapped("  kernel passes   ", clause.text)
        if shares is not None:
            yield f"    of these calls  {shares.of(clause)}"
    yield from _grouped("  comes each time ", one.forced.items(), "{calls}: {reason}")
    for other in one.anyway:
        yield from _wrapped("  comes anyway    ", f"{', '.join(other.calls)}, for '{other.rule}': {other.because}")
    dropped = ((drop.check, drop.because) for drop in one.dropped)
    yield from _grouped("  dropped         ", dropped, "{reason}: {list}")
    if one.userspace:
        yield from _wrapped("  userspace       ", "; ".join(one.userspace))


def _grouped(lead: str, told: Iterable[tuple[str, str]], form: str) -> Iterator[str]:
    """What has one reason in one paragraph."""
    groups: dict[str, list[str]] = {}
    for text, reason in told:
        groups.setdefault(reason, []).append(text)
    for reason, texts in groups.items():
        few = texts if len(texts) <= _MANY else [*texts[:_MANY], f"… {len(texts) - _MANY} more"]
        yield from _wrapped(lead, form.format(reason=reason, list="; ".join(few), calls=", ".join(few)))


def _calls(plan: Pushdown, shares: Shares | None) -> Iterator[str]:
    for limit in plan.limits:
        yield from _wrapped("limit reached: ", limit)
    table = plan.calls()
    yield f"{plan.clauses} clauses for {len(plan.rules)} rules; {len(table)} system calls are dispatched:"
    for call, (every, some) in table.items():
        seen = f"{shares.seen(call)} seen; " if shares is not None else ""
        who = f"every one, for {_names(every)}" if every else f"some, for {_names(some)}"
        yield from _wrapped(f"  {call:<18}", seen + who)


def _names(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(f"'{name}'" for name in names[:3]) + more


def _wrapped(lead: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead), break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
