"""Several rings: what happens on one CPU is judged in its order with what happens on the other, also while one of the
rings is far behind."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from livekit.actors import Actors
from livekit.probe import Look, Probe
from livekit.requirements import demand, demand_every_event, lacking_for_sensor

pytestmark = pytest.mark.live

RULES = """\
- rule: Step
  desc: A process that lives for one open.
  condition: evt.type in (open, openat, openat2) and fd.name startswith {folder}/step-
  output: "%fd.name %proc.cmdline %proc.ppid %proc.exepath"
  priority: WARNING

- rule: Flood
  desc: Keeps one ring busy.
  condition: evt.type in (open, openat, openat2) and fd.name = {folder}/flooded and proc.env[NONE] = x
  output: "%fd.name"
  priority: WARNING
"""
STEPS = 300


@pytest.fixture
def cpus() -> list[int]:
    cpus = sorted(os.sched_getaffinity(0))
    demand(["a second CPU"] if len(cpus) < 2 else [])
    return cpus[:2]


@pytest.fixture
def probe(cpus: list[int], actors: Actors, tmp_path: Path) -> Iterator[Probe]:
    demand(lacking_for_sensor())
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES.format(folder=tmp_path))
    (tmp_path / "flooded").touch()
    probe = Probe(rules, {"cpus_per_ring": 1, "format": {"json_output": True}})
    try:
        yield probe
    finally:
        probe.end()


@contextmanager
def flood(program: Path, file: Path, cpu: int) -> Iterator[None]:
    flooder = subprocess.Popen(["taskset", "-c", str(cpu), str(program), "flood", str(file)])
    try:
        yield
    finally:
        flooder.kill()
        flooder.wait()


def steps(probe: Probe) -> dict[str, Look]:
    """Alerts of the short-lived processes by the file that each opened."""
    fields = [alert["output_fields"] for look in probe.looks for alert in look["alerts"] if alert["rule"] == "Step"]
    return {one["fd.name"]: one for one in fields}


@pytest.mark.parametrize("flooded", [False, True], ids=["quiet", "flooded"])
def test_every_open_is_its_own_process(
    probe: Probe, cpus: list[int], actors: Actors, tmp_path: Path, flooded: bool
) -> None:
    """Born on one CPU, it takes its image there and opens on the other."""
    program = actors.named("step")
    files = [tmp_path / f"step-{number}" for number in range(STEPS)]

    def take_steps() -> None:
        for number, file in enumerate(files):
            os.sched_setaffinity(0, {cpus[number % 2]})
            # taskset changes the CPU between the birth and the image.
            pinned = ["taskset", "-c", str(cpus[(number + 1) % 2]), str(program), "write", str(file)]
            subprocess.run(pinned, check=True)

    before = os.sched_getaffinity(0)
    try:
        if flooded:
            with flood(actors.named("flooder"), tmp_path / "flooded", cpus[0]):
                take_steps()
        else:
            take_steps()
    finally:
        os.sched_setaffinity(0, before)
    # Opens are ordinary: a ring that the flood has filled may refuse them, births and images it may not.
    told = probe.wait_for(lambda look: len(steps(probe)) + sum(lost(probe).values()) >= STEPS)
    if not flooded:
        demand_every_event(sum(lost(probe).values()))
    assert not {"execve", "clone", "vfork", "procexit"} & set(lost(probe))
    for name, fields in steps(probe).items():
        assert fields["proc.cmdline"] == f"step write {name}"
        assert fields["proc.exepath"] == str(program)
        assert fields["proc.ppid"] == os.getpid()
    assert len(steps(probe)) > STEPS / 2
    assert told["counters"]["n_execs_missed"] == 0


def lost(probe: Probe) -> dict[str, int]:
    """Lost events so far, by type."""
    found: dict[str, int] = {}
    for look in probe.looks:
        for name, count in (look["gap"] or {"events": {}})["events"].items():
            found[name] = found.get(name, 0) + count
    return found
