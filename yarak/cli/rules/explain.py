"""`yarak rules explain`: why a rule fires on an event, or does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from yarak.cli.rules.scene import EVENT, RULES, configured_files, happen

if TYPE_CHECKING:
    from yarak.testing import Explanation


@click.command("explain")
@EVENT
@click.option("--rule", required=True, metavar="NAME", help="The rule to explain.")
@RULES
@click.option(
    "--event", "number", type=click.IntRange(min=1), metavar="NUMBER", help="Of a capture: evt.num to look at."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form.")
def command(event: Path, rule: str, rules: tuple[str, ...], number: int | None, form: str) -> int:
    """Show the truth of each clause of a rule on an event of a capture, or on the one in the file EVENT (YAML or JSON).

    Every field comes with its value, or with the reason why it has none; the first clause that fails is marked. Of a
    capture it is the first event that the rule matches, else the one that comes closest. A file holds one event, or
    `processes` and `events`, as in a rule test: the last event is explained.

    The exit status is 0 if the rule's condition holds, 1 if not, 2 if there is no such rule or event.

    \b
    Examples:
      yarak rules explain --rule "Password store read" -r my_rules.yaml event.yaml
      yarak rules explain --rule "Password store read" trace.scap.gz --event 4711
      yarak rules explain --rule "Password store read" event.yaml --format json | jq .holds
    """
    import json

    explanation = _explain(event, rule, rules, number)
    click.echo(json.dumps(explanation.to_json(), indent=2, ensure_ascii=False) if form == "json" else str(explanation))
    return int(not explanation.holds)


def _explain(path: Path, rule: str, rules: tuple[str, ...], number: int | None) -> Explanation:
    """Raises: TestError, CaptureError."""
    from yarak.errors import YarakError
    from yarak.testing import captured
    from yarak.testing.errors import TestError
    from yarak.testing.ruleset import Rules

    try:
        loaded = Rules.load(*configured_files(rules))
    except YarakError as error:
        raise TestError(str(error)) from None
    if captured.is_capture(path):
        return captured.explain(loaded, rule, path, number)
    if number is not None:
        raise TestError(f"{path} is no capture, so that --event means nothing")
    return happen(path, loaded).explain(rule)
