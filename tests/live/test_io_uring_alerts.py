"""An operation raises the same alerts through io_uring as by system call: the upstream rules', and what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from livekit.alerts import Alert, Seen
from livekit.fixtures import running_sensor
from livekit.paths import upstream_rules
from livekit.requirements import demand, lacking_for_io_uring
from livekit.sensor import Sensor
from livekit.stage import Stage, Stand

pytestmark = pytest.mark.live

FILES = ("falco_rules.yaml", "falco-sandbox_rules.yaml")
TOLD = "Told"
CALLS = (
    "openat, openat2, connect, accept4, sendto, sendmsg, recvfrom, recvmsg, "
    "unlinkat, renameat2, mkdirat, linkat, symlinkat"
)
ACTORS = "ringer, ssh, perl"
# The rules that upstream turns off, and one of our own with everything that an operation says.
EXTRA = f"""\
- rule: Unexpected inbound connection source
  enabled: true
  override:
    enabled: replace

- rule: Interpreted procs inbound network activity
  enabled: true
  override:
    enabled: replace

- rule: Interpreted procs outbound network activity
  enabled: true
  override:
    enabled: replace

- rule: {TOLD}
  desc: Told.
  condition: evt.type in ({CALLS}) and proc.name in ({ACTORS})
  output: >
    %evt.type %evt.args %evt.res %evt.rawres %evt.failed %evt.category %evt.dir %evt.buffer %evt.buflen
    %evt.is_open_read %evt.is_open_write %evt.is_open_create %evt.abspath %evt.arg.name %evt.arg.flags %evt.arg.mode
    %evt.is_io %evt.io_dir %evt.is_wait %fd.name %fd.nameraw %fd.realpath %fd.directory %fd.filename %fd.type
    %fd.typechar %fd.dev %fd.l4proto %fd.sockfamily %fd.cip %fd.sip %fd.lip %fd.rip %fd.sport %fd.is_server
    %fd.connected %fd.name_changed %fs.path.name %fs.path.source %fs.path.target %fs.path.nameraw %proc.name
    %proc.exepath %proc.cwd %user.name %user.loginuid %group.name
  priority: DEBUG
