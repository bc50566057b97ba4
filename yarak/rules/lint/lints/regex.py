"""YK203: a regular expression where a cheaper and plainer operator would do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ...lints import is_plain_regex
from ...printing import accessor, value
from ..finding import Finding
from ..lint import Lint, Subject
from ..owners import checks

_TOKEN: Final = re.compile(r"\\([^\w\s])|(\.\*)|(\.)(?![*+?{])|([^\\.^$*+?{}\[\]|()])(?![*+?{])")
_GROUP: Final = re.compile(r"(?<!\\)\((?:\?:)?([^()]*)\)(?![*+?{])")
_MOST: Final = 16
_SPECIAL: Final = re.compile(r"[*?\[\\]")


def simpler(pattern: str) -> tuple[str, str] | None:
    """The operator and its right side that say the same as the (fully anchored) pattern, or None."""
    body = pattern.removeprefix("^")
    body = body[:-1] if body.endswith("$") and not body.endswith("\\$") else body
    choices = _choices(body)
    if len(choices) > _MOST:
        return None
    globs = [_as_glob(choice) for choice in choices]
    if not all(globs):
        return None
    found = [glob for glob in globs if glob]
    if all(not _SPECIAL.search(glob) for glob in found):
        return ("in", f"({', '.join(map(value, found))})") if len(found) > 1 else ("=", value(found[0]))
    return ("glob", value(found[0])) if len(found) == 1 else ("glob anyof", f"({', '.join(map(value, found))})")


def _choices(body: str) -> list[str]:
    """The alternatives of a pattern with at most one group of them; what is more than that is left as it is."""
    group = _GROUP.search(body)
    if group is None:
        return body.split("|")
    before, after = body[: group.start()], body[group.end() :]
    if "|" in before + after:
        return [body]
    return [f"{before}{choice}{after}" for choice in group[1].split("|")]


def _as_glob(text: str) -> str | None:
    out: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        escaped, star, dot, plain = match.groups()
        literal = escaped or plain
        out.append("*" if star else "?" if dot else f"\\{literal}" if _SPECIAL.match(literal) else literal)
        at = match.end()
    return "".join(out)


def _run(subject: Subject) -> Iterator[Finding]:
    seen: set[int] = set()
    for rule in subject.rules:
        for check in checks(rule.condition):
            if check.op != "regex" or check.modifier or check.rhs is not None or id(check) in seen:
                continue
            seen.add(id(check))
            pattern = check.values[0]
            plainer = None if is_plain_regex(pattern.text) else simpler(pattern.text)
            if plainer:
                message = f"the regular expression '{pattern.text}' says no more than '{plainer[0]}' can"
                hint = f"write {accessor(check.lhs)} {plainer[0]} {plainer[1]}"
                yield subject.at(LINT, rule, check.source, pattern.start, pattern.end, message, hint)


LINT = Lint(
    "YK203",
    "regex",
    "A regular expression where `in` or `glob` would do.",
    """Expressions made of fixed texts, alternatives of them, `.` and `.*` can be said with `=`, `in` or `glob`, which
are easier to read and many times cheaper. (Plain texts with wildcards at their ends alone are told about by
LOAD_COMPILE_CONDITION already.)""",
    """- rule: Key read
  desc: An alternative of two texts.
  condition: evt.type = openat and fd.name regex "/root/\\\\.ssh/(id_rsa|id_dsa)"
  output: key %fd.name
  priority: WARNING
- rule: Script run
  desc: A wildcard and a text.
  condition: evt.type = execve and proc.args regex "(.*\\\\.sh|.*\\\\.py)"
  output: script %proc.args
  priority: INFO
""",
    """- rule: Key read
  desc: A repetition needs a regular expression.
  condition: evt.type = openat and fd.name regex "/home/[a-z]+/\\\\.ssh/id_[a-z0-9]+"
  output: key %fd.name
  priority: WARNING
- rule: Script run
  desc: A glob will do.
  condition: evt.type = execve and proc.args glob "*.sh"
  output: script %proc.args
  priority: INFO
""",
    _run,
    is_local=True,
)
