"""Test files: ``NAME.test.yaml``, beside the rules that they test. docs/rules.md teaches them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from yarak.rules.suggest import did_you_mean

from .errors import TestError

PATTERNS: Final = ("*.test.yaml", "*.test.yml")

_FILE_KEYS: Final = ("rules", "rule_matching", "enable", "machine", "processes", "tests")
_CASE_KEYS: Final = ("name", "processes", "event", "events", "capture", "alerts", "fires", "silent")
_ALERT_KEYS: Final = ("rule", "priority", "output", "fields")
_HAPPENINGS: Final = ("event", "events", "capture")
_OUTCOMES: Final = ("alerts", "fires", "silent")


@dataclass(frozen=True)
class Expected:
    """An alert that a test waits for; what is None or missing may be anything."""

    rule: str
    priority: str | None = None
    output: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One test. Exactly one of the three outcomes is not None."""

    name: str
    line: int
    """In the file, from 1."""
    processes: tuple[Mapping[str, Any], ...]
    events: tuple[Mapping[str, Any], ...]
    capture: Path | None = None
    """A capture file in place of processes and events."""
    alerts: tuple[Expected, ...] | None = None
    """These and no others, in this order."""
    fires: tuple[Expected, ...] | None = None
    """These among others."""
    silent: tuple[str, ...] | None = None
    """None of these rules; an empty tuple is no rule at all."""


@dataclass(frozen=True)
class TestFile:
    """A file of tests."""

    __test__ = False  # pytest collects classes by name

    path: Path
    rules: tuple[Path, ...]
    options: Mapping[str, Any]
    machine: Mapping[str, Any]
    cases: tuple[Case, ...]


def find(paths: list[Path]) -> list[Path]:
    """The test files among ``paths`` and in folders below, sorted. Raises: TestError for a path that is not there."""
    found: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found.update(file for pattern in PATTERNS for file in path.rglob(pattern))
        elif path.exists():
            found.add(path)
        else:
            raise TestError(f"Could not open file {path} for reading")
    return sorted(found)


def read(path: Path) -> TestFile:
    """Read a test file. Raises: TestError, naming the place."""
    try:
        text = path.read_text()
        document = yaml.safe_load(text)
        lines = _lines(yaml.compose(text, yaml.SafeLoader))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TestError(f"{path}: {error}") from None
    return _file(path, _Place(str(path)).mapping(document, _FILE_KEYS), lines)


def _lines(root: Any) -> list[int]:
    """The line of each test, from 1."""
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if key.value == "tests" and isinstance(value, yaml.SequenceNode):
            return [entry.start_mark.line + 1 for entry in value.value]
    return []


@dataclass(frozen=True)
class _Place:
    """Where something stands, for complaints."""

    text: str

    def wrong(self, message: str, hint: str = "") -> TestError:
        return TestError(f"{self.text}: {message}", hint=hint)

    def mapping(self, value: Any, keys: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.wrong(f"a mapping of {', '.join(keys)} is expected")
        for key in value:
            if key not in keys:
                raise self.wrong(f"unknown key '{key}'", did_you_mean(str(key), keys) or f"known: {', '.join(keys)}")
        return value

    def mappings(self, value: Any, what: str) -> tuple[Mapping[str, Any], ...]:
        """One mapping, or a list of them."""
        entries = value if isinstance(value, list) else [] if value is None else [value]
        if not all(isinstance(entry, dict) for entry in entries):
            raise self.wrong(f"{what} are mappings")
        return tuple(entries)

    def texts(self, value: Any, what: str) -> tuple[str, ...]:
        """One text, or a list of them."""
        entries = value if isinstance(value, list) else [value]
        if not all(isinstance(entry, str) for entry in entries):
            raise self.wrong(f"{what} are texts")
        return tuple(entries)


def _file(path: Path, document: dict[str, Any], lines: list[int]) -> TestFile:
    place = _Place(str(path))
    rules = place.texts(document.get("rules", path.name.partition(".test.")[0] + ".yaml"), "rules")
    processes = place.mappings(document.get("processes"), "processes")
    options: dict[str, Any] = {"rule_matching": document.get("rule_matching", "first")}
    if options["rule_matching"] not in ("first", "all"):
        raise place.wrong("rule_matching is 'first' or 'all'")
    if "enable" in document:
        options["rules"] = [{"enable": {"rule": name}} for name in place.texts(document["enable"], "rules to enable")]
    entries = place.mappings(document.get("tests"), "tests")
    if not entries:
        raise place.wrong("there are no tests in it")
    cases = tuple(_case(path, entry, line, processes) for entry, line in zip(entries, lines, strict=True))
    machine = place.mapping(document.get("machine", {}), ("hostname", "passwd", "group"))
    return TestFile(path, tuple(path.parent / name for name in rules), options, machine, cases)


def _case(path: Path, entry: Any, line: int, processes: tuple[Mapping[str, Any], ...]) -> Case:
    place = _Place(f"{path}:{line}")
    case = place.mapping(entry, _CASE_KEYS)
    outcomes = [key for key in _OUTCOMES if key in case]
    if len(outcomes) != 1:
        raise place.wrong(f"a test has one of {', '.join(_OUTCOMES)}")
    events = place.mappings(case.get("events", case.get("event")), "events")
    if sum(key in case for key in _HAPPENINGS) != 1 or not (events or "capture" in case):
        raise place.wrong("a test has an event, events, or a capture")
    capture = path.parent / place.texts(case["capture"], "captures")[0] if "capture" in case else None
    own = place.mappings(case.get("processes"), "processes")
    if own and capture is not None:
        raise place.wrong("a capture has processes of its own")
    outcome = outcomes[0]
    result: Any = _silent(place, case[outcome]) if outcome == "silent" else _expected(place, case[outcome])
    name = str(case.get("name") or _name(outcome, result))
    return Case(name, line, (*processes, *own), events, capture, **{outcome: result})


def _silent(place: _Place, value: Any) -> tuple[str, ...]:
    return () if value is True else place.texts(value, "rules that stay silent")


def _expected(place: _Place, value: Any) -> tuple[Expected, ...]:
    entries = value if isinstance(value, list) else [] if value is None else [value]
    return tuple(_alert(place, entry) for entry in entries)


def _alert(place: _Place, entry: Any) -> Expected:
    if isinstance(entry, str):
        return Expected(entry)
    alert = place.mapping(entry, _ALERT_KEYS)
    if not isinstance(alert.get("rule"), str):
        raise place.wrong("an alert names its rule")
    if not isinstance(alert.get("fields", {}), dict):
        raise place.wrong("fields are a mapping from field to value")
    return Expected(**alert)


def _name(outcome: str, result: Any) -> str:
    """The name of a test that has none."""
    names = ", ".join(entry.rule if isinstance(entry, Expected) else entry for entry in result)
    if not names:
        return "no rule fires"
    return f"{names}: {'stays silent' if outcome == 'silent' else 'fires'}"
