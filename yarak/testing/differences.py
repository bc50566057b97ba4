"""What is different between the alerts that were expected and those that came, with explanations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .document import Case, Expected
from .ruleset import Alert, Judged


def of(case: Case, outcomes: Sequence[Judged]) -> Iterator[str]:
    """One paragraph per difference from the outcome that a test has."""
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
        yield from exactly(case.alerts or (), outcomes)


def exactly(expected: Sequence[Expected], outcomes: Sequence[Judged]) -> Iterator[str]:
    """One paragraph per difference from these alerts and no others, in this order."""
    alerts = [(alert, outcome) for outcome in outcomes for alert in outcome.alerts]
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
        yield from _one(Expected(rule), [], outcomes[-1], alerts)
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


def _one(expected: Expected, found: list[Alert], last: Judged, alerts: Iterable[tuple[Alert, Judged]]) -> Iterator[str]:
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
