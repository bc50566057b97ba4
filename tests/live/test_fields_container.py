"""Fields of containers: the host's own, and what the path of a cgroup tells."""

from __future__ import annotations

import os
import time

from livekit.calls import Told, Within, told
from livekit.cgroup import ContainerGroup
from livekit.fields import FieldCases
from livekit.raw import call

cases = FieldCases(__name__, "container.")

SECOND = 1_000_000_000
HOST = {
    "container.id": "host",
    "container.name": "host",
    "container.type": "host",
    "container.full_id": None,
    "container.host_ipc": False,
    "container.host_network": False,
    "container.host_pid": False,
    "container.privileged": False,
    "container.image": "",
    "container.image.digest": "",
    "container.image.id": "",
    "container.image.repository": "",
    "container.image.tag": "",
    "container.ip": "",
    "container.mounts": "",
    "container.start_ts": None,
    "container.duration": None,
}


def look() -> int:
    return call("openat", -100, b"/etc/hostname", os.O_RDONLY, 0)


@cases
def on_the_host() -> Told:
    return told("openat", HOST, fd=look(), name="/etc/hostname")


@cases
def in_a_container() -> Told:
    """As far as its cgroup tells; without a pid namespace of its own it is as old as the host's."""
    group = ContainerGroup()
    pid = os.fork()
    if pid == 0:
        group.take(os.getpid())
        look()
        os._exit(0)
    os.waitpid(pid, 0)
    group.remove()
    up = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    boot = time.time_ns() - up
    fields = {
        "container.id": group.short_id,
        "container.full_id": group.full_id,
        "container.start_ts": Within(boot - SECOND, boot + SECOND),
        "container.duration": Within(up - 60 * SECOND, up + SECOND),
        "container.name": None,
        "container.type": None,
        "container.image": None,
        "container.privileged": None,
        "proc.pid": pid,
    }
    return told("openat", fields, name="/etc/hostname")


told_of, test_case, test_field = cases.fixture(), cases.test(), cases.field_test()
