"""The kernel filter changes what is sent and never what is told: the same workload under two sensors at once, one with
the filter and one without, raises the same alerts.

YARAK_WORKLOAD_ROUNDS repeats the workload (default 1).
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from livekit import ia32, workload
from livekit.alerts import Alert, Seen
from livekit.cgroup import ContainerGroup
from livekit.fixtures import alone
from livekit.paths import REPOSITORY
from livekit.patience import PATIENCE
from livekit.requirements import demand, demand_every_event, lacking_for_io_uring, lacking_for_sensor
from livekit.sensor import OPTIONS, Sensor
from livekit.stage import Stage, Stand

from yarak import _core

pytestmark = pytest.mark.live

NAME = "workload"
ROUNDS = os.environ.get("YARAK_WORKLOAD_ROUNDS", "1")
SECONDS = 120 * int(ROUNDS) * PATIENCE
# The machine's other work goes through the sensor without a filter, too: rings that hold all of it.
RINGS = "engine.modern_ebpf.buf_size_preset=7"
FILTERS = {"on": "sensor.kernel_filter=true", "off": "sensor.kernel_filter=false"}

RULE = """\
- rule: "{name}"
  desc: Both sides of one thing that the kernel filter looks at.
  condition: {condition}
  output: "%evt.type %evt.res %proc.name %proc.pid %thread.tid %container.id %fd.name"
  priority: DEBUG
