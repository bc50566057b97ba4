"""`python -m bench`: one table, and the same as JSON in bench/out/."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import build, empty, latency, load, replaying, row, rules, runtime, scale, start, table
from bench.compile import COMPILE
from bench.ratios import Ratios
from bench.row import Row
from bench.servers import SERVERS

OUT = Path(__file__).parent / "out"


class Bench:
    """The groups of rows by name; `quick` is for trying the bench itself."""

    def __init__(self, folder: Path, quick: bool) -> None:
        self._folder = folder
        self._quick = quick

    def groups(self) -> dict[str, Callable[[], Iterator[Row]]]:
        return {
            "start": lambda: start.rows(2 if self._quick else 7),
            "memory": lambda: load.memory_rows(5 if self._quick else 60, self._folder),
            "latency": lambda: latency.rows(20 if self._quick else 300, self._folder),
            "load": lambda: load.compile_rows(3 if self._quick else 30, self._folder),
            "replay": lambda: replaying.rows(*((50_000, 1) if self._quick else (1_000_000, 5)), self._folder),
            "ratios": self._ratios,
            "scale": self._scale,
            "programs": self._programs,
        }

    def _ratios(self) -> Iterator[Row]:
        ratios = Ratios(build.workloads(self._folder), build.empty_program(self._folder), self._folder)
        ratios.run(*((2, 0.1) if self._quick else (9, 0.5)))
        yield from ratios.rows()

    def _scale(self) -> Iterator[Row]:
        binary = build.workloads(self._folder)
        yield from scale.rows(*((50_000, 1, 0.1) if self._quick else (1_000_000, 5, 0.5)), self._folder, binary)

    def _programs(self) -> Iterator[Row]:
        yield from runtime.rows(build.workloads(self._folder), 0.2 if self._quick else 1.0, self._folder)


def refusal() -> str | None:
    """Why nothing can be measured, else None."""
    return "the sensor needs root" if os.geteuid() != 0 else rules.missing()


def about() -> dict[str, object]:
    """What the figures were taken on."""
    system = os.uname()
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "kernel": system.release,
        "machine": system.machine,
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "other watchers": "unknown" if runtime.missing() else len(runtime.others()) // runtime.PROGRAMS,
        "python": sys.version.split()[0],
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = tuple(Bench(Path(), False).groups())
    parser.add_argument("--only", action="append", choices=names, help="this group of rows (may be repeated)")
    parser.add_argument("--quick", action="store_true", help="few and short repetitions: no figures to quote")
    arguments = parser.parse_args()
    if (why := refusal()) is not None:
        print(f"Nothing is measured: {why}", file=sys.stderr)
        return 1
    for note in filter(None, {empty.missing(), runtime.missing(), *(one.missing() for one in (COMPILE, *SERVERS))}):
        print(f"Note: {note}", file=sys.stderr)
    rows: list[Row] = []
    facts = about()
    if facts["other watchers"] not in (0, "unknown"):
        print("Note: another watcher runs: 'nothing' is not nothing, and all rows are slower", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="yarak-bench-") as folder:
        for name, measure in Bench(Path(folder), arguments.quick).groups().items():
            if (arguments.only and name not in arguments.only) or (name == "programs" and runtime.missing()):
                continue
            print(f"Measuring: {name}", file=sys.stderr)
            rows += measure()
    OUT.mkdir(exist_ok=True)
    (OUT / f"{facts['time']}.json").write_bytes(row.encode(rows, facts))
    print(", ".join(f"{key} {value}" for key, value in facts.items()))
    print(table.text(rows), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
