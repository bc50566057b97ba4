"""All targets one after the other, each in a process of its own that may crash or hang: ``python tests/fuzz/fuzz.py``.

Exit status 1 when any of them found something.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

sys.path[:0] = [str(Path(__file__).parent)]

from search import keep  # noqa: E402
from targets import HERE, TARGETS, Target  # noqa: E402

PATIENCE: Final = 60.0
"""Seconds that one input may take in code that no alarm ends."""
_LOOK: Final = 0.2


def watch(command: Sequence[str], current: Path, patience: float = PATIENCE) -> int | str:
    """Run a search: its exit status, or what happened to it where it was killed or hung over one input."""
    child = subprocess.Popen(command)
    began = time.time()
    while child.poll() is None:
        time.sleep(_LOOK)
        last = current.stat().st_mtime if current.exists() else began
        if time.time() - max(last, began) > patience:
            child.kill()
            child.wait()
            return f"an input takes more than {patience:.0f} s"
    return f"killed by signal {-child.returncode}" if child.returncode < 0 else child.returncode


def fuzz(target: Target, seconds: float, seed: int) -> bool:
    """Whether the target stood the search."""
    print(f"{target.what}: searching for {seconds:.0f} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        current = Path(folder) / "current"
        command = [
            sys.executable, str(HERE / "search.py"), target.name, "--seconds", str(seconds), "--seed", str(seed),
            "--current", str(current),
        ]  # fmt: skip
        end = watch(command, current)
        if isinstance(end, str):
            print(f"{target.what}: {end}: {keep(target, current.read_bytes()).name}", flush=True)
        return end == 0


def main() -> int:
    """The command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=600, help="for each target")
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    given = arguments.parse_args()
    stood = []
    for target in TARGETS.values():
        if target.is_there:
            stood.append(fuzz(target, given.seconds, given.seed))
        else:
            print(f"{target.what}: left out, the core is not built", flush=True)
    return 0 if all(stood) else 1


if __name__ == "__main__":
    raise SystemExit(main())
