"""Events in a file, as commands take them: a capture, one event, or processes and events as in a rule test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from yarak._core import Replay, Trial
    from yarak.testing.ruleset import Rules, RuleSet

_KEYS: Final = ("processes", "event", "events", "machine")

EVENT: Final = click.argument("event", metavar="CAPTURE | EVENT", type=click.Path(path_type=Path))
RULES: Final = click.option(
    "-r",
    "rules",
    metavar="FILE | DIR",
    multiple=True,
    help="Rules to load, as `yarak -r`; the configured ones by default.",
)


def configured_files(rules: tuple[str, ...]) -> list[Path]:
    """The rules files of `-r`, or else of the configuration. Raises: RulesError, ConfigError."""
    from yarak import config
    from yarak.flags import Flags
    from yarak.preparation import find_rules

    return find_rules(Flags(rules=rules), config.load(config.find(None), ()).settings)


def happen(path: Path, rules: Rules) -> RuleSet:
    """The rules after everything in the file has happened. Raises: TestError."""
    from yarak.testing.ruleset import RuleSet

    document = _document(path)
    ruleset = RuleSet(rules=rules, settings=document.get("machine"))
    for process in document.get("processes", []):
        ruleset.process(process)
    for event in document.get("events", []):
        ruleset.event(event)
    return ruleset


def play(path: Path, rules: Rules) -> Trial | Replay:
    """The core after everything in the file, a capture or a scene, has happened. Raises: TestError, CaptureError."""
    from yarak.testing import captured

    if captured.is_capture(path):
        return captured.run(path, rules.compiled.plan)[0]
    return happen(path, rules).core


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
