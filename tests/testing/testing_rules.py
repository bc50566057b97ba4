"""The rules that these tests are about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

RULES = """
- macro: opens
  condition: (evt.type in (open, openat) and fd.num >= 0)

- rule: Secret opened
  desc: A secret was opened.
  condition: opens and (fd.name = /secret or fd.directory = /secrets) and not proc.name in (good, better)
  output: "%proc.name opened %fd.name"
  priority: ERROR
  tags: [secret]

- rule: Anything opened
  desc: Comes second.
  condition: opens and fd.name exists
  output: "opened %fd.name"
  priority: INFO

- rule: Asleep
  desc: Switched off.
  condition: evt.type = openat
  output: asleep
  priority: DEBUG
  enabled: false
"""

Files = Callable[..., Path]
"""Writes a test file beside `rules.yaml`, which has the rules above; gives the test file."""