"""

WAYS = ("plain", "async", "polled", "direct", "skip")
Fields = dict[str, object]
NET = "private-network 203.0.113.7"


@dataclass(frozen=True)
class Operation:
    """What the stand-in called `name` does before and then through the ring; and the upstream rule that tells of it."""

    rule: str
    step: str
    name: str = "ringer"
    before: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    silent_too: bool = True
    """Whether its event can be told before it completes."""


BIN = ("private-mounts", "tmpfs /usr/bin", "write /usr/bin/old")
OPERATIONS = {
    "open": Operation("Read sensitive file untrusted", "open /etc/shadow", calls=("openat",)),
    "open2": Operation("Read sensitive file untrusted", "openat2 /etc/shadow", calls=("openat2",)),
    "create": Operation("Write below etc", "create /etc/{unique}", calls=("openat",)),
    "connect": Operation(
        "Disallowed SSH Connection Non Standard Port",
        "connect 203.0.113.7 443",
        "ssh",
        (NET, "listen 203.0.113.7 443"),
        ("connect",),
    ),
    "accept": Operation(
        "Unexpected inbound connection source",
        "serve 203.0.113.7 7999",
        before=(NET,),
        calls=("accept4", "recvfrom", "recvmsg"),
        silent_too=False,
    ),
    "send": Operation(
        "Interpreted procs outbound network activity", "send 203.0.113.7 7777", "perl", (NET,), ("sendto",)
    ),
    "sendmsg": Operation(
        "Interpreted procs outbound network activity", "sendmsg 203.0.113.7 7777", "perl", (NET,), ("sendmsg",)
    ),
    "receive": Operation(
        "Interpreted procs inbound network activity",
        "take 203.0.113.7 7778",
        "perl",
        (NET,),
        ("recvfrom", "recvmsg"),
        silent_too=False,
    ),
    "unlink": Operation("Modify binary dirs", "unlink /usr/bin/old", before=BIN, calls=("unlinkat",)),
    "rename": Operation("Modify binary dirs", "rename /usr/bin/old /usr/bin/new", before=BIN, calls=("renameat2",)),
    "mkdir": Operation("Mkdir binary dirs", "mkdir /usr/bin/new", before=BIN, calls=("mkdirat",)),
    "link": Operation(
        "Create Hardlink Over Sensitive Files",
        "link /etc/shadow /etc/shadow-2",
        before=("private-mounts", "tmpfs /etc", "write /etc/shadow"),
        calls=("linkat",),
    ),
    "symlink": Operation(
        "Create Symlink Over Sensitive Files", "symlink /etc/shadow {tmp}/innocent", calls=("symlinkat",)
    ),
}
# What an operation that completes silently can't tell of: what came of it, and the address that the socket then got.
UNKNOWN_IN_SILENCE = {
    *("evt.rawres", "evt.args", "evt.arg.flags", "evt.buflen", "fd.dev", "fd.realpath"),
    *("fd.name", "fd.nameraw", "fd.lip", "fd.cip", "fd.lport", "fd.is_server"),
}
# A descriptor of the ring's own has another number.
NUMBERED = {"evt.rawres", "evt.args"}
PORTS = ("fd.lport", "fd.rport")
PORT = re.compile(r"\b(?:3[2-9]|[456]\d)\d{3}\b")
# A file that was just made: some file systems number each anew.
MADE = re.compile(r"(O_F_CREATED.* ino=)\d+")


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory, actor_binary: Path) -> Iterator[Sensor]:
    """A sensor under the upstream rules and the extra ones."""
    demand(lacking_for_io_uring())
    files = [upstream_rules(name) for name in FILES]
    demand([f"reference data ({path}; set YARAK_SHARED)" for path in files if not path.exists()])
    folder = tmp_path_factory.mktemp("alerts")
    extra = folder / "extra.yaml"
    extra.write_text(EXTRA)
    yield from running_sensor([*files, extra], folder / "sensor")


def performed(operation: Operation, way: str, stage: Stage, ring: Sensor) -> Seen:
    with ring.watch() as seen:
        stage.perform(Stand(operation.name, (*operation.before, f"ring {way} {operation.step}")))
    for path in (Path(stage.names["tmp"], "innocent"), Path("/etc", stage.names["unique"])):
        path.unlink(missing_ok=True)
    return seen


def told(seen: Seen, rule: str, calls: tuple[str, ...]) -> list[Alert]:
    return [alert for alert in seen.of(rule) if alert.fields["evt.type"] in calls]


def comparable(alert: Alert, way: str) -> Fields:
    """Its fields without what differs between any two runs of a program."""
    fields = {name: value for name, value in alert.fields.items() if name != "evt.time"}
    if not alert.fields["evt.type"].startswith("open"):
        fields.pop("fd.realpath", None)  # looked up afterwards, in mounts that end with the stand-in
    for name, value in fields.items():
        if name in PORTS:
            fields[name] = PORT.sub("PORT", str(value))
        elif isinstance(value, str):
            fields[name] = PORT.sub("PORT", MADE.sub(r"\1NUMBER", value.replace(f"ring {way}", "ring")))
    return fields


def difference(by_call: Fields, by_ring: Fields, way: str) -> dict[str, tuple[object, object]]:
    """The fields that two alerts don't agree on."""
    unknown = {"skip": UNKNOWN_IN_SILENCE, "direct": NUMBERED}.get(way, set())
    return {
        name: (by_call.get(name), by_ring.get(name))
        for name in sorted(by_call.keys() | by_ring.keys())
        if name not in unknown and by_call.get(name) != by_ring.get(name)
    }


CASES = [
    (what, way)
    for what, operation in OPERATIONS.items()
    for way in WAYS
    if way != "skip" or operation.silent_too  # what came is not known before it comes
]


@pytest.mark.parametrize(("what", "way"), CASES)
def test_the_same_alerts_as_by_system_call(what: str, way: str, stage: Stage, ring: Sensor) -> None:
    operation = OPERATIONS[what]
    if what == "receive" and way == "direct":
        demand(lacking_for_io_uring(6, 11))
    by_call = performed(operation, "called", stage, ring)
    by_ring = performed(operation, way, stage, ring)
    for rule in (operation.rule, TOLD):
        expected = [comparable(alert, "called") for alert in told(by_call, rule, operation.calls)]
        found = [comparable(alert, way) for alert in told(by_ring, rule, operation.calls)]
        assert expected, f"the system call raises nothing of {rule}"
        assert len(found) == len(expected), by_ring.lines
        differing = [difference(*pair, way) for pair in zip(expected, found, strict=True)]
        assert not any(differing), differing
