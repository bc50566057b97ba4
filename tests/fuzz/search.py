"""The search of one target for inputs that it cannot stand: ``python tests/fuzz/search.py TARGET --seconds 600``.

What fails is written to ``tests/fuzz/seeds`` and is a test from then on (``test_seeds.py``). The input under way is in
the file ``--current``, so that whoever watches still has it when this process is gone (``fuzz.py``).
"""

from __future__ import annotations

import argparse
import hashlib
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import FrameType
from typing import Final

sys.path[:0] = [str(Path(__file__).parent)]

from targets import HERE, TARGETS, Target  # noqa: E402

SEEDS: Final = HERE / "seeds"
SECONDS_PER_INPUT: Final = 5
RECURSION_LIMIT: Final = 20_000
_KEPT: Final = 0.01
"""The share of harmless inputs that further ones are made of."""


class HangError(Exception):
    """An input took longer than it may."""


@contextmanager
def _limit() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise HangError(f"longer than {SECONDS_PER_INPUT} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS_PER_INPUT)
    try:
        yield
    finally:
        signal.alarm(0)


def failure(target: Target, given: bytes, folder: Path) -> str | None:
    """What an input does that it must not, or None."""
    try:
        with _limit():
            target.check(given, folder)
    except KeyboardInterrupt:
        raise
    except BaseException:  # whatever it is, it is what the search is for: a panic of the core is no Exception
        return traceback.format_exc()
    return None


def keep(target: Target, given: bytes) -> Path:
    """The input as a seed."""
    path = SEEDS / f"{target.name}-{hashlib.sha256(given).hexdigest()[:12]}{target.suffix}"
    path.write_bytes(given)
    return path


@dataclass(frozen=True, slots=True)
class Outcome:
    """``inputs`` tried in ``seconds``; ``kinds`` of failure; the ``slowest`` input's time in seconds."""

    inputs: int
    seconds: float
    kinds: int
    slowest: float


def run(target: Target, seconds: float, seed: int, current: Path | None = None) -> Outcome:
    """Search for so many seconds; the same seed makes the same inputs."""
    chance = Random(seed)
    known = target.start()
    found: set[str] = set()
    tried, slowest, begin = 0, 0.0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < begin + seconds:
            given = target.mutate(chance.choice(known), known, chance)
            if current is not None:
                current.write_bytes(given)
            started = time.monotonic()
            reason = failure(target, given, Path(folder))
            slowest = max(slowest, time.monotonic() - started)
            tried += 1
            if reason is not None and (kind := _kind(reason)) not in found:
                found.add(kind)
                print(f"{keep(target, given).name}\n{reason}", flush=True)
            elif reason is None and chance.random() < _KEPT:
                known.append(given)
    return Outcome(tried, time.monotonic() - begin, len(found), slowest)


def _kind(reason: str) -> str:
    """What failures of one cause have in common: the last frame and how the message ends."""
    return "\n".join(reason.splitlines()[-4:])[-120:] if "AssertionError" in reason else reason.splitlines()[-3]


def main() -> int:
    """The command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("target", choices=TARGETS)
    arguments.add_argument("--seconds", type=float, default=600)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    arguments.add_argument("--current", type=Path)
    given = arguments.parse_args()
    sys.setrecursionlimit(RECURSION_LIMIT)
    target = TARGETS[given.target]
    done = run(target, given.seconds, given.seed, given.current)
    print(
        f"{target.what}: {done.inputs} inputs in {done.seconds:.0f} s, {done.kinds} kinds of failure, "
        f"slowest {done.slowest:.2f} s (python tests/fuzz/search.py {target.name} --seed {given.seed})"
    )
    return 1 if done.kinds else 0


if __name__ == "__main__":
    raise SystemExit(main())
