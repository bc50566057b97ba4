"""Which keys of a document nobody knows, and which wait to be built."""

from __future__ import annotations

import msgspec

from yarak.config import registry
from yarak.config.tree import Node


class Findings(msgspec.Struct):
    """Dotted names, in document order."""

    unknown: list[str] = msgspec.field(default_factory=list)
    later: list[str] = msgspec.field(default_factory=list)


def inspect(document: dict[str, Node]) -> Findings:
    """Compare the keys of `document` with the registry."""
    findings = Findings()
    _inspect(document, "", findings)
    return findings


def _inspect(section: dict[str, Node], prefix: str, findings: Findings) -> None:
    for name, node in section.items():
        dotted = prefix + name
        known = registry.all_keys().get(dotted)
        if known is not None:
            if not known.built:
                findings.later.append(dotted)
        elif dotted in registry.sections():
            if isinstance(node, dict):
                _inspect(node, f"{dotted}.", findings)
        else:
            findings.unknown.append(dotted)
