"""YK204: the name of a list that is compared as a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ...nodes import Check
from ...suggest import did_you_mean
from ..finding import Finding
from ..lint import Lint, Subject
from ..owners import distinct_checks

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def _run(subject: Subject) -> Iterator[Finding]:
    lists = subject.program.collection.lists
    unused = [name for name in lists if name not in subject.program.compiler.lists.used]
    for rule in subject.rules:
        for check in distinct_checks([rule.condition]):
            for value in check.values:
                if value.text in lists:
                    message = f"the list '{value.text}' is not replaced here: its name is compared as a text"
                    hint = "lists in lists are replaced one level deep: name it in the condition"
                    yield subject.at(LINT, rule, check.source, value.start, value.end, message, hint)
                elif len(check.values) == 1 and (hint := _misspelt(check, unused)):
                    message = f"'{value.text}' is no list and is compared as a text"
                    yield subject.at(LINT, rule, check.source, value.start, value.end, message, hint)


def _misspelt(check: Check, unused: list[str]) -> str:
    """The hint for a bare word that stands alone in a list and is nearly the name of a list that nobody uses."""
    text = check.values[0].text
    bare = check.source.value[check.values[0].start : check.values[0].end] == text
    is_list = check.modifier is not None or check.op in ("in", "intersects", "pmatch")
    return did_you_mean(text, unused) if bare and is_list and _NAME.fullmatch(text) else ""


LINT = Lint(
    "YK204",
    "unexpanded-list",
    "The name of a list is compared as a text.",
    """An item that names an earlier list is replaced by that list's items as they are written, one level deep. What a
list in a list in a list holds does not arrive; its name is left, and no value is ever equal to it. A list's name in
quotes is not replaced either, nor is a misspelt one: that is told where a list of nearly that name is used nowhere.""",
    """- list: shells
  items: [/bin/sh, /bin/bash]
- list: interpreters
  items: [shells, /usr/bin/perl]
- list: programs
  items: [interpreters, /usr/bin/env]
- rule: Program run
  desc: The shells are lost on the way.
  condition: evt.type = execve and proc.exepath in (programs)
  output: run by %user.name
  priority: INFO
""",
    """- list: shells
  items: [/bin/sh, /bin/bash]
- list: interpreters
  items: [shells, /usr/bin/perl]
- rule: Program run
  desc: One level deep.
  condition: evt.type = execve and proc.exepath in (interpreters, /usr/bin/env)
  output: run by %user.name
  priority: INFO
""",
    _run,
    is_local=True,
)
