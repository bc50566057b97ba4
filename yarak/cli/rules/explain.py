"""`yarak rules explain`: why a rule fires on an event, or does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from yarak.testing import Explanation

_KEYS = ("processes", "event", "events", "machine")


@click.command("explain")
@click.argument("event", metavar="EVENT", type=click.Path(path_type=Path))
@click.option("--rule", required=True, metavar="NAME", help="The rule to explain.")
@click.option(
    "-r",
    "rules",
    metavar="FILE | DIR",
    multiple=True,
    help="Rules to load, as `yarak -r`; the configured ones by default.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(event: Path, rule: str, rules: tuple[str, ...], form: str) -> int:
    """Show the truth of each clause of a rule on the event in the file EVENT (YAML or JSON).

    Every field comes with its value, or with the reason why it has none; the first clause that fails is marked. The
    file holds one event, or `processes` and `events`, as in a rule test: the last event is explained. Captures are
    not read yet.

    The exit status is 0 if the rule's condition holds, 1 if not, 2 if there is no such rule or event.
    """
    import json

    explanation = _explain(event, rule, rules)
    click.echo(json.dumps(explanation.to_json(), indent=2, ensure_ascii=False) if form == "json" else str(explanation))
    return int(not explanation.holds)


def _explain(path: Path, rule: str, rules: tuple[str, ...]) -> Explanation:
    """Raises: TestError."""
    from yarak.errors import YarakError
    from yarak.testing.errors import TestError
    from yarak.testing.ruleset import Rules, RuleSet

    document = _document(path)
    try:
        ruleset = RuleSet(rules=Rules.load(*_files(rules)), settings=document.get("machine"))
    except YarakError as error:
        raise TestError(str(error)) from None
    for process in document.get("processes", []):
        ruleset.process(process)
    for event in document.get("events", []):
        ruleset.event(event)
    return ruleset.explain(rule)


def _files(rules: tuple[str, ...]) -> list[Path]:
    from yarak import config
    from yarak.flags import Flags
    from yarak.preparation import find_rules

    return find_rules(Flags(rules=rules), config.load(config.find(None), ()).settings)


def _document(path: Path) -> dict[str, Any]:
    """The file's content, with its events as a list. Raises: TestError."""
    import yaml

    from yarak.testing.errors import TestError

    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TestError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if not isinstance(content, dict):
        raise TestError(f"{path}: an event is a mapping")
    if "type" in content:
        return {"events": [content]}
    unknown = sorted(set(content) - set(_KEYS))
    if unknown:
        raise TestError(
            f"{path}: unknown key '{unknown[0]}'", hint=f"an event has a type; a scene has {', '.join(_KEYS)}"
        )
    events = content.pop("events", None) or content.pop("event", None)
    return {**content, "events": events if isinstance(events, list) else [events]}
