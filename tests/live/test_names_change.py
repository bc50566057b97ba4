"""Names that others keep: users and groups follow their files and come from the name service, host names are resolved
aside from the events.

The sensor has an /etc of its own, in a mount namespace of its own, with a name server that never answers, and a module
of the name service (nsswitch.conf) that is slow for one id.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit import etc
from livekit.fixtures import sensor_under
from livekit.patience import PATIENCE
from livekit.requirements import demand, lacking_for_stand_ins
from livekit.sensor import Sensor

pytestmark = pytest.mark.live

NAMED = 54_322
FAR, SLOW, UNKNOWN = 54_323, 54_324, 54_325
"""Ids that no file has: the module knows them, takes its time, or knows nothing."""
SLOW_SECONDS = round(3 * PATIENCE)
CHECKED = 1.25
"""Within so many seconds a new file counts."""
PORT = 47_300
RULES = f"""\
- rule: user
  desc: Somebody opens a file.
  condition: evt.type = openat and user.uid >= {NAMED} and user.uid <= {UNKNOWN} and fd.name = /etc/hostname
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


MODULE = f"""\
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <unistd.h>

enum nss_status _nss_yktest_getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, int *error)
{{
	if (uid == {SLOW})
		sleep({SLOW_SECONDS});
	else if (uid != {FAR})
		return NSS_STATUS_NOTFOUND;
	*entry = (struct passwd){{"far-away", "x", uid, uid, "", "/far/home", "/far/shell"}};
	return NSS_STATUS_SUCCESS;
}}

enum nss_status _nss_yktest_getgrgid_r(gid_t gid, struct group *entry, char *buffer, size_t size, int *error)
{{
	static char *nobody[] = {{NULL}};
	if (gid != {FAR})
		return NSS_STATUS_NOTFOUND;
	*entry = (struct group){{"far-group", "x", gid, nobody}};
	return NSS_STATUS_SUCCESS;
}}
"""


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the name service finds its module."""
    demand(lacking_for_stand_ins())
    folder = tmp_path_factory.mktemp("libraries")
    (folder / "module.c").write_text(MODULE)
    target = folder / "libnss_yktest.so.2"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(target), str(folder / "module.c")], check=True)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    hosts = "127.0.0.1 localhost\n127.0.0.2 here.example\n"
    switch = "passwd: files yktest\ngroup: files yktest\nhosts: files dns\n"
    folder = etc.make(tmp_path_factory.mktemp("etc"), hosts=hosts, resolv__conf=etc.SILENT, nsswitch__conf=switch)
    users(folder, "before", "/home/before")
    return folder


def users(folder: Path, name: str, home: str) -> None:
    passwd = f"root:x:0:0:root:/root:/bin/sh\n{name}:x:{NAMED}:{NAMED}::{home}:/bin/false\n"
    etc.replace(folder / "passwd", passwd)
    etc.replace(folder / "group", f"root:x:0:\n{name}-group:x:{NAMED}:\n")


@pytest.fixture(scope="module")
def sensor(tmp_path_factory: pytest.TempPathFactory, folder: Path, libraries: Path) -> Iterator[Sensor]:
    under = ("env", f"LD_LIBRARY_PATH={libraries}", *etc.under(folder))
    yield from sensor_under(RULES, tmp_path_factory.mktemp("names"), under)


def seen(sensor: Sensor, uid: int = NAMED) -> list[object]:
    """Names of somebody who opens a file."""
    with sensor.watch() as found:
        pid = os.fork()
        if pid == 0:
            os.setgid(uid)
            os.setuid(uid)
            os.open("/etc/hostname", os.O_RDONLY)
            os._exit(0)
        os.waitpid(pid, 0)
    (alert,) = found.of("user")
    return [alert.fields[name] for name in ("user.name", "user.homedir", "user.shell", "group.name")]


def eventually(sensor: Sensor, uid: int, wanted: list[str], seconds: float) -> list[object]:
    """The names once they are those."""
    deadline = time.monotonic() + seconds * PATIENCE
    while (names := seen(sensor, uid)) != wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    return names


NAMELESS: list[object] = ["<NA>"] * 4
FAR_AWAY = ["far-away", "/far/home", "/far/shell"]


def test_users_and_groups_follow_their_files(sensor: Sensor, folder: Path) -> None:
    """Without an event that asks for them in between."""
    assert seen(sensor) == ["before", "/home/before", "/bin/false", "before-group"]
    users(folder, "after", "/home/after")
    time.sleep(CHECKED * PATIENCE)
    assert seen(sensor) == ["after", "/home/after", "/bin/false", "after-group"]


def test_users_and_groups_that_only_the_name_service_knows(sensor: Sensor) -> None:
    """The first event must not wait for them."""
    far = [*FAR_AWAY, "far-group"]
    for name, late in zip(seen(sensor, FAR), far, strict=True):
        assert name in ("<NA>", late)
    assert eventually(sensor, FAR, far, 10) == far


def test_a_name_service_that_takes_its_time_keeps_no_event_waiting(sensor: Sensor) -> None:
    began = time.monotonic()
    assert [seen(sensor, SLOW), seen(sensor, UNKNOWN)] == [NAMELESS] * 2
    assert time.monotonic() - began < SLOW_SECONDS
    slow = [*FAR_AWAY, "<NA>"]
    assert eventually(sensor, SLOW, slow, SLOW_SECONDS + 10) == slow
    assert seen(sensor, UNKNOWN) == NAMELESS


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
