"""Events of capture files, as rule tests and explanations take them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from yarak.errors import CaptureError

from .clauses import Clause, Probe
from .errors import TestError
from .explanation import Explanation, find, of_event
from .ruleset import Judged, Rules, alert_of

if TYPE_CHECKING:
    from yarak._core import Alert as CoreAlert
    from yarak._core import Replay

_MAGIC: Final = (b"\x0a\x0d\x0d\x0a", b"\x1f\x8b")
"""How captures begin: a section header block, or gzip."""


def is_capture(path: Path) -> bool:
    """Whether the file begins as a capture does. A file that cannot be read is none."""
    try:
        with path.open("rb") as file:
            return file.read(4).startswith(_MAGIC)
    except OSError:
        return False


def settings(path: Path) -> bytes:
    """What the core takes beside a plan to read one capture."""
    form = {"json_output": True, "time_format_iso_8601": True}
    return json.dumps({"files": [str(path)], "hostname": "host", "format": form}).encode()


@contextmanager
def core_errors() -> Iterator[None]:
    """Turns what the core says of a capture into a CaptureError."""
    from yarak import _core
    from yarak.sensor import from_core

    try:
        yield
    except _core.CoreError as error:
        raise from_core(error, CaptureError) from None


def run(path: Path, plan: bytes) -> tuple[Replay, list[CoreAlert]]:
    """The capture through the plan to its end, and the alerts. Raises: CaptureError for a file that cannot be read."""
    from yarak import _core

    alerts: list[CoreAlert] = []
    with core_errors():
        replay = _core.Replay(settings(path), plan)
        while not replay.ended:
            alerts += replay.wait(1.0)
    return replay, alerts


@dataclass(frozen=True)
class Outcome(Judged):
    """What a capture led to."""

    path: Path
    loaded: Rules = field(repr=False)

    @classmethod
    def of(cls, path: Path, rules: Rules) -> Outcome:
        """Raises: CaptureError."""
        _, alerts = run(path, rules.compiled.plan)
        return cls(tuple(alert_of(alert, {}) for alert in alerts), path, rules)

    def explain(self, rule: str) -> Explanation:
        """Why a rule fired on an event of the capture, or on none."""
        try:
            return explain(self.loaded, rule, self.path)
        except TestError as error:
            return Explanation(rule, str(self.path), Clause(str(error), False), ())


def explain(rules: Rules, name: str, path: Path, number: int | None = None) -> Explanation:
    """Why a rule fires on event ``number`` of a capture, or does not.

    Without a number it is the first event that the rule's condition holds for, else the first of those that come
    closest. Raises: TestError for a rule or an event that is not there, CaptureError for a file that cannot be read.
    """
    from yarak import _core

    probe = Probe(rules.compiled, find(rules.compiled, name))
    with core_errors():
        chosen = number if number is not None else _core.Examination.find(probe.search_plan(), settings(path))
        if chosen is None:
            raise TestError(f"{path}: no event is of a type that rule '{name}' is for")
        asked = _core.Examination(probe.plan(), settings(path), chosen)
    if not asked.reached:
        raise TestError(f"{path}: there is no event {chosen}")
    (kind,) = json.loads(asked.values(b'["evt.type"]', 0))
    told = of_event(rules.compiled, probe, asked, kind.get("value", ""))
    told = replace(told, event=f"{chosen}, {told.event}")
    if number is None and not told.holds:
        return replace(told, remarks=("No event of the capture matches; this one comes closest.", *told.remarks))
    return told
