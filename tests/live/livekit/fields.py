"""Tests of single fields: cases as those of calls.py, that say what fields an event must have.

A test file names the fields that it is about, by how they begin; every one of them is a test of its own and fails
unless some case says what it must be. What a case expects is written by hand or read from the system by the case.

    cases = FieldCases(__name__, "user.", "group.")

    @cases
    def somebody() -> Told:
        return told("openat", {"user.uid": os.getuid()}, res=os.open("/etc/hostname", os.O_RDONLY))

    told_of, test_case, test_field = cases.fixture(), cases.test(), cases.field_test()

Parameters say which event is meant; every event that has them must have the fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from yarak import _core

from .alerts import Alert
from .calls import Cases, Like, Result, Told, Value, Within, fits
from .field_lists import ABSENT, ARGUMENTS, BY_CAPTURE, BY_THEMSELVES, COMM, CONDITIONS, EVENTS

NS = 1_000_000_000
HOLDS = "holds "
"""Begins the names of rules that tell whether a condition held, and what a case says of it."""


@cache
def listing() -> list[dict[str, Any]]:
    """Every field."""
    return list(_core.fields())


def spelled() -> list[str]:
    """Every field that an output can show, with the arguments that cases ask for."""
    shown = [one for one in listing() if "filter-only" not in one["flags"] and one["name"] not in BY_THEMSELVES]
    plain = [field["name"] for field in shown if not field["arg_required"]]
    return plain + [name + argument for name, arguments in ARGUMENTS.items() for argument in arguments]


def begin_with(*starts: str) -> list[str]:
    """Names of the live fields that begin so."""
    elsewhere = {*ABSENT, *BY_CAPTURE, *BY_THEMSELVES}
    names = (field["name"] for field in listing())
    return [name for name in names if name.startswith(starts) and name not in elsewhere]


@cache
def field_of(key: str) -> str:
    """The field that a spelling or a condition is about."""
    names = {field["name"] for field in listing()}
    text = re.split(r"[\[ ]", key.removeprefix(HOLDS))[0]
    while text not in names and "." in text:
        text = text.rpartition(".")[0]
    return text


def field_rules() -> str:
    """Rules that tell every field of the events that cases make, and whether conditions hold."""
    fields = " ".join(f"%{name}" for name in spelled())
    texts = "".join(f"<%{name}>" for name in AS_TEXT)
    params = {event["name"]: [param["name"] for param in event["params"]] for event in _core.events()}
    rules = []
    for event in EVENTS:
        raw = " ".join(f"%evt.arg.{param} %evt.rawarg.{param}" for param in params[event])
        rules.append(_rule(f"fields {event}", f"evt.type = {event}", f"{texts} {fields} {raw}"))
    for condition, event in CONDITIONS.items():
        rules.append(_rule(HOLDS + condition, f"evt.type = {event} and {condition}", "%evt.num"))
    return "\n".join(rules)


def _rule(name: str, condition: str, output: str) -> str:
    return f"""\
- rule: "{name}"
  desc: Tells fields.
  condition: {condition} and proc.name = {COMM}
  output: told {output}
  priority: DEBUG
  tags: [live_test]
