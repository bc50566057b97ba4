"""A sensor without a kernel, and a compiler without rules."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from yarak.compiler import Answer, Result
from yarak.errors import RulesError
from yarak.flags import Flags
from yarak.preparation import Preparation, Prepared
from yarak.sensor import AlertLike, Gap, Started


@dataclass
class FakeAlert:
    """An alert of a rule."""

    rule: str = "A rule"
    priority: int = 4
    source: str = "syscall"
    time_ns: int = 0
    tags: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return f"00:00:00.000000000: Warning {self.rule}"

    @property
    def json(self) -> str:
        return json.dumps({"rule": self.rule})


Act = Callable[[], list[AlertLike]]


class FakeSensor:
    """`wait` runs the next of `acts`; when there are none left it returns nothing at once."""

    def __init__(self, *acts: Act) -> None:
        self.acts: queue.SimpleQueue[Act] = queue.SimpleQueue()
        for act in acts:
            self.acts.put(act)
        self.plans: list[bytes] = []
        self.settings: list[bytes] = []
        self.swap_error: Exception | None = None
        self.stopped = False
        self.noted: list[dict[str, str | int]] = []
        self.gap: Gap | None = None
        self.looks = 0
        self.totals = {"n_evts": 1000, "n_filtered": 900, "n_events_to_userspace": 100, "n_drops": 0}

    def open(self, plan: bytes, settings: bytes) -> FakeSensor:
        """Stands for the class itself."""
        self.plans.append(plan)
        self.settings.append(settings)
        return self

    def start(self) -> Started:
        return {"rings": 1, "ring_bytes": 8 << 20, "cpus": 2, "processes": 5, "kernel": "6.1", "late_strings": []}

    def swap(self, plan: bytes, settings: bytes) -> None:
        if self.swap_error is not None:
            raise self.swap_error
        self.plans.append(plan)
        self.settings.append(settings)

    def wait(self, timeout: float) -> list[AlertLike]:
        try:
            act = self.acts.get(timeout=0.01)
        except queue.Empty:
            return []
        return act()

    def counters(self) -> dict[str, int]:
        self.looks += 1
        return dict(self.totals)

    def notices(self) -> list[dict[str, str | int]]:
        noted, self.noted = self.noted, []
        return noted

    def take_gap(self) -> Gap | None:
        gap, self.gap = self.gap, None
        return gap

    def stop(self) -> None:
        self.stopped = True


class FakePreparation(Preparation):
    """Rules that compile to their own text; a file with `broken` in it does not."""

    def __init__(self, flags: Flags) -> None:
        self._flags = flags

    def begin(self) -> None:
        self.files = [Path(name) for name in self._flags.rules]

    def finish(self) -> Prepared:
        text = "".join(file.read_text() for file in self.files)
        if "broken" in text:
            raise RulesError("rules.yaml:1:1: error: broken")
        answer = Answer(
            ok=True, results=[Result(str(file), True) for file in self.files], texts=["" for _ in self.files]
        )
        return Prepared(self.loaded, self.files, answer, text.encode(), self.sensor_settings())

    def cancel(self) -> None:
        """Nothing runs."""
