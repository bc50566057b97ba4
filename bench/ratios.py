"""What each setting makes of each workload's time, all settings in turn within every repetition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench import empty, row
from bench.compile import COMPILE, CompileWorkload
from bench.row import Row
from bench.servers import SERVERS, ServerWorkload
from bench.setting import EMPTY, NOTHING, SETTINGS, YARAK, Setting
from bench.workload import WORKLOADS, Workload

Key = tuple[str, str]
"""(setting, workload)"""

AnyWorkload = Workload | CompileWorkload | ServerWorkload


class Ratios:
    """Runs the repetitions; `rows` then tells."""

    def __init__(self, binary: Path, object_file: Path, folder: Path) -> None:
        self._binary = binary
        self._object = object_file
        self._folder = folder
        self._times: dict[Key, list[float]] = defaultdict(list)
        self._cpu: dict[Key, list[float]] = defaultdict(list)
        self._lost: dict[str, int] = defaultdict(int)
        self._workloads: list[AnyWorkload] = [*WORKLOADS]
        self._workloads += [one for one in (COMPILE, *SERVERS) if one.missing() is None]
        self._settings = [one for one in SETTINGS if not one.bare or empty.missing() is None]

    def run(self, repetitions: int, seconds: float) -> None:
        """Every setting in every repetition; the order moves by one each time, so that drift hits all alike."""
        with ExitStack() as stack:
            for server in self._workloads:
                if isinstance(server, ServerWorkload):
                    stack.enter_context(server.serving(self._folder))
            for turn in range(repetitions):
                shift = turn % len(self._settings)
                for setting in self._settings[shift:] + self._settings[:shift]:
                    self._repetition(setting, seconds)

    def _repetition(self, setting: Setting, seconds: float) -> None:
        with setting.in_place(self._object) as watcher:
            for workload in self._workloads:
                before = watcher.cpu_seconds if watcher else 0.0
                took = workload.run(self._binary, seconds, self._folder)
                key = (setting.name, workload.name)
                self._times[key].append(took)
                if watcher:
                    watcher.settle()
                    self._cpu[key].append((watcher.cpu_seconds - before) * 10 / seconds)
        if watcher:
            self._lost[setting.name] += watcher.lost

    def rows(self) -> Iterator[Row]:
        """Absolute times of the bare machine, then ratios, the watcher's CPU, and what was lost."""
        for workload in self._workloads:
            yield from self._workload_rows(workload)
        for name, lost in self._lost.items():
            yield Row("loss in all workloads", name, lost, "", 0.0 if name == YARAK.name else None)

    def _workload_rows(self, workload: AnyWorkload) -> Iterator[Row]:
        base = NOTHING if empty.missing() else EMPTY
        yield row.of(workload.what, NOTHING.name, self._times[NOTHING.name, workload.name], "µs a turn")
        for setting in self._settings:
            if setting is NOTHING:
                continue
            against = NOTHING if setting is EMPTY else base
            ratios = self._against(setting, against, workload)
            target = workload.ratio if setting is YARAK else None
            yield row.of(workload.what, setting.name, ratios, f"x {against.name}", target=target)
        for setting in self._settings:
            cpu = self._cpu.get((setting.name, workload.name))
            if cpu:
                target = workload.cpu if setting is YARAK else None
                yield row.of(workload.what, f"{setting.name}: watcher's CPU", cpu, "s in 10 s", target=target)

    def _against(self, setting: Setting, other: Setting, workload: AnyWorkload) -> list[float]:
        """Ratios of the times within each repetition."""
        pairs = zip(self._times[setting.name, workload.name], self._times[other.name, workload.name], strict=True)
        return [one / two for one, two in pairs]
