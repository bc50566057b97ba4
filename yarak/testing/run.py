"""Running one test: its events, and why it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from yarak.errors import YarakError

from . import captured, differences
from .document import Case, TestFile
from .explanation import find
from .ruleset import Judged, Rules, RuleSet


@dataclass(frozen=True)
class Failure:
    """Why a test fails: one paragraph per difference, explanations included. ``broken``: it could not be run."""

    text: str
    broken: bool = False


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
        found = list(differences.of(case, outcomes))
    except YarakError as error:
        return Failure(str(error), broken=True)
    return Failure("\n\n".join(found)) if found else None


def _happen(file: TestFile, case: Case, rules: Rules, wanted: list[str]) -> Iterator[Judged]:
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


def _check_names(case: Case, rules: Rules) -> None:
    """A test of a rule that is not there would pass for ever. Raises: TestError."""
    expected = [one.rule for one in (*(case.alerts or ()), *(case.fires or ()))]
    for name in (*expected, *(case.silent or ())):
        find(rules.compiled, name)
