"""Random mutation of rules files and conditions: no input may crash the compiler, hang it, or confuse its messages.

Run ``python tests/fuzz/rulesfuzz.py --seconds 600``; what fails is written to ``tests/fuzz/seeds`` and is a test from
then on (``test_seeds.py``). Names of seeds begin with the target they are for: ``file-`` or ``condition-``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Final

HERE: Final = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent / "rules"), str(HERE)]

import inputs  # noqa: E402
import listing_fixture  # noqa: E402
import yaml  # noqa: E402

from yarak.cli.rules.formats import FORMATS  # noqa: E402
from yarak.rules import CompileOptions, Listing, compile_files, printing  # noqa: E402
from yarak.rules.diagnostics import LoadError  # noqa: E402
from yarak.rules.expand import Expanded  # noqa: E402
from yarak.rules.fmt import format_text  # noqa: E402
from yarak.rules.grammar import parser  # noqa: E402
from yarak.rules.lint.program import load_program  # noqa: E402
from yarak.rules.lint.run import Selection, findings  # noqa: E402
from yarak.rules.problem import ConditionError  # noqa: E402
from yarak.rules.source import Text  # noqa: E402

try:
    from yarak import _core
except ImportError:
    _core = None  # type: ignore[assignment]

SEEDS: Final = HERE / "seeds"
SECONDS_PER_INPUT: Final = 5


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


@cache
def _listing() -> Listing:
    """The built core's, else the one made from the reference tables."""
    if _core is not None:
        return Listing.from_core()
    return Listing.from_json(**listing_fixture.document("container"))


def check_file(text: str, folder: Path) -> None:
    """Load a text as a rules file, twice, and render what is wrong in every form.

    The core must take the plan of what is fine; lints and layout must not fail, and a layout must be stable.
    """
    path = folder / "fuzz.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    compiled = compile_files([path, path], CompileOptions(), _listing())
    compiled.texts(color=True)
    for result in compiled.results:
        for found in result.diagnostics:
            assert found.where().file == str(path), f"{found.message} is said to be in {found.where().file!r}"
        json.dumps(result.to_json(), ensure_ascii=False).encode()
        for verbose in (True, False):
            result.text(verbose)
    if compiled.ok and _core is not None:
        _core.check_plan(compiled.plan)
    program = load_program([path], CompileOptions(), _listing())
    lines = program.files.get(str(path), "").split("\n")
    told = findings(program, Selection())
    for finding in told:
        place = finding.place
        assert place.file == str(path), f"{finding.message} is said to be in {place.file!r}"
        assert place.line < len(lines) and place.column <= len(lines[place.line]), f"{finding.message} is outside"
        assert place.length >= 1
    FORMATS["text"](told, program.files, True)
    try:
        laid_out = format_text(text)
    except LoadError:
        return
    assert format_text(laid_out) == laid_out, f"laid out as {laid_out!r}, which is laid out anew"


def check_condition(text: str, _folder: Path) -> None:
    """Parse a condition; what parses must print to something that parses to the same."""
    try:
        node = parser().condition(_source(text))
    except ConditionError as error:
        assert error.problem.start <= error.problem.end, "a problem ends before it starts"
        return
    shown = printing.condition(node)
    try:
        again = printing.condition(parser().condition(_source(shown)))
    except ConditionError as error:
        raise AssertionError(f"printed as {shown!r}, which does not parse: {error}") from None
    assert again == shown, f"printed as {shown!r}, then as {again!r}"


def _source(text: str) -> Expanded:
    return Expanded(text, Text(text, [(0, None)]), [])


TARGETS: Final[dict[str, Callable[[str, Path], None]]] = {"file": check_file, "condition": check_condition}


def failure(target: str, text: str, folder: Path) -> str | None:
    """What an input does that it must not, or None."""
    try:
        with _limit():
            TARGETS[target](text, folder)
    except (Exception, RecursionError):  # whatever it is, it is what the search is for
        return traceback.format_exc()
    return None


def _kind(reason: str) -> str:
    """What failures of one cause have in common: the last frame and how the message ends."""
    return "\n".join(reason.splitlines()[-4:])[-120:] if "AssertionError" in reason else reason.splitlines()[-3]


def mutate(text: str, others: list[str], chance: random.Random) -> str:
    """A few random edits: deletions, insertions of words, repetitions, pieces of other inputs."""
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
        at = chance.randint(0, len(text))
        end = min(len(text), at + chance.choice((0, 1, 1, 3, 10, 40)))
        match chance.randrange(5):
            case 0:
                text = text[:at] + text[end:]
            case 1:
                text = text[:at] + chance.choice(inputs.WORDS) + text[end:]
            case 2:
                text = text[:end] + text[at:end] * chance.choice((1, 2, 10)) + text[end:]
            case 3:
                other = chance.choice(others)
                start = chance.randint(0, len(other))
                text = text[:at] + other[start : start + chance.randint(1, 60)] + text[end:]
            case 4:
                text = text[:at] + chr(chance.choice((chance.randrange(128), chance.randrange(0xD800)))) + text[end:]
    return text[:20_000]


def corpus() -> dict[str, list[str]]:
    """The inputs that mutation starts from: those above, and items of the upstream rules where they are at hand."""
    files, conditions = list(inputs.FILES), list(inputs.CONDITIONS)
    try:
        folder = listing_fixture.shared() / "data" / "rules"
    except BaseException:  # pytest's skip is one
        return {"file": files, "condition": conditions}
    for path in sorted(folder.glob("*.yaml")):
        for item in yaml.safe_load(path.read_text()):
            files.append(yaml.safe_dump([item], sort_keys=False))
            if "condition" in item:
                conditions.append(str(item["condition"]))
    return {"file": files, "condition": conditions}


def run(seconds: float, seed: int) -> int:
    """Search for ``seconds``; the number of distinct failures found."""
    chance = random.Random(seed)
    known = corpus()
    found: set[str] = set()
    tried, slowest = 0, 0.0
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            target = chance.choice(("file", "condition"))
            text = mutate(chance.choice(known[target]), known[target], chance)
            begin = time.monotonic()
            reason = failure(target, text, Path(folder))
            slowest = max(slowest, time.monotonic() - begin)
            tried += 1
            if reason is not None and (where := _kind(reason)) not in found:
                found.add(where)
                name = f"{target}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
                (SEEDS / name).write_text(text, encoding="utf-8", newline="")
                print(f"{name}\n{reason}", flush=True)
            elif reason is None and chance.random() < 0.01:
                known[target].append(text)
    print(f"{tried} inputs in {seconds:.0f} s, {len(found)} kinds of failure, slowest {slowest:.2f} s, seed {seed}")
    return len(found)


def main() -> int:
    """The command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=600)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    given = arguments.parse_args()
    sys.setrecursionlimit(20_000)
    return 1 if run(given.seconds, given.seed) else 0


if __name__ == "__main__":
    raise SystemExit(main())
