"""YK107: a part of an item that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator

from ..finding import Finding
from ..lint import Lint, Subject


def _run(subject: Subject) -> Iterator[Finding]:
    for found in subject.program.collection.ignored:
        yield Finding(LINT.code, found.message, found.place, found.hint, trail=found.owner)


LINT = Lint(
    "YK107",
    "ignored-text",
    "A part of an item is read by nobody.",
    """The engine passes over it without a word: a key that exceptions do not have (`comp` for `comps`), a key that is
given twice, keys beside `append: true` or beside a lone `enabled`, and what YAML takes for a tag (`!macro`). Keys that
lists, macros and rules do not have are told about by LOAD_UNKNOWN_KEY.""",
    """- rule: Shell started
  desc: The operators are the default ones.
  condition: evt.type = execve and proc.exepath in (/bin/sh, /bin/bash)
  output: shell %proc.cmdline
  priority: NOTICE
  exceptions:
    - name: known_parents
      fields: [proc.pexepath]
      comp: [startswith]
      values:
        - [/opt/acme/bin/]
""",
    """- rule: Shell started
  desc: The operators are those given.
  condition: evt.type = execve and proc.exepath in (/bin/sh, /bin/bash)
  output: shell %proc.cmdline
  priority: NOTICE
  exceptions:
    - name: known_parents
      fields: [proc.pexepath]
      comps: [startswith]
      values:
        - [/opt/acme/bin/]
""",
    _run,
)
