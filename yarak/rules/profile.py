"""Where evaluation spends its time: the core's tallies, told in the words of the rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from .compile import Compiled

_FUSED: Final = "checks of one field, answered at once"
"""Nodes that the core makes of several."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something was computed, how often it held (or was there), and for how long, in ns.

    ``total_ns`` is with what it needed to have computed, ``own_ns`` without.
    """

    name: str
    times: int
    hits: int
    total_ns: int
    own_ns: int

    @property
    def each_ns(self) -> float:
        """Time of one, with what it needed."""
        return self.total_ns / self.times if self.times else 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """All tallies, each list with what took longest first; ``parts`` are checks and what joins them."""

    events: Tally
    candidates: Tally
    rules: Sequence[Tally]
    parts: Sequence[Tally]
    matchers: Sequence[Tally]
    fields: Sequence[Tally]

    @classmethod
    def of(cls, answer: str, compiled: Compiled) -> Profile:
        """From the core's JSON for the plan of ``compiled``."""
        document = json.loads(answer)
        texts = compiled.node_texts()
        return cls(
            _tally(document["events"], "events"),
            _tally(document["candidates"], "choice of rules"),
            _sorted(_tally(one, one["of"]) for one in document["rules"]),
            _sorted((_tally(one, texts.get(one["of"], _FUSED)) for one in document["nodes"]), own=True),
            _sorted((_tally(one, one["of"]) for one in document["matchers"]), own=True),
            _sorted((_tally(one, one["of"]) for one in document["fields"]), own=True),
        )

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


def _tally(one: Mapping[str, Any], name: str) -> Tally:
    return Tally(name, one["times"], one["hits"], one["total_ns"], one["own_ns"])


def _sorted(tallies: Iterator[Tally], own: bool = False) -> list[Tally]:
    return sorted(tallies, key=lambda one: (-(one.own_ns if own else one.total_ns), one.name))
