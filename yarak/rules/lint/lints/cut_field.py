"""YK403: a field of an output that ends before the word does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from ...nodes import FieldRef
from ...output import Placeholder
from ...suggest import did_you_mean
from ..finding import Finding
from ..lint import Lint, Subject

_REST: Final = re.compile(r"(?:\.?[A-Za-z0-9_]+)+|\[[^\]\s]*\]")


def _run(subject: Subject) -> Iterator[Finding]:
    for rule in subject.rules:
        output = rule.item.output
        for part, behind in pairwise(rule.output):
            if (
                not isinstance(part, Placeholder)
                or not isinstance(part.accessor, FieldRef)
                or not isinstance(behind, str)
            ):
                continue
            rest = _REST.match(behind)
            if rest is None:
                continue
            whole = f"{part.written}{rest.group()}"
            at = output.value.find(whole)
            place = (output.locate(at, len(whole)) if at >= 0 else None) or rule.item.place
            message = f"only %{part.written} is a field here, and '{rest.group()}' is text behind it"
            hint = did_you_mean(whole, subject.program.listing.fields) or "put a blank between the two"
            yield Finding(LINT.code, message, place, hint, trail=f"in rule '{rule.item.name}'")


LINT = Lint(
    "YK403",
    "cut-field",
    "A field of the output ends before the word does.",
    """Of the text behind `%` the longest beginning that is a field counts, and the rest is printed as it is. So a
misspelt name, or an argument that the field does not take, is no error: another field is printed, and some letters.""",
    """- rule: Shell started
  desc: This prints the first argument and four letters.
  condition: evt.type = execve and proc.exepath in (/bin/sh, /bin/bash)
  output: shell %proc.exepaht by %user.name
  priority: NOTICE
""",
    """- rule: Shell started
  desc: This prints the path.
  condition: evt.type = execve and proc.exepath in (/bin/sh, /bin/bash)
  output: shell %proc.exepath. By %user.name! %proc.pid/%thread.tid
  priority: NOTICE
""",
    _run,
)
