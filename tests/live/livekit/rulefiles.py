"""Small rules files for tests of the service: rules that fire when a certain file is opened."""

from __future__ import annotations

from pathlib import Path

RULE = """\
- rule: {name}
  desc: Fires when the file is opened.
  condition: evt.type in (open, openat, openat2) and fd.name = {path}
  output: opened %fd.name by %proc.name
  priority: {priority}
  tags: [live_test]
"""


def touch(path: Path) -> None:
    """Opens the file, whether it exists or not (Path.touch does not open one that exists)."""
    with path.open("a"):
        pass


def opened(name: str, path: Path, priority: str = "WARNING") -> str:
    """A rule of that name about that file."""
    return RULE.format(name=name, path=path, priority=priority)
