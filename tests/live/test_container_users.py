"""Users of a container go by the container's own files, which are read aside: a container may choose a file system that
never answers, and must not silence the watcher by it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from livekit import etc
from livekit.cgroup import ContainerGroup
from livekit.fixtures import sensor_under
from livekit.patience import PATIENCE
from livekit.sensor import Sensor
from livekit.silent import silent

pytestmark = pytest.mark.live

UID = 54_400
FILE = "/yk-look"
RULES = f"""\
- rule: look
  desc: Somebody in a container looks at something.
  condition: evt.type = openat and fd.name = {FILE}
  output: look %user.uid %user.name %user.homedir %group.name %container.id
  priority: DEBUG
"""


@pytest.fixture(scope="module")
def sensor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sensor]:
    yield from sensor_under(RULES, tmp_path_factory.mktemp("sensor"))


@contextmanager
def inside(root: Path, prepare: Callable[[], object] = lambda: None) -> Iterator[Callable[[], None]]:
    """A process in a container of its own, below a root of its own, as UID: it looks at FILE when it is told to."""
    group = ContainerGroup()
    orders, order = os.pipe()
    done, report = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(order)
        prepare()
        group.take(os.getpid())
        os.chroot(root)
        os.chdir("/")
        os.setgid(UID)
        os.setuid(UID)
        while os.read(orders, 1):
            os.close(os.open(FILE, os.O_RDONLY))
            os.write(report, b".")
        os._exit(0)

    def look() -> None:
        os.write(order, b".")
        assert os.read(done, 1)

    os.close(orders)
    os.close(report)
    try:
        yield look
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(order)
        os.close(done)
        group.remove()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    (tmp_path / FILE[1:]).touch()
    (tmp_path / "etc").mkdir()
    return tmp_path


def users(root: Path, name: str) -> None:
    etc.replace(root / "etc/passwd", f"{name}:x:{UID}:{UID}::/home/{name}:/bin/sh\n")
    etc.replace(root / "etc/group", f"{name}-group:x:{UID}:\n")


def told(sensor: Sensor, look: Callable[[], None]) -> list[object]:
    with sensor.watch() as found:
        look()
    (alert,) = found.of("look")
    assert alert.fields["user.uid"] == UID and alert.fields["container.id"] != "host"
    return [alert.fields[name] for name in ("user.name", "user.homedir", "group.name")]


def eventually(sensor: Sensor, look: Callable[[], None], unlike: list[object]) -> list[object]:
    deadline = time.monotonic() + 10 * PATIENCE
    while (names := told(sensor, look)) == unlike and time.monotonic() < deadline:
        time.sleep(0.01)
    return names


NAMELESS: list[object] = ["<NA>"] * 3


def test_users_of_a_container_follow_its_files(sensor: Sensor, root: Path) -> None:
    users(root, "before")
    with inside(root) as look:
        before = eventually(sensor, look, NAMELESS)
        users(root, "after")
        after = eventually(sensor, look, before)
    assert [before, after] == [[name, f"/home/{name}", f"{name}-group"] for name in ("before", "after")]


def test_a_file_system_that_never_answers_keeps_no_event_waiting(sensor: Sensor, root: Path) -> None:
    """Neither those of its container nor those of others."""
    other = root / "other"
    (other / "etc").mkdir(parents=True)
    (other / FILE[1:]).touch()
    users(other, "other")
    with silent(root / "etc") as mount, inside(root, mount) as hindered, inside(other) as look:
        assert [told(sensor, hindered) for _ in range(3)] == [NAMELESS] * 3
        assert eventually(sensor, look, NAMELESS)[0] == "other"
        assert told(sensor, hindered) == NAMELESS
