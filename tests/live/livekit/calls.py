"""Tests of single system calls: cases are made in a helper process, the events that the sensor told are compared.

A test file has cases, each a function that makes calls and says what the sensor must have told of them:

    cases = Cases(__name__)

    @cases
    def a_short_sleep() -> Told:
        return told("nanosleep", res=call("nanosleep", TimeSpec(0, 1000), None), interval=1000)

    told_of, test_call = cases.fixture(), cases.test()

All cases of a file run in one process, one after the other; a `chdir` to a place that does not exist stands between
them, so that every event is known to be of its case. The watcher is one for all files (conftest.py).
"""

from __future__ import annotations

import ctypes
import pickle
import re
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from yarak import _core

from .alerts import Alert
from .patience import PATIENCE
from .sensor import Sensor

COMM = "yk-caller"
BORDER = "/yk-case/"
SECONDS = 60 * PATIENCE
CHANGED, CHANGER = "changed mkdir", "yk-changer"
"""A rule of its own: calls of mkdir by a process of this name whose string was another at the end."""
FLOODS = ("page_fault", "switch")
"""Events of every process on the machine, thousands a second: test_tracepoints.py has them for itself."""
GENERIC = ("sched_yield", "personality")
"""Calls without an event of their own that cases make."""
EXTRA = (
    "evt.type",
    "evt.res",
    "evt.failed",
    "evt.truncated",
    "evt.args_changed",
    "fd.num",
    "fd.name",
    "fd.type",
    "fdlist.nums",
    "evt.arglen.data",
    "evt.arglen.args",
    "evt.arglen.env",
)


@dataclass(frozen=True)
class Within:
    """A number from low to high."""

    low: int
    high: int

    def fits(self, raw: object, _text: object) -> bool:
        return isinstance(raw, int) and self.low <= raw <= self.high


@dataclass(frozen=True)
class Like:
    """Text that the pattern matches as a whole."""

    pattern: str

    def fits(self, _raw: object, text: object) -> bool:
        return isinstance(text, str) and re.fullmatch(self.pattern, text, re.DOTALL) is not None


Value = int | str | None | Within | Like


@dataclass(frozen=True)
class Told:
    """One event. Numbers are compared with evt.rawarg (which prints some in base 16 or 8), text with evt.arg; None
    means that the parameter is empty."""

    name: str
    params: Mapping[str, Value]
    fields: Mapping[str, Any] = field(default_factory=dict)


def told(name: str, /, fields: Mapping[str, Any] | None = None, **params: Value) -> Told:
    """The event `name` with these parameters and, by their full names, fields."""
    return Told(name, params, fields or {})


Case = Callable[[], Told | Sequence[Told]]


@dataclass(frozen=True)
class Outcome:
    """What a case expects, or why it could not be made; `skipped`: a reason that is no error."""

    told: tuple[Told, ...] = ()
    error: str = ""
    skipped: str = ""


Result = tuple[Outcome, list[Alert]]
"""What a case expects, and the alerts of its calls."""


class UnavailableError(Exception):
    """This kernel or machine has no such thing."""


class Cases:
    """The cases of one test file."""

    comm = COMM
    """Name of the helper process."""
    teller = "call"
    """First word of the rules that tell of its calls."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._cases: dict[str, Case] = {}

    def __call__(self, case: Case) -> Case:
        self._cases[case.__name__] = case
        return case

    def fixture(self) -> Any:
        """The module's fixture `told_of`: outcomes and alerts of every case, by its name."""

        @pytest.fixture(scope="module", name="told_of")
        def run(call_watcher: Sensor, request: pytest.FixtureRequest) -> dict[str, Result]:
            with call_watcher.watch() as seen:
                outcomes = perform(Path(request.path))
            return results(outcomes, seen.alerts)

        return run

    def test(self) -> Any:
        """The module's test, one for each case."""

        @pytest.mark.live
        @pytest.mark.parametrize("case", list(self._cases))
        def test_call(case: str, told_of: dict[str, Result]) -> None:
            outcome, alerts = told_of[case]
            if outcome.skipped:
                pytest.skip(outcome.skipped)
            assert not outcome.error, outcome.error
            assert outcome.told, "the case expects nothing"
            for expected in outcome.told:
                find(expected, alerts)

        return test_call

    def run(self) -> Iterator[tuple[str, Outcome]]:
        """In the helper process: makes the calls of every case."""
        for name, case in self._cases.items():
            _border(name)
            yield name, _outcome(case)
        _border("")


