"""The fixtures of every live test. Both tests/live and rules/tests import them into their conftest.py."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import IO

import pytest

from .actors import Actors, compile_actor
from .container import Container, build_root
from .requirements import busybox, demand, lacking_for_containers, lacking_for_sensor, lacking_for_stand_ins
from .sensor import OPTIONS, Sensor
from .stage import Stage

STAND_INS = "/opt"


@cache
def alone() -> IO[str]:
    """Waits until no other run of live tests is under way on this machine: its deeds would fire our rules.

    The lock is kept until this process ends.
    """
    file = Path(gettempdir(), "yarak-live-tests.lock").open("w")  # noqa: SIM115
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def sensor_under(rules: str, folder: Path, under: Sequence[str] = ()) -> Iterator[Sensor]:
    """Body of a fixture: a sensor with rules of the test's own, started by the command `under` if there is one."""
    path = folder / "rules.yaml"
    path.write_text(rules)
    return running_sensor([path], folder / "sensor", under=under)


def running_sensor(
    rules: list[Path], folder: Path, options: Sequence[str] = OPTIONS, under: Sequence[str] = ()
) -> Iterator[Sensor]:
    """Body of a fixture: one sensor for all tests that ask for it; ending it must go cleanly."""
    demand(lacking_for_sensor())
    alone()
    sensor = Sensor(rules, folder, options, under)
    try:
        sensor.wait_until_armed()
        yield sensor
    except BaseException:
        sensor.stop()
        raise
    sensor.stop_cleanly()


@pytest.fixture(scope="session")
def actor_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    demand(lacking_for_sensor() + lacking_for_stand_ins())
    alone()
    return compile_actor(tmp_path_factory.mktemp("actor"))


@pytest.fixture(scope="session")
def actors(actor_binary: Path) -> Iterator[Actors]:
    """Outside of /tmp, so that a rule about programs there means what a stand-in does, not the stand-in."""
    with TemporaryDirectory(prefix="yarak-live-", dir=STAND_INS) as folder:
        Path(folder).chmod(0o755)
        yield Actors(actor_binary, Path(folder))


@pytest.fixture(scope="session")
def container(actor_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    demand(lacking_for_containers())
    found = busybox()
    assert found is not None
    folder = tmp_path_factory.mktemp("container")
    container = Container(build_root(folder, found, actor_binary), f"yarak-live-{folder.name}-{id(folder):x}")
    try:
        yield container
    finally:
        container.remove()


@pytest.fixture
def stage(request: pytest.FixtureRequest, actors: Actors, tmp_path: Path) -> Iterator[Stage]:
    """Where plays are performed; the container is started only if one of them is set in it."""
    stage = Stage(actors, lambda: request.getfixturevalue("container"), tmp_path)
    try:
        yield stage
    finally:
        stage.clear()
