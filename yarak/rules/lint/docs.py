"""docs/lints.md, made from the registry: ``python -m yarak.rules.lint.docs > docs/lints.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final

from .lint import Lint
from .registry import LINTS

_HEAD: Final = """<!-- Generated from yarak/rules/lint/lints by: python -m yarak.rules.lint.docs > docs/lints.md -->

# Lints

`yarak rules check` tells about errors (`LOAD_ERR_…`) and warnings (`LOAD_…`) of loading, as Falco words them, and about
what is below: rules that load, but are hardly meant so. `--select` and `--ignore` take codes or their beginnings:
`--ignore YK3` leaves out all that is about trust.

A lint speaks when it is sure. Silence is no proof: conditions are compared by what each check can be shown to imply.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *_table(), *(line for lint in LINTS for line in _section(lint))]) + "\n"


def _table() -> Iterator[str]:
    yield "| Code | Name | |"
    yield "|---|---|---|"
    for lint in LINTS:
        yield f"| [{lint.code}](#{lint.code.lower()}-{lint.name}) | {lint.name} | {lint.summary} |"


def _section(lint: Lint) -> Iterator[str]:
    yield from ("", f"## {lint.code} {lint.name}", "", lint.summary, "", lint.why)
    for title, example in (("It speaks about", lint.fires), ("It is silent about", lint.silent)):
        yield from ("", f"{title}:", "", "```yaml", example.rstrip("\n"), "```")


if __name__ == "__main__":
    sys.stdout.write(page())
