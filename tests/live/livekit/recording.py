"""A recording under test, started as a user starts it, and the other tool that reads it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .paths import REPOSITORY, yarak_command
from .patience import PATIENCE

SECONDS = 60 * PATIENCE
SUMMARY = re.compile(
    r"Recorded (?P<events>[\d,]+) events in (?P<seconds>[\d.]+) s, (?P<bytes>[\d,]+) bytes in (?P<files>\d+) files?, "
    r"(?:nothing|(?P<lost>[\d,]+)) lost"
)


@dataclass
class Recorded:
    """What the last line said, once the recording has ended."""

    events: int = 0
    bytes: int = 0
    files: int = 0
    lost: int = 0
    log: str = ""


@contextmanager
def recording(target: Path, *flags: str) -> Iterator[Recorded]:
    """Records what happens in the block; ends it by SIGINT and AssertionError unless that goes in order."""
    process = subprocess.Popen(
        [*yarak_command(), "record", str(target), *flags],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    recorded = Recorded()
    try:
        recorded.log = process.stderr.readline()
        assert recorded.log.startswith("Recording "), recorded.log + process.stderr.read()
        yield recorded
    finally:
        process.send_signal(signal.SIGINT)
        try:
            recorded.log += process.communicate(timeout=SECONDS)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
    assert process.returncode == 0, recorded.log
    found = SUMMARY.search(recorded.log)
    assert found is not None, recorded.log
    for name in ("events", "bytes", "files", "lost"):
        setattr(recorded, name, int((found[name] or "0").replace(",", "")))


def perform(script: str) -> int:
    """Runs a Python script in a process of its own, which must succeed; its process id."""
    process = subprocess.Popen([sys.executable, "-I", "-c", textwrap.dedent(script)], cwd="/")
    assert process.wait(SECONDS) == 0
    return process.pid


def sysdig(file: Path, form: str, condition: str = "") -> list[str]:
    """Lines of `sysdig -r`; AssertionError where it gives the file up."""
    command = ["sysdig", "-r", str(file), "-p", form, *([condition] if condition else [])]
    done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace", timeout=SECONDS)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.splitlines()


def is_subsequence(wanted: Sequence[str], lines: Sequence[str]) -> str | None:
    """The first of the wanted lines that does not come after the ones before it, None where all do."""
    rest = iter(lines)
    return next((line for line in wanted if line not in rest), None)
