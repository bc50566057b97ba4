"""YK204: the name of a list that is compared as a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ...nodes import Check, Value
from ...operators import LIST_OPERATORS
from ...suggest import did_you_mean
from ..finding import Finding
from ..lint import Lint, Subject
from ..owners import distinct_checks

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_NO_PARENTHESES: Final = re.compile(r"\b(?:in|intersects|pmatch)\s+$")


def _run(subject: Subject) -> Iterator[Finding]:
    names = _Names(subject)
    for rule in subject.rules:
        for check in distinct_checks([rule.condition]):
            for value in check.values:
                fault = names.fault(check, value)
                if fault is not None:
                    yield subject.at(LINT, rule, check.source, value.start, value.end, *fault)


class _Names:
    """The names of lists, and what else a word may be."""

    def __init__(self, subject: Subject) -> None:
        self._lists = subject.program.collection.lists
        self._unused = [name for name in self._lists if name not in subject.program.compiler.lists.used]
        self._words = {
            item for known in self._lists.values() for item in known.items
        } | subject.program.listing.named.keys()

    def fault(self, check: Check, value: Value) -> tuple[str, str] | None:
        """A message and a hint about a value that is, or is meant to be, the name of a list."""
        text = value.text
        if text in self._lists:
            message = f"the list '{text}' is not replaced here: its name is compared as a text"
            return message, "lists in lists are replaced one level deep: name it in the condition"
        if not _takes_list(check) or check.source.value[value.start : value.end] != text or not _NAME.fullmatch(text):
            return None
        similar = self._similar(text, alone=len(check.values) == 1)
        if not similar and _NO_PARENTHESES.search(check.source.value, 0, value.start):
            similar = f"write ({text}) if the word is meant"
        return (f"'{text}' is no list and is compared as a text", similar) if similar else None

    def _similar(self, text: str, alone: bool) -> str:
        """The hint for a word that is nearly a list's name, and that nothing says to be a value.

        A word with an underscore is hardly one, and neither is one that stands where a list is missing.
        """
        if text in self._words:
            return ""
        return did_you_mean(text, self._lists if "_" in text else self._unused if alone else ())


def _takes_list(check: Check) -> bool:
    return check.modifier is not None or check.op in LIST_OPERATORS


LINT = Lint(
    "YK204",
    "unexpanded-list",
    "The name of a list is compared as a text.",
    """An item that names an earlier list is replaced by that list's items as they are written, one level deep. What a
list in a list in a list holds does not arrive; its name is left, and no value is ever equal to it. A list's name in
quotes is not replaced either, nor is a misspelt one: that is told of words with an underscore that are nearly a list's
name and no item of a list, and of a word that stands alone where a list of nearly that name is used nowhere. A word
behind `in` without parentheses is nearly always a list that does not exist.""",
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
