"""Ten times the rules: what an event then costs, in evaluation (captures replayed) and in the kernel (workloads)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import captures, multiplied, replaying, row, rules
from bench.row import Row
from bench.watcher import Watcher
from bench.workload import WORKLOADS

TIMES = 10
TARGET = 1.5
_LIVE = ("getppid", "open", "open-failing", "fork-exec", "tcp")


def rows(events: int, repetitions: int, seconds: float, folder: Path, binary: Path) -> Iterator[Row]:
    """Ratios of the cost with ten times the 93 rules to the cost with the 93, each within its repetition."""
    many = folder / "many.yaml"
    count = multiplied.write(rules.ALL, TIMES, many)
    yield from _replayed(f"{count} rules", many, events, repetitions, folder)
    yield from _live(f"{count} rules", many, repetitions, seconds, folder, binary)


def _replayed(what: str, many: Path, events: int, repetitions: int, folder: Path) -> Iterator[Row]:
    plans = [folder / "few.plan", folder / "many.plan"]
    for plan, files in zip(plans, (rules.ALL, (many,)), strict=True):
        plan.write_bytes(replaying.compiled(files))
    for name, share, _ in replaying.KINDS:
        file = folder / f"{name}.scap"
        captures.write(file, events, process_share=share)
        ratios = []
        for _ in range(repetitions):
            few, more = (replaying.replay([file], str(plan))["seconds"] for plan in plans)
            ratios.append(more / few)
        file.unlink()
        yield row.of("ten times the rules", f"{what}, {name} capture", ratios, "x 93 rules", target=TARGET)


def _live(what: str, many: Path, repetitions: int, seconds: float, folder: Path, binary: Path) -> Iterator[Row]:
    chosen = [workload for workload in WORKLOADS if workload.name in _LIVE]
    settings: tuple[Sequence[Path], ...] = (rules.ALL, (many,))
    times: dict[str, list[list[float]]] = defaultdict(lambda: [[], []])
    for _ in range(repetitions):
        for at, files in enumerate(settings):
            with Watcher(files) as watcher:
                watcher.wait()
                for workload in chosen:
                    times[workload.name][at].append(workload.run(binary, seconds, folder))
    for workload in chosen:
        few, more = times[workload.name]
        ratios = [one / two for one, two in zip(more, few, strict=True)]
        yield row.of("ten times the rules", f"{what}, {workload.what}", ratios, "x 93 rules", target=TARGET)
