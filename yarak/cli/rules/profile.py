"""`yarak rules profile`: where evaluation spends its time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from yarak.cli.rules.scene import EVENT, RULES, configured_files

if TYPE_CHECKING:
    from yarak.rules.profile import Profile, Tally

_WIDTH: Final = 76


@click.command("profile")
@EVENT
@RULES
@click.option("--top", default=15, show_default=True, metavar="N", help="Lines of each table.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form.")
def command(event: Path, rules: tuple[str, ...], top: int, form: str) -> int:
    """Evaluate the events of a capture or file, and show what that took per rule, per part of the conditions and per
    field.

    Rules that share a check compute it once: the first that asks is charged. What watching costs is taken off as far as
    it is known; figures of a run without it are lower.

    The exit status is 0, 1 if the rules have errors or the capture is damaged, 2 if there are no such events or the
    command line is wrong.

    \b
    Examples:
      yarak rules profile trace.scap.gz
      yarak rules profile -r my_rules.yaml events.yaml
      yarak rules profile trace.scap --format json | jq '.rules[:5]'
    """
    profile = _profile(event, configured_files(rules))
    if form == "json":
        click.echo(json.dumps(profile.to_json(), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_text(profile, top)))
    return 0


def _profile(event: Path, files: Sequence[Path]) -> Profile:
    """Raises: TestError for events that are none, RulesError."""
    from yarak.cli.rules.scene import play
    from yarak.rules.profile import Profile
    from yarak.testing.ruleset import Rules

    rules = Rules.load(*files, profile=True)
    answer = play(event, rules).profile()
    assert answer is not None  # the plan asks for it
    return Profile.of(answer, rules.compiled)


def _text(profile: Profile, top: int) -> Iterator[str]:
    events = profile.events
    choice = 100 * profile.candidates.total_ns / max(events.total_ns, 1)
    yield (
        f"{events.times} events evaluated in {events.total_ns / 1e6:.3f} ms, {events.each_ns:.0f} ns each; "
        f"{choice:.0f} % of it to choose the rules worth a look"
    )
    whole = events.total_ns
    yield from _table("rule", "matched", profile.rules, top, whole)
    yield from _table("part of a condition", "true", profile.parts, top, whole, own=True)
    yield from _table("look-up of a field's value among many", "found", profile.matchers, top, whole, own=True)
    yield from _table("field", "present", profile.fields, top, whole, own=True)


def _table(title: str, hits: str, tallies: Sequence[Tally], top: int, whole: int, own: bool = False) -> Iterator[str]:
    if not tallies:
        return
    yield ""
    yield f"{title:<{_WIDTH}} {'share':>6} {'ns each':>8} {'times':>9} {hits:>9}"
    for one in tallies[:top]:
        took = one.own_ns if own else one.total_ns
        name = one.name if len(one.name) <= _WIDTH else f"{one.name[: _WIDTH - 1]}…"
        share = 100 * took / max(whole, 1)
        yield f"{name:<{_WIDTH}} {share:>5.1f}% {took / one.times:>8.0f} {one.times:>9} {one.hits:>9}"
    if len(tallies) > top:
        yield f"… {len(tallies) - top} more"
