"""An alert's text against its rule's output template: every field named there is in the alert and in its place."""

from __future__ import annotations

import json
import re
from typing import Any

from .alerts import Alert

FIELD = re.compile(r"%([a-z]\w*(?:\.\w+)+(?:\[[^\]]*\])?)")
CLOCK = r"\d\d:\d\d:\d\d\.\d{9}"
# What the sensor adds to the fields that a template names.
ADDED = {"evt.time", "fd.realpath", "evt.path_match"}


def check_rendering(alert: Alert, template: str) -> None:
    """AssertionError unless the alert's text and fields are what the template says."""
    named = set(FIELD.findall(template))
    assert named <= set(alert.fields) <= named | ADDED
    pieces = FIELD.split(" ".join(template.split()))
    text = "".join(
        _value(alert.fields[piece]) if number % 2 else re.escape(piece) for number, piece in enumerate(pieces)
    )
    wanted = f"{CLOCK}: {alert.priority} {text}"
    assert re.fullmatch(wanted, alert.output), f"{alert.output}\nis not\n{wanted}"


def _value(value: Any) -> str:
    """A pattern. All but numbers have one rendering; numbers may be times, which are written otherwise."""
    match value:
        case None:
            return "<NA>"
        case bool():
            return str(value).lower()
        case str():
            return re.escape(json.dumps(value, ensure_ascii=False)[1:-1])
        case _:
            return r"[-\w:.+]+"