"""
OPEN = "evt.type in (open, openat, openat2, creat)"
HERE = "fd.name startswith {folder}/"
MINE = "proc.name in (workload, other)"
SOCKET = "evt.type in (connect, accept, accept4, bind, sendto, recvfrom, sendmsg, recvmsg, listen, shutdown)"

# Conditions in pairs and more: what holds, what holds for the others, and the same said by negation and by `!=`.
DIMENSIONS = {
    "call": f"{MINE} and evt.type = mkdir",
    "call, not": f"{MINE} and {HERE} and not evt.type in (openat, read, write, close)",
    "call, !=": f"{MINE} and {HERE} and evt.type != openat",
    "result, failed": f"{OPEN} and {HERE} and evt.failed = true",
    "result, done": f"{OPEN} and {HERE} and evt.failed = false",
    "result, not failed": f"{OPEN} and {HERE} and not evt.failed = true",
    "result, name": f"{OPEN} and {HERE} and evt.res = ENOENT",
    "result, not name": f"{OPEN} and {HERE} and evt.res != SUCCESS",
    "result, number": f"{OPEN} and {HERE} and evt.rawres >= 0",
    "result, not number": f"{OPEN} and {HERE} and not evt.rawres >= 0",
    "result, descriptor": f"{OPEN} and {HERE} and fd.num >= 0",
    "result, in progress": f"{MINE} and evt.type = connect and evt.res = EINPROGRESS",
    "result, refused": f"{MINE} and evt.type = connect and evt.res = ECONNREFUSED",
    "access, read": f"{OPEN} and {HERE} and evt.is_open_read = true",
    "access, write": f"{OPEN} and {HERE} and evt.is_open_write = true",
    "access, not write": f"{OPEN} and {HERE} and not evt.is_open_write = true",
    "access, no create": f"{OPEN} and {HERE} and evt.is_open_create != true",
    "creating": f"{OPEN} and {HERE} and evt.is_open_create = true",
    "creating, not": f"{OPEN} and {HERE} and not evt.is_open_create = true",
    "climbing": f'{MINE} and {OPEN} and fd.nameraw contains "../"',
    "climbing, not": f'{OPEN} and {HERE} and not fd.nameraw contains "../"',
    "path, exact": f"{OPEN} and fd.name = {{folder}}/exact",
    "path, exact, not": f"{MINE} and {OPEN} and fd.name != {{folder}}/exact",
    "path, not exact": f"{MINE} and {OPEN} and not fd.name = {{folder}}/exact",
    "path, list": f"{OPEN} and fd.name in ({{folder}}/exact, {{folder}}/plain, /nowhere)",
    "path, prefix": f"{OPEN} and fd.name startswith {{folder}}/deep",
    "path, prefixes": f"{OPEN} and fd.name pmatch ({{folder}}/deep, {{folder}}/missing)",
    "path, glob": f"{OPEN} and fd.name glob {{folder}}/*.conf",
    "path, end": f"{OPEN} and {MINE} and fd.name endswith /other.conf",
    "path, directory": f"{OPEN} and fd.directory = {{folder}}/deep/er",
    "path, file name": f"{OPEN} and {MINE} and fd.filename = exact",
    "path, file name, not": f"{OPEN} and {MINE} and fd.filename != exact",
    "path, contained": f"{OPEN} and {MINE} and fd.name contains /work/",
    "paths, two": "evt.type in (rename, renameat, renameat2) and (fs.path.source startswith {folder}/ or "
    "fs.path.target startswith {folder}/)",
    "paths, two, not": f"{MINE} and evt.type in (rename, renameat, renameat2) and not fs.path.target endswith /two",
    "path, no descriptor": "evt.type in (mkdir, rmdir, unlink, unlinkat) and fs.path.name startswith {folder}/",
    "path, exec": f"{MINE} and evt.type in (execve, execveat) and evt.failed = true",
    "image": "evt.type in (execve, execveat) and evt.failed = false and proc.exepath endswith /true and "
    "proc.pname in (workload, other)",
    "place, host": f"{MINE} and evt.type in (openat, connect) and container.id = host",
    "place, container": f"{MINE} and evt.type in (openat, connect) and container.id != host",
    "place, not host": f"{MINE} and evt.type in (openat, connect) and not container.id = host",
    "place, this one": f"{MINE} and evt.type = openat and container.id = {{container}}",
    "name": f"{OPEN} and proc.name = other and {HERE}",
    "name, not": f"{OPEN} and not proc.name = other and {HERE}",
    "name, !=": f"{OPEN} and proc.name != other and {HERE}",
    "name, prefix": f"{OPEN} and proc.name startswith work and {HERE}",
    "family, 4": f"{MINE} and {SOCKET} and fd.type = ipv4",
    "family, 6": f"{MINE} and {SOCKET} and fd.typechar = 6",
    "family, inet": f"{MINE} and {SOCKET} and fd.type in (ipv4, ipv6)",
    "family, unix": f"{MINE} and {SOCKET} and fd.type = unix",
    "family, not 4": f"{MINE} and {SOCKET} and not fd.type = ipv4",
    "family, != 4": f"{MINE} and {SOCKET} and fd.type != ipv4",
    "protocol": f"{MINE} and {SOCKET} and fd.l4proto = udp",
    "protocol, tcp": f"{MINE} and {SOCKET} and fd.l4proto in (tcp, icmp)",
    "protocol, !=": f"{MINE} and {SOCKET} and fd.l4proto != tcp",
    "protocol, not": f"{MINE} and {SOCKET} and not fd.l4proto = tcp",
    "address": f'{MINE} and {SOCKET} and fd.sip in ("127.0.0.1", "::1")',
    "address, network": f'{MINE} and {SOCKET} and fd.snet in ("127.0.0.0/8")',
    "address, not network": f'{MINE} and {SOCKET} and not fd.snet in ("127.0.0.0/30")',
    "port, server": f"{SOCKET} and fd.sport = {{port}}",
    "port, server, !=": f"{MINE} and {SOCKET} and fd.sport != {{port}}",
    "port, server, not": f"{MINE} and {SOCKET} and not fd.sport = {{port}}",
    "port, absent": f"{OPEN} and {HERE} and not fd.sport = {{port}}",
    "port, either": f"{SOCKET} and fd.port = {{port}}",
    "port, remote": f"{SOCKET} and fd.rport = {{port}}",
    "port, local": f"{SOCKET} and fd.lport in ({{port}}, 1)",
    "uid": f"{OPEN} and {HERE} and user.uid = 65534",
    "uid, not": f"{OPEN} and {HERE} and user.uid != 0",
    "kind, directory": f"{OPEN} and {HERE} and fd.typechar = d",
    "kind, no directory": f"{OPEN} and {HERE} and fd.typechar != d",
    "path, in a directory": f"{OPEN} and fd.directory in ({{folder}}, {{folder}}/deep/er) and evt.failed = false",
    "path, failed in a directory": f"{OPEN} and fd.directory = {{folder}} and evt.failed = true",
    "kind, file": f"{OPEN} and {HERE} and fd.type = file",
    "several": f"({OPEN} and fd.name = {{folder}}/exact and evt.is_open_write = true) or "
    f"({MINE} and evt.type = connect and fd.sport = {{port}} and evt.failed = true)",
}


OTHER = "proc.name = other"
NARROW = {
    "call": f"{OTHER} and evt.type = unlink",
    "call of its own": f"{OTHER} and evt.type in (umount, _llseek, llseek, oldstat)",
    "call through another": f"{OTHER} and evt.type in (semget, semctl, semop)",
    "call, not": f"{OTHER} and evt.category = net and not evt.type = socket",
    "path": f"{OPEN} and fd.name = /etc/shadow and {OTHER}",
    "path, not": f"{OPEN} and fd.name != /etc/passwd and {OTHER}",
    "result, failed": f"{OTHER} and evt.type in (unlink, rename, umount2, open) and evt.failed = true",
    "result, done": f"{OPEN} and {OTHER} and not evt.failed = true",
    "paths, two": f"{OTHER} and evt.type = rename and evt.arg.oldpath startswith /yk",
    "port": f"{OTHER} and evt.type = connect and fd.sport = 9",
    "port, not": f"{OTHER} and evt.type = connect and not fd.sport = 10",
    "address": f'{OTHER} and evt.type = connect and fd.sip = "127.0.0.1"',
    "image": "evt.type = execve and proc.args = of-32-bits",
}
"""Rules about the program of livekit.ia32."""

RING = "evt.is_io_uring = true and proc.name = other"
THROUGH_A_RING = {
    "path": f"{OPEN} and {RING} and fd.name = {{tmp}}/exact",
    "path, prefix": f"{OPEN} and {RING} and fd.name startswith {{tmp}}/",
    "path, not": f"{OPEN} and {RING} and not fd.name = {{tmp}}/exact",
    "access": f"{OPEN} and {RING} and evt.is_open_write = true",
    "access, not": f"{OPEN} and {RING} and not evt.is_open_write = true",
    "result, failed": f"{OPEN} and {RING} and evt.failed = true",
    "result, done": f"{OPEN} and {RING} and evt.failed = false",
    "path, no descriptor": f"{RING} and evt.type in (mkdirat, unlinkat) and fs.path.name startswith {{tmp}}/",
    "paths, two": f"{RING} and evt.type in (renameat2, linkat) and fs.path.source = {{tmp}}/old",
    "paths, two, not": f"{RING} and evt.type in (renameat2, linkat) and not fs.path.target endswith /moved",
    "port": f"{RING} and evt.type = sendto and fd.sport = 7777",
    "port, not": f"{RING} and {SOCKET} and fd.sport != 9",
    "address": f'{RING} and evt.type = connect and fd.sip = "203.0.113.7"',
}
RING_STEPS = (
    "private-network 203.0.113.7",
    "listen 203.0.113.7 9",
    "ring {way} open {tmp}/exact",
    "ring {way} create {tmp}/new-{way}",
    "ring {way} mkdir {tmp}/folder-{way}",
    "ring {way} link {tmp}/old {tmp}/second-{way}",
    "ring {way} unlink {tmp}/second-{way}",
    "ring {way} rename {tmp}/old {tmp}/moved",
    "ring {way} rename {tmp}/moved {tmp}/old",
    "ring {way} send 203.0.113.7 7777",
    "ring {way} connect 203.0.113.7 9",
)
RING_FAILS = "try ring {way} open {tmp}/missing"
RING_WAYS = ("plain", "async")

NOTICED = {
    "signal": f"{MINE} and evt.type = signaldeliver",
    "signal, one": f"{MINE} and evt.type = signaldeliver and evt.arg.sig = SIGKILL",
    "end": f"{MINE} and evt.type = procexit",
    "end, by signal": f"{MINE} and evt.type = procexit and evt.arg.sig != 0",
}
"""Rules about events that are no call."""


def own_events() -> list[_core.EventInfo]:
    """Events that are of one system call, and told live."""
    return [e for e in _core.events() if e["kind"] == "syscall" and e["program"] not in ("none", "generic")]


def event_rules() -> dict[str, str]:
    """One rule for each of them, and one for the other calls."""
    rules = {f"event {event['name']}": f"{MINE} and evt.type = {event['name']}" for event in own_events()}
    return {**rules, "event generic": f"{MINE} and evt.type in (umask, getpriority, setpriority, mlock2)"}


def free_port() -> int:
    """A port that is free with the one behind it, so far as anyone can tell."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                two.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


