"""YK204: the name of a list that is compared as a text."""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Finding
from ..lint import Lint, Subject
from ..owners import distinct_checks


def _run(subject: Subject) -> Iterator[Finding]:
    lists = subject.program.collection.lists
    for rule in subject.program.rules:
        for check in distinct_checks([rule.condition]):
            for value in check.values:
                if value.text in lists:
                    message = f"the list '{value.text}' is not replaced here: its name is compared as a text"
                    hint = "lists in lists are replaced one level deep: name it in the condition"
                    yield subject.at(LINT, rule, check.source, value.start, value.end, message, hint)


LINT = Lint(
    "YK204",
    "unexpanded-list",
    "The name of a list is compared as a text.",
    """An item that names an earlier list is replaced by that list's items as they are written, one level deep. What a
list in a list in a list holds does not arrive; its name is left, and no value is ever equal to it. A list's name in
quotes is not replaced either.""",
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
)
