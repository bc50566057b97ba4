"""Names that others keep: users and groups follow their files, host names are resolved aside from the events.

The sensor has an /etc of its own, in a mount namespace of its own, with a name server that never answers.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit import etc
from livekit.fixtures import alone
from livekit.patience import PATIENCE
from livekit.requirements import demand, lacking_for_sensor
from livekit.sensor import Sensor

pytestmark = pytest.mark.live

NAMED = 54_322
PORT = 47_300
RULES = f"""\
- rule: user
  desc: Somebody opens a file.
  condition: evt.type = openat and user.uid = {NAMED} and fd.name = /etc/hostname
  output: user %user.name %user.homedir %user.shell %group.name
  priority: DEBUG

- rule: any connection
  desc: A connection to the test's port.
  condition: evt.type = connect and fd.sport = {PORT}
  output: connection %fd.name
  priority: DEBUG

- rule: known host
  desc: A connection to a host that the hosts file has.
  condition: evt.type = connect and fd.sport = {PORT} and fd.rip.name = here.example
  output: connection %fd.name
  priority: DEBUG

- rule: silent host
  desc: A connection to a host that only a name server could tell.
  condition: evt.type = connect and fd.sport = {PORT} and fd.rip.name in (away.example, elsewhere.example)
  output: connection %fd.name
  priority: DEBUG
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    hosts = "127.0.0.1 localhost\n127.0.0.2 here.example\n"
    folder = etc.make(tmp_path_factory.mktemp("etc"), hosts=hosts, resolv__conf=etc.SILENT)
    users(folder, "before", "/home/before")
    return folder


def users(folder: Path, name: str, home: str) -> None:
    passwd = f"root:x:0:0:root:/root:/bin/sh\n{name}:x:{NAMED}:{NAMED}::{home}:/bin/false\n"
    etc.replace(folder / "passwd", passwd)
    etc.replace(folder / "group", f"root:x:0:\n{name}-group:x:{NAMED}:\n")


@pytest.fixture(scope="module")
def sensor(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Sensor]:
    demand(lacking_for_sensor())
    alone()
    place = tmp_path_factory.mktemp("names")
    rules = place / "rules.yaml"
    rules.write_text(RULES)
    sensor = Sensor([rules], place / "sensor", under=etc.under(folder))
    try:
        sensor.wait_until_armed()
        yield sensor
    finally:
        sensor.stop()


def seen(sensor: Sensor) -> list[object]:
    """Names of somebody who opens a file."""
    with sensor.watch() as found:
        pid = os.fork()
        if pid == 0:
            os.setgid(NAMED)
            os.setuid(NAMED)
            os.open("/etc/hostname", os.O_RDONLY)
            os._exit(0)
        os.waitpid(pid, 0)
    (alert,) = found.of("user")
    return [alert.fields[name] for name in ("user.name", "user.homedir", "user.shell", "group.name")]


def test_users_and_groups_follow_their_files(sensor: Sensor, folder: Path) -> None:
    assert seen(sensor) == ["before", "/home/before", "/bin/false", "before-group"]
    users(folder, "after", "/home/after")
    wanted = ["after", "/home/after", "/bin/false", "after-group"]
    deadline = time.monotonic() + 10 * PATIENCE
    while (found := seen(sensor)) != wanted and time.monotonic() < deadline:
        assert found[0] in ("before", "after")
    assert found == wanted


def test_host_names_never_keep_an_event_waiting(sensor: Sensor) -> None:
    """Two servers are silent for minutes; alerts come all the same, and the name in the hosts file is known."""
    server = socket.create_server(("127.0.0.2", PORT))
    began = time.monotonic()
    with sensor.watch() as found:
        socket.create_connection(server.getsockname()).close()
    took = time.monotonic() - began
    server.close()
    assert took < 5 * PATIENCE
    assert len(found.of("any connection")) == 1 and len(found.of("known host")) == 1
    found.none("silent host")