@pytest.fixture
def group() -> Iterator[ContainerGroup]:
    demand(lacking_for_sensor())
    alone()
    group = ContainerGroup()
    try:
        yield group
    finally:
        group.remove()


Act: TypeAlias = "Callable[[], object]"


class Pair:
    """Two sensors with the same rules, with the filter and without."""

    def __init__(self, rules: Path, folder: Path) -> None:
        self.sensors = {
            name: Sensor([rules], folder / name, (*OPTIONS, RINGS, option)) for name, option in FILTERS.items()
        }

    def watch(self, act: Act) -> dict[str, list[Alert]]:
        """What each of them tells of what is done."""
        seen: dict[str, Seen] = {}
        with self.sensors["on"].watch() as seen["on"], self.sensors["off"].watch() as seen["off"]:
            act()
        return {name: [alert for alert in one.alerts if not self._is_ours(alert)] for name, one in seen.items()}

    def _is_ours(self, alert: Alert) -> bool:
        """What the sensors say of themselves, and what one sees of the other."""
        return alert.source == "internal" or alert.fields["proc.pid"] in [one.pid for one in self.sensors.values()]

    def stop(self) -> None:
        for sensor in self.sensors.values():
            sensor.stop()

    def figure(self, name: str, what: str) -> int:
        """A figure of the statistics at the end."""
        found = re.search(rf"{what}: (\d+)", self.sensors[name].log)
        assert found is not None, self.sensors[name].log
        return int(found[1])


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "PYTHONDONTWRITEBYTECODE": "1"}


