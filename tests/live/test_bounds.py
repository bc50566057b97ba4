"""Tables that fill up on a live host stay as small as they are said to be, and tell what had to go; core/src/state/
bounds_tests.rs fills the others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from livekit.probe import Probe
from livekit.requirements import demand, lacking_for_sensor
from livekit.silent import silent

pytestmark = pytest.mark.live

OPENED = """\
- rule: told
  desc: Told.
  condition: evt.type in (open, openat, openat2) and fd.name = {path}
  output: "%proc.cmdline"
  priority: WARNING
"""
MADE = """\
- rule: told
  desc: Told.
  condition: evt.type = mkdir and evt.arg.path = {path}
  output: "%evt.args_changed"
  priority: WARNING
"""
SENT = """\
- rule: told
  desc: Told.
  condition: evt.type = sendto and fd.name_changed = true and proc.name = nobody
  output: "%fd.name"
  priority: WARNING
"""
PROCESSES, THREADS_EACH = 20, 4
"""Of the table of processes in these tests; a machine runs more."""
THREADS = 200
SOCKETS = 18_000
"""More than the kernel's 16,384."""
CALLS = 4200
"""More than the kernel's 4,096 strings of calls under way."""

WITH_THREADS = f"""\
import sys, threading
threading.stack_size(65536)
done = threading.Event()
for _ in range({THREADS}):
    threading.Thread(target=done.wait, daemon=True).start()
print(flush=True)
sys.stdin.read()
"""
MANY_SOCKETS = f"""\
import socket
for _ in range({SOCKETS}):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("127.0.0.1", 9))
"""
MANY_CALLS = f"""\
import os, sys, threading
threading.stack_size(65536)
for number in range({CALLS}):
    threading.Thread(target=os.mkdir, args=(f"{{sys.argv[1]}}/{{number}}",), daemon=True).start()
print(flush=True)
sys.stdin.read()
"""


@contextmanager
def running(folder: Path, rules: str, **settings: object) -> Iterator[Probe]:
    demand(lacking_for_sensor())
    (folder / "rules.yaml").write_text(rules)
    probe = Probe(folder / "rules.yaml", settings)
    try:
        yield probe
    finally:
        probe.end()


@contextmanager
def waiting(code: str, *words: str, preexec_fn: object = None) -> Iterator[None]:
    """A program that has done what it does, and waits."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=preexec_fn,  # type: ignore[arg-type]
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"\n"
    try:
        yield
    finally:
        process.kill()
        process.communicate()


@contextmanager
def sleepers(number: int) -> Iterator[None]:
    started = [subprocess.Popen(["sleep", "600"]) for _ in range(number)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def told(probe: Probe) -> list[str]:
    return [alert["output"] for look in probe.looks for alert in look["alerts"]]


def test_processes_and_threads(tmp_path: Path) -> None:
    path = tmp_path / "opened"
    path.touch()
    with running(tmp_path, OPENED.format(path=path), max_processes=PROCESSES) as probe, waiting(WITH_THREADS):
        probe.wait_for(lambda look: look["counters"]["n_drops_full_threadtable"] > 0)
        with sleepers(2 * PROCESSES):
            full = probe.wait_for(lambda look: look["counters"]["n_processes_evicted"] > 0)["counters"]
        assert full["n_processes"] <= PROCESSES
        assert full["n_threads"] <= PROCESSES * (1 + THREADS_EACH)
        subprocess.run(["cat", path], check=True)
        probe.wait_for(lambda _look: bool(told(probe)))
        assert [line.partition("Warning ")[2] for line in told(probe)] == [f"cat {path}"]


def test_sockets(tmp_path: Path) -> None:
    with running(tmp_path, SENT) as probe:
        subprocess.run([sys.executable, "-c", MANY_SOCKETS], check=True)
        assert probe.wait_for(lambda look: look["counters"]["n_sockets_forgotten"] > 0)["gap"] is None


def test_strings_of_calls_under_way(tmp_path: Path) -> None:
    """The calls wait for a file system; one that comes when there is no more room has what it has."""
    place, made = tmp_path / "silent", tmp_path / "made"
    place.mkdir()
    with running(tmp_path, MADE.format(path=made), snapshots="always") as probe, silent(place) as mount:
        os.mkdir(made)
        with waiting(MANY_CALLS, str(place), preexec_fn=mount):
            os.rmdir(made)
            os.mkdir(made)
            probe.wait_for(lambda _look: len(told(probe)) == 2)
            assert [line.partition("Warning ")[2] for line in told(probe)] == ["false", "true"]
            probe.wait_for(lambda look: look["counters"]["n_snapshots_missed"] > 0)
