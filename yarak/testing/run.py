"""Running one test: its events, and what is different from what was expected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from yarak.errors import YarakError

from . import captured
from .document import Case, Expected, TestFile
from .explanation import Explanation, find
from .ruleset import Alert, Rules, RuleSet


@dataclass(frozen=True)
class Failure:
    """Why a test fails: one paragraph per difference, explanations included. ``broken``: it could not be run."""

    text: str
    broken: bool = False


class Outcome(Protocol):
    """What an event, or a whole capture, led to."""

    @property
    def alerts(self) -> tuple[Alert, ...]: ...
    def explain(self, rule: str) -> Explanation:
        """Why a rule fired, or did not."""


@lru_cache(maxsize=4)
def _compiled(files: tuple[Path, ...], options: str) -> Rules:
    return Rules.load(*files, **json.loads(options))


def rules_of(file: TestFile, **more: Any) -> Rules:
    """The rules that a file's tests are about, compiled once, with more options. Raises: RulesError."""
    return _compiled(tuple(path.resolve() for path in file.rules), json.dumps({**file.options, **more}))


def run(file: TestFile, case: Case) -> Failure | None:
    """Run a test; None where it passes."""
    try:
        rules = rules_of(file)
        _check_names(case, rules)
        wanted = [*dict.fromkeys(name for one in (*(case.alerts or ()), *(case.fires or ())) for name in one.fields)]
        outcomes = [*_happen(file, case, rules, wanted)]
        differences = list(_differences(case, outcomes))
    except YarakError as error:
        return Failure(str(error), broken=True)
    return Failure("\n\n".join(differences)) if differences else None


def _happen(file: TestFile, case: Case, rules: Rules, wanted: list[str]) -> Iterator[Outcome]:
    """What the test describes. Raises: TestError, CaptureError."""
    if case.capture is not None:
        more = {"append_output": [{"extra_fields": wanted}]} if wanted else {}
        yield captured.Outcome.of(case.capture, rules_of(file, **more))
        return
    ruleset = RuleSet(rules=rules, settings=file.machine)
    for process in case.processes:
        ruleset.process(process)
    for event in case.events:
        yield ruleset.event(event, fields=wanted)


def _differences(case: Case, outcomes: list[Outcome]) -> Iterator[str]:
    alerts = [(alert, outcome) for outcome in outcomes for alert in outcome.alerts]
    if case.silent is not None:
        for alert, outcome in alerts:
            if not case.silent or alert.rule in case.silent:
                yield f"Rule '{alert.rule}' should stay silent: {alert.text}\n\n{outcome.explain(alert.rule)}"
    elif case.fires is not None:
        for expected in case.fires:
            yield from _one(
                expected, [alert for alert, _ in alerts if alert.rule == expected.rule], outcomes[-1], alerts
            )
    else:
        yield from _exactly(case.alerts or (), alerts, outcomes[-1])


def _check_names(case: Case, rules: Rules) -> None:
    """A test of a rule that is not there would pass for ever. Raises: TestError."""
    expected = [one.rule for one in (*(case.alerts or ()), *(case.fires or ()))]
    for name in (*expected, *(case.silent or ())):
        find(rules.compiled, name)


def _exactly(expected: tuple[Expected, ...], alerts: list[tuple[Alert, Outcome]], last: Outcome) -> Iterator[str]:
    names = [alert.rule for alert, _ in alerts]
    wanted = [one.rule for one in expected]
    if sorted(names) == sorted(wanted):
        if names != wanted:
            yield f"The alerts come in another order: {_listed(names)}"
            return
        for one, (alert, _) in zip(expected, alerts, strict=True):
            yield from _compared(one, alert)
        return
    missing = _without(wanted, names)
    for rule in missing:
        yield from _one(Expected(rule), [], last, alerts)
    for rule in _without(names, wanted):
        alert, outcome = next((alert, outcome) for alert, outcome in alerts if alert.rule == rule)
        yield f"Alert of rule '{rule}' was not expected: {alert.text}\n\n{outcome.explain(rule)}"


def _without(some: list[str], others: list[str]) -> list[str]:
    """What is left of a list when the other's entries are taken away, each once."""
    left = list(some)
    for name in others:
        if name in left:
            left.remove(name)
    return left


def _one(
    expected: Expected, found: list[Alert], last: Outcome, alerts: Iterable[tuple[Alert, Outcome]]
) -> Iterator[str]:
    """What keeps all of the alerts found from being the one expected."""
    if not found:
        others = _listed([alert.rule for alert, _ in alerts])
        yield f"Rule '{expected.rule}' did not fire (alerts: {others}).\n\n{last.explain(expected.rule)}"
        return
    differences = [list(_compared(expected, alert)) for alert in found]
    if all(differences):
        yield from differences[0]


def _compared(expected: Expected, alert: Alert) -> Iterator[str]:
    if expected.priority is not None and expected.priority.lower() != alert.priority.lower():
        yield f"Rule '{alert.rule}' has priority {alert.priority}, {expected.priority} was expected"
    if expected.output is not None and expected.output not in alert.output:
        yield f"Rule '{alert.rule}' has the output\n  {alert.output}\nwithout\n  {expected.output}"
    for name, value in expected.fields.items():
        found = alert.fields.get(name)
        if not _same(value, found):
            yield f"Rule '{alert.rule}': {name} is {_value(found)}, {_value(value)} was expected"


def _same(expected: Any, found: Any) -> bool:
    """Equal, or equal as text: outputs show some numbers as text and the other way round."""
    if expected is None or found is None:
        return expected is found
    return bool(expected == found) or (not isinstance(expected, (list, dict)) and str(expected) == str(found))


def _value(value: Any) -> str:
    return "absent" if value is None else repr(value)


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"