def _outcome(case: Case) -> Outcome:
    try:
        result = case()
    except UnavailableError as reason:
        return Outcome(skipped=str(reason))
    except Exception:
        return Outcome(error=traceback.format_exc())
    return Outcome(told=(result,) if isinstance(result, Told) else tuple(result))


def _border(name: str) -> None:
    ctypes.CDLL(None).chdir(f"{BORDER}{name}".encode())


CALLER = (sys.executable, "-m", "livekit.caller")


def perform(module: Path, caller: Sequence[str] = CALLER) -> dict[str, Outcome]:
    """Runs the cases of a test file in a helper process."""
    command = [*caller, str(module)]
    folder = Path(__file__).parent.parent
    done = subprocess.run(
        command, cwd=folder, check=False, capture_output=True, timeout=SECONDS, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr.decode()
    outcomes: dict[str, Outcome] = pickle.loads(done.stdout)
    return outcomes


def results(outcomes: Mapping[str, Outcome], alerts: Iterable[Alert]) -> dict[str, Result]:
    """Outcome and alerts of every case, by its name."""
    by_case = _by_case(alerts)
    return {name: (outcome, by_case.get(name, [])) for name, outcome in outcomes.items()}


def _by_case(alerts: Iterable[Alert]) -> dict[str, list[Alert]]:
    found: dict[str, list[Alert]] = {}
    current: list[Alert] = []
    for alert in alerts:
        path = alert.fields.get("evt.rawarg.path")
        if alert.rule.endswith(" chdir") and isinstance(path, str) and path.startswith(BORDER):
            current = found.setdefault(path.removeprefix(BORDER), [])
        else:
            current.append(alert)
    return found


def find(expected: Told, alerts: Sequence[Alert]) -> Alert:
    """The first alert that tells what is expected; AssertionError says what came instead."""
    candidates = [alert for alert in alerts if alert.rule == f"call {expected.name}"]
    wrong = [_differences(expected, alert) for alert in candidates]
    for alert, differences in zip(candidates, wrong, strict=True):
        if not differences:
            return alert
    shown = sorted(wrong, key=len)[:3]
    others = sorted({alert.rule for alert in alerts})
    raise AssertionError(
        f"no {expected.name} as expected among {len(candidates)}: {shown}; seen in this case: {others}"
    )


def _differences(expected: Told, alert: Alert) -> list[str]:
    wrong = []
    for name, value in expected.params.items():
        raw, text = alert.fields.get(f"evt.rawarg.{name}"), alert.fields.get(f"evt.arg.{name}")
        if not fits(value, raw, text):
            wrong.append(f"{name} is {raw!r} ({text!r}), not {value!r}")
    for name, value in expected.fields.items():
        got = alert.fields.get(name)
        if not fits(value, got, got):
            wrong.append(f"{name} is {got!r}, not {value!r}")
    return wrong


def fits(value: Value, raw: object, text: object) -> bool:
    """Whether a parameter, raw or as text, is what a case expects."""
    if isinstance(value, Within | Like):
        return value.fits(raw, text)
    if isinstance(value, int) and isinstance(raw, int):
        return raw in (value, value & (1 << 64) - 1)
    if isinstance(value, int) and isinstance(raw, str):
        return raw in (f"{value & (1 << 64) - 1:X}", f"{value & (1 << 32) - 1:X}", f"0{value:o}", f"{value:o}")
    return (text if isinstance(value, str) else raw) == value


def rules_file() -> str:
    """A rules file with one rule for each event of a system call, that fires for the helper process."""
    seen: dict[str, list[str]] = {}
    for event in _core.events():
        if event["kind"] in ("syscall", "tracepoint") and event["program"] != "none" and event["name"] not in FLOODS:
            seen[event["name"]] = [param["name"] for param in event["params"]]
    for call in GENERIC:
        seen[call] = ["ID", "nativeID"]
    head = "- required_engine_version: 0.57.0\n"
    rules = [_rule(name, f"evt.type = {name} and proc.name = {COMM}", params) for name, params in sorted(seen.items())]
    changed = f"evt.type = mkdir and proc.name = {CHANGER} and evt.args_changed = true"
    return head + "\n".join([*rules, _rule(CHANGED, changed, seen["mkdir"])])


def _rule(name: str, condition: str, params: Sequence[str]) -> str:
    fields = [*(f"%evt.arg.{param} %evt.rawarg.{param}" for param in params), *(f"%{name}" for name in EXTRA)]
    return f"""\
- rule: call {name}
  desc: Tells every parameter of the event.
  condition: {condition}
  output: told {" ".join(fields)}
  priority: DEBUG
  tags: [live_test]
"""
