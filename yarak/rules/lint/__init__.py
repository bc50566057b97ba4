"""What is wrong with rules files, and what is probably not meant: errors, load warnings and lints together."""

from __future__ import annotations
