"""Writes docs/coverage.md from the cases: `python tests/live/coverage_page.py`. A test says when it is out of date."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "rules" / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from container_cases import CLUSTER_CASES, CONTAINER_CASES
from host_cases import HOST_CASES
from livekit.paths import REPOSITORY
from livekit.stage import Case, Inside, Play, Run, Stand
from test_default_rules import CASES as DEFAULT_CASES
from test_paths import WAYS
from test_upstream_rules import FROM_SANDBOX, NOT_TRIGGERED

PAGE = REPOSITORY / "docs" / "coverage.md"

HEAD = """\
# What is proven to fire

Made by `python tests/live/coverage_page.py` from the cases themselves; a test compares.

Every rule below is triggered for real on the running system, by a live sensor, and the alert's rule, priority and
fields are compared. For each there is also a deed that comes close and must leave the rule silent. Silence is proven
by an event that happens afterwards: when its alert is there, everything before it has been evaluated.

A stand-in is a small static program (tests/live/livekit/actor) under the name that is given; its steps are separated
by semicolons. What must not be touched for real lies on a tmpfs in a mount namespace of the stand-in's own; traffic
stays on the loopback device, or in a network namespace of its own. "In a container" is a real one (podman and runc).
"""

UPSTREAM = """
## Rules of Falco's falco_rules.yaml, and two of falco-sandbox_rules.yaml

The files are read from the reference data, unchanged. Test:
`pytest "tests/live/test_upstream_rules.py::test_fires[RULE]"`
(a rule with several rows: `[RULE0]`, `[RULE1]` and so on).
"""

NOT_YET = """
Not triggered yet, because they need what only a container's runtime knows:
"""

PATHS = """
## Path truth

`Read sensitive file untrusted`, with the upstream rules unchanged, when /etc/shadow is read in these ways. Test:
`pytest tests/live/test_paths.py`.
"""

DEFAULT = """
## Yarak's own rules (rules/yarak_rules.yaml)

Test: `pytest "rules/tests/test_default_rules.py::test_fires[RULE]"`.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, UPSTREAM, _table((*HOST_CASES, *CONTAINER_CASES, *CLUSTER_CASES)), NOT_YET]
    parts += ["\n" + "".join(f"- {rule}\n" for rule in sorted(NOT_TRIGGERED))]
    parts += [f"\nFrom the sandbox file: {', '.join(sorted(FROM_SANDBOX))}.\n"]
    parts += [PATHS, _ways(), DEFAULT, _table(DEFAULT_CASES)]
    return "".join(parts)


def _table(cases: Iterable[Case]) -> str:
    rows = [(case.rule, case.priority, _told(case.fires), _told(case.silent)) for case in cases]
    return _rows(("Rule", "Priority", "Fires on", "Silent on"), sorted(rows))


def _ways() -> str:
    rows = [(way, f"`{'; '.join(steps)}`", "real" if real else "given") for way, (steps, real) in WAYS.items()]
    return _rows(("Way", "Steps", "Name that matches"), rows)


def _rows(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n" + "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _told(play: Play) -> str:
    match play:
        case Stand(name, steps):
            return f"{name}: `{'; '.join(steps)}`"
        case Inside(steps):
            return f"in a container: `{'; '.join(steps)}`"
        case Run(command, inside, terminal, _):
            where = ("in a container, " if inside else "") + ("with a terminal, " if terminal else "")
            return f"{where}run: `{' '.join(command)}`"


if __name__ == "__main__":
    PAGE.write_text(page())