"""


AS_TEXT = ("evt.time", "evt.time.s", "evt.time.iso8601", "evt.datetime", "evt.datetime.s")
"""Fields that JSON has as a number; the text that they are is taken from the message."""


@dataclass(frozen=True)
class From:
    """What follows from another field of the same event, by one of FORMS."""

    field: str
    form: str

    def value(self, fields: Mapping[str, object]) -> object:
        return FORMS[self.form](fields[self.field])


def _local(form: str, moment: Any) -> str:
    return datetime.fromtimestamp(moment // NS).strftime(form)


FORMS = {
    "seconds": lambda ns: ns // NS,
    "fraction": lambda ns: ns % NS,
    "local clock": lambda ns: f"{_local('%H:%M:%S', ns)}.{ns % NS:09}",
    "local clock in seconds": lambda ns: _local("%H:%M:%S", ns),
    "local date": lambda ns: f"{_local('%Y-%m-%d %H:%M:%S', ns)}.{ns % NS:09}",
    "local date in seconds": lambda ns: _local("%Y-%m-%d %H:%M:%S", ns),
    "utc": lambda ns: f"{datetime.fromtimestamp(ns // NS, UTC):%Y-%m-%dT%H:%M:%S}.{ns % NS:09}+0000",
    "kilobytes": lambda kb: kb * 1024,
    "the same": lambda value: value,
}


class FieldCases(Cases):
    """The cases of a file that tests fields."""

    comm = COMM
    teller = "fields"

    def __init__(self, module: str, *starts: str) -> None:
        super().__init__(module)
        self.fields = begin_with(*starts)

    def test(self) -> Any:
        """The module's test that every case could be made, and its events were told."""

        @pytest.mark.live
        @pytest.mark.parametrize("case", list(self._cases))
        def test_case(case: str, told_of: dict[str, Result]) -> None:
            outcome, alerts = told_of[case]
            if outcome.skipped:
                pytest.skip(outcome.skipped)
            assert not outcome.error, outcome.error
            for expected in outcome.told:
                wrong = [text for alert in events(expected, alerts) for text in differences(expected.fields, alert)]
                assert not wrong, wrong

        return test_case

    def field_test(self) -> Any:
        """The module's test of each field."""

        @pytest.mark.live
        @pytest.mark.parametrize("name", self.fields)
        def test_field(name: str, told_of: dict[str, Result]) -> None:
            expected = list(_expected(name, told_of))
            if not expected:
                failed = [case for case, (outcome, _) in told_of.items() if not outcome.told]
                pytest.fail(f"no case says what {name} must be; these say nothing: {failed}")
            assert any(value is not None for one, _ in expected for value in one.fields.values()), (
                "only absence is told"
            )
            for one, alerts in expected:
                wrong = [text for alert in events(one, alerts) for text in differences(one.fields, alert)]
                assert not wrong, wrong

        return test_field


def _expected(name: str, told_of: Mapping[str, Result]) -> Iterator[tuple[Told, Sequence[Alert]]]:
    """What cases say of one field."""
    for outcome, alerts in told_of.values():
        for expected in outcome.told:
            fields = {key: value for key, value in expected.fields.items() if field_of(key) == name}
            if fields:
                yield Told(expected.name, expected.params, fields), alerts


def events(expected: Told, alerts: Sequence[Alert]) -> list[Alert]:
    """The events that are meant; AssertionError if there is none."""
    found = [alert for alert in alerts if alert.rule == f"fields {expected.name}"]
    meant = [alert for alert in found if _is_meant(expected, alert)]
    shown = [{key: alert.fields.get(f"evt.rawarg.{key}") for key in expected.params} for alert in found[:5]]
    assert meant, f"no {expected.name} with {dict(expected.params)} among {len(found)}: {shown}"
    numbers = {alert.fields["evt.num"] for alert in meant}
    for alert in alerts:
        if alert.rule.startswith(HOLDS) and alert.fields["evt.num"] in numbers:
            for one in meant:
                if one.fields["evt.num"] == alert.fields["evt.num"]:
                    one.fields[alert.rule] = True
    return meant


def _is_meant(expected: Told, alert: Alert) -> bool:
    values = alert.fields
    return all(
        fits(value, values.get(f"evt.rawarg.{name}"), values.get(f"evt.arg.{name}"))
        for name, value in expected.params.items()
    )


def differences(expected: Mapping[str, Any], alert: Alert) -> list[str]:
    """Fields that are not as expected."""
    wrong = []
    for name, value in expected.items():
        assert name.startswith(HOLDS) or name in alert.fields, f"{name} is not among the outputs"
        got = _got(name, alert)
        wanted = value.value(alert.fields) if isinstance(value, From) else value
        if not _is(wanted, got):
            wrong.append(f"{name} is {got!r}, not {wanted!r}")
    return wrong


def _got(name: str, alert: Alert) -> object:
    if name in AS_TEXT:
        return re.findall("<([^>]*)>", alert.output)[AS_TEXT.index(name)]
    return alert.fields.get(name, False if name.startswith(HOLDS) else None)


def _is(wanted: Value | object, got: object) -> bool:
    if isinstance(wanted, Within | Like):
        return wanted.fits(got, got)
    return type(wanted) is type(got) and wanted == got