def under_workload(conditions: dict[str, str], group: ContainerGroup, folder: Path) -> set[str]:
    """Runs the workload under these rules, in which names are filled in; returns those that fired."""
    work = folder / "work"
    work.mkdir()
    workload.prepare(work)
    port = free_port()
    command = [sys.executable, "-m", "livekit.workload", str(work), str(port), str(group.folder), NAME, ROUNDS]

    def act() -> None:
        subprocess.run(command, check=True, timeout=SECONDS, cwd=REPOSITORY, env=environment())

    return both_ways(conditions, {"folder": work, "port": port, "container": group.short_id}, act, folder)


def both_ways(conditions: dict[str, str], names: dict[str, object], act: Act, folder: Path) -> set[str]:
    """Does it under these rules with the filter and without, compares, and returns the rules that fired."""
    rules = folder / "rules.yaml"
    rules.write_text("".join(RULE.format(name=n, condition=c.format_map(names)) for n, c in conditions.items()))
    pair = Pair(rules, folder / "sensors")
    try:
        for sensor in pair.sensors.values():
            sensor.wait_until_armed()
        alerts = pair.watch(act)
    finally:
        pair.stop()
    for name in FILTERS:
        demand_every_event(pair.figure(name, "lost"))
    counts = {name: Counter((alert.rule, timeless(alert)) for alert in told) for name, told in alerts.items()}
    assert counts["off"] - counts["on"] == Counter(), "the filter swallowed alerts"
    assert counts["on"] - counts["off"] == Counter(), "there are alerts that only the filter brings"
    assert pair.figure("off", "dropped in the kernel by filter") == 0
    assert pair.figure("on", "dropped in the kernel by filter") > 0
    return {rule for rule, _ in counts["on"]}


def test_both_sides_of_every_dimension(group: ContainerGroup, tmp_path: Path) -> None:
    fired = under_workload(DIMENSIONS, group, tmp_path)
    assert set(DIMENSIONS) - fired == set(), "rules that this workload never made fire prove nothing"


def test_every_family_of_events(group: ContainerGroup, tmp_path: Path) -> None:
    fired = under_workload(event_rules(), group, tmp_path)
    families = {event["category"].split("|")[0] for event in own_events()}
    seen = {event["category"].split("|")[0] for event in own_events() if f"event {event['name']}" in fired}
    assert families - seen == set(), "families of events that this workload does not touch"
    assert len(fired) > 80


def test_events_that_are_no_call(group: ContainerGroup, tmp_path: Path) -> None:
    assert set(NOTICED) - under_workload(NOTICED, group, tmp_path) == set()


def test_calls_through_the_32_bit_entry(tmp_path: Path) -> None:
    demand(lacking_for_sensor())
    alone()
    program = ia32.built(tmp_path / "other")
    assert set(NARROW) - both_ways(NARROW, {}, lambda: ia32.call_all(program), tmp_path) == set()


def test_operations_of_io_uring(stage: Stage, tmp_path: Path) -> None:
    demand(lacking_for_sensor() + lacking_for_io_uring())
    alone()
    for name in ("exact", "old"):
        (tmp_path / name).touch()

    def act() -> None:
        for way in RING_WAYS:
            steps = (*RING_STEPS, RING_FAILS)
            stage.perform(Stand("other", tuple(step.replace("{way}", way) for step in steps)))

    assert set(THROUGH_A_RING) - both_ways(THROUGH_A_RING, {**stage.names}, act, tmp_path) == set()


def timeless(alert: Alert) -> str:
    """The alert's text without the time that it begins with."""
    found = re.fullmatch(r"\d\d:\d\d:\d\d\.\d{9}: Debug (.*)", alert.output, re.DOTALL)
    assert found is not None, alert.output
    return found[1]
