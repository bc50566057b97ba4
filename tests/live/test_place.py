"""Host or container, by the cgroup at the moment of the event and nothing else; with the kernel filter and without."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit.actors import Actors
from livekit.cgroup import ContainerGroup
from livekit.container import Container, build_root
from livekit.requirements import busybox, demand, lacking_for_containers, lacking_for_sensor
from livekit.rulefiles import touch
from livekit.sensor import OPTIONS, Sensor

pytestmark = pytest.mark.live

RULES = """\
- rule: {place}
  desc: A file was opened there.
  condition: evt.type in (open, openat, openat2) and fd.name startswith {folder}/ and {condition}
  output: "%fd.name %container.id %proc.pid"
  priority: WARNING
"""
PLACES = {
    "Host": "container.id = host",
    "Not host": "container.id != host",
    "Container": "container",
    "Elsewhere": "not container",
}
MACROS = "- macro: container\n  condition: (container.id != host)\n"
ON_HOST, INSIDE = ["Elsewhere", "Host"], ["Container", "Not host"]
STARTED = """\
- rule: Started in a container
  desc: The first program of a container.
  condition: evt.type in (execve, execveat) and evt.failed = false and container.id != host and proc.name = sleep
  output: "%container.id"
  priority: WARNING
"""
FRESH = 25


class Places:
    """A sensor with one rule for each way to ask where an open came from."""

    def __init__(self, folder: Path, filtered: bool) -> None:
        self.files = folder / "files"
        self.files.mkdir()
        rules = folder / "rules.yaml"
        rules.write_text(
            MACROS
            + STARTED
            + "".join(RULES.format(place=place, folder=self.files, condition=c) for place, c in PLACES.items())
        )
        option = f"sensor.kernel_filter={str(filtered).lower()}"
        self.sensor = Sensor([rules], folder / "sensor", (*OPTIONS, option))

    def of(self, path: Path) -> tuple[list[str], set[str]]:
        """The rules that fired for the opening of the file, and the containers that they named."""
        with self.sensor.watch():
            pass  # what was opened before is judged by now
        alerts = [alert for alert in self.sensor.alerts if alert.fields.get("fd.name") == str(path)]
        return sorted(alert.rule for alert in alerts), {alert.fields["container.id"] for alert in alerts}


@pytest.fixture(params=[True, False], ids=["filter", "no filter"])
def places(request: pytest.FixtureRequest, actors: Actors, tmp_path: Path) -> Iterator[Places]:
    demand(lacking_for_sensor())
    places = Places(tmp_path, request.param)
    try:
        places.sensor.wait_until_armed()
        yield places
    finally:
        places.sensor.stop()


@pytest.fixture
def group(actors: Actors) -> Iterator[ContainerGroup]:
    group = ContainerGroup()
    try:
        yield group
    finally:
        group.remove()


class Mover:
    """A process that opens one file after another, each when it is told to, and never another program."""

    def __init__(self, actors: Actors, files: list[Path]) -> None:
        steps = [word for file in files for word in ("hold", ",", "write", str(file), ",")]
        self._process = subprocess.Popen([str(actors.named("mover")), *steps[:-1]], stdin=subprocess.PIPE, bufsize=0)
        self.pid = self._process.pid

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")

    def end(self) -> None:
        self._process.communicate()


def test_an_escaped_process_is_where_its_cgroup_is(places: Places, group: ContainerGroup, actors: Actors) -> None:
    """It sees the host's mounts, and belongs to the container all the same."""
    file = places.files / "escaped"
    mover = Mover(actors, [file])
    group.take(mover.pid)
    assert os.readlink(f"/proc/{mover.pid}/ns/mnt") == os.readlink("/proc/self/ns/mnt")
    mover.go()
    mover.end()
    assert places.of(file) == (INSIDE, {group.short_id})


def test_a_service_with_mounts_of_its_own_is_on_the_host(places: Places, actors: Actors) -> None:
    file = places.files / "service"
    actors.perform("service", ["private-mounts", f"write {file}"])
    assert places.of(file) == (ON_HOST, {"host"})


def test_a_task_that_is_moved_is_elsewhere_from_then_on(places: Places, group: ContainerGroup, actors: Actors) -> None:
    files = [places.files / name for name in ("before", "inside", "after")]
    mover = Mover(actors, files)
    try:
        mover.go()
        places.sensor.wait_for(lambda alert: alert.fields.get("fd.name") == str(files[0]))
        group.take(mover.pid)
        mover.go()
        places.sensor.wait_for(lambda alert: alert.fields.get("fd.name") == str(files[1]))
        group.release(mover.pid)
        mover.go()
    finally:
        mover.end()
    assert places.of(files[0]) == (ON_HOST, {"host"})
    assert places.of(files[1]) == (INSIDE, {group.short_id})
    assert places.of(files[2]) == (ON_HOST, {"host"})


def test_a_container_that_started_this_moment_is_one(places: Places) -> None:
    """Nobody has seen its cgroup before; its first event is judged as the container's."""
    files = [places.files / f"fresh-{number}" for number in range(FRESH)]
    groups = []
    try:
        for file in files:
            groups.append(ContainerGroup())
            pid = os.fork()
            if pid == 0:
                groups[-1].take(os.getpid())
                touch(file)
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
        for file, group in zip(files, groups, strict=True):
            assert places.of(file) == (INSIDE, {group.short_id})
    finally:
        for group in groups:
            group.remove()


def test_the_first_program_of_a_real_container_is_in_it(places: Places, actor_binary: Path, tmp_path: Path) -> None:
    demand(lacking_for_containers())
    found = busybox()
    assert found is not None
    folder = tmp_path / "container"
    folder.mkdir()
    with places.sensor.watch() as seen:
        container = Container(build_root(folder, found, actor_binary), f"yarak-place-{os.getpid()}-{id(folder):x}")
        container.remove()
    seen.one("Started in a container", "Warning", {"container.id": container.short_id})


def test_the_sensor_never_feeds_itself(actors: Actors, tmp_path: Path) -> None:
    """What it does is an event for another sensor and none for itself, whatever the rules ask for."""
    demand(lacking_for_sensor())
    rule = tmp_path / "watched.yaml"
    empty = (
        "- rule: Watched\n  desc: d\n  condition: evt.type = mkdir and proc.pid = 1\n  output: o\n  priority: INFO\n"
    )
    rule.write_text(empty)
    options = (*OPTIONS, "sensor.kernel_filter=false", "engine.modern_ebpf.buf_size_preset=7")
    sensors = [Sensor([rule], tmp_path / name, options) for name in ("one", "other")]
    one, other = sensors
    try:
        for sensor in sensors:
            sensor.wait_until_armed()
        rule.write_text(
            '- rule: Watched\n  desc: d\n  output: "%evt.type"\n  priority: INFO\n'
            f"  condition: proc.pid = {one.pid} and not evt.type in (read, write, futex, poll)\n"
        )
        for sensor in sensors:
            sensor.reload()
        with one.watch() as seen_by_itself, other.watch() as seen_by_other:
            one.reload()
        assert seen_by_other.of("Watched"), "the other sensor sees it"
        seen_by_itself.none("Watched")
    finally:
        for sensor in sensors:
            sensor.stop()
