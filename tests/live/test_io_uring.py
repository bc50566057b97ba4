"""Operations submitted through io_uring raise what the system calls raise, whoever in the kernel carries them out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit.actors import Actors
from livekit.alerts import Expected
from livekit.counted import counters_during
from livekit.fixtures import sensor_under
from livekit.requirements import demand, lacking_for_io_uring
from livekit.sensor import Sensor
from livekit.stage import Stage, Stand

pytestmark = pytest.mark.live

RULE = "Through io_uring"
CALLS = (
    "openat, openat2, close, socket, bind, listen, connect, accept4, sendto, sendmsg, recvfrom, recvmsg, "
    "unlinkat, mkdirat, renameat2, linkat, symlinkat"
)
OUTPUT = (
    "%evt.type %evt.res %evt.is_res_assumed %fd.name %fd.type %fd.num %proc.pid %thread.tid %user.name "
    "%evt.arg.name %evt.arg.path %evt.arg.oldpath %evt.arg.newpath %evt.arg.target %evt.arg.linkpath %fd.realpath "
    "%evt.buffer"
)
RULES = f"""\
- rule: {RULE}
  desc: An operation that came through io_uring.
  condition: evt.type in ({CALLS}) and evt.is_io_uring = true and proc.name = ringer
  output: "{OUTPUT}"
  priority: WARNING

- rule: By system call
  desc: The same as a system call.
  condition: evt.type = openat and evt.is_io_uring = false and fd.name = /etc/hostname and proc.name = ringer
  output: "%evt.type"
  priority: NOTICE
"""

LONE_RULE = """\
- rule: Alone
  desc: The only rule.
  condition: {condition} and proc.name = nobody
  output: nothing
  priority: INFO
"""

# Plain, by a worker of the kernel, by the ring's polling thread, with descriptors of the ring's own.
TOLD_AT_COMPLETION = ("plain", "async", "polled", "direct")
# Success completes silently.
WAYS = (*TOLD_AT_COMPLETION, "skip")

# What the stand-in does ({way} first), the call that tells of it, and what it tells.
FILES: dict[str, tuple[str, str, dict[str, Expected]]] = {
    "open": ("open {etc}/hostname", "openat", {"fd.name": "{etc}/hostname", "evt.arg.name": "{etc}/hostname"}),
    "openat2": ("openat2 {etc}/hostname", "openat2", {"fd.name": "{etc}/hostname"}),
    "create": ("create {tmp}/new", "openat", {"fd.name": "{tmp}/new"}),
    "mkdir": ("mkdir {tmp}/folder", "mkdirat", {"evt.arg.path": "{tmp}/folder"}),
    "unlink": ("unlink {tmp}/old", "unlinkat", {"evt.arg.name": "{tmp}/old"}),
    "rename": (
        "rename {tmp}/old {tmp}/moved",
        "renameat2",
        {"evt.arg.oldpath": "{tmp}/old", "evt.arg.newpath": "{tmp}/moved"},
    ),
    "link": (
        "link {tmp}/old {tmp}/second",
        "linkat",
        {"evt.arg.oldpath": "{tmp}/old", "evt.arg.newpath": "{tmp}/second"},
    ),
    "symlink": (
        "symlink to-nowhere {tmp}/link",
        "symlinkat",
        {"evt.arg.target": "to-nowhere", "evt.arg.linkpath": "{tmp}/link"},
    ),
}
SOCKETS: dict[str, tuple[str, str, dict[str, Expected]]] = {
    "connect": (
        "connect 203.0.113.7 9",
        "connect",
        {"fd.name": re.compile(r".*->203\.0\.113\.7:9"), "fd.type": "ipv4"},
    ),
    "send": ("send 203.0.113.7 7777", "sendto", {"fd.name": re.compile(r".*->203\.0\.113\.7:7777")}),
    "sendmsg": ("sendmsg 203.0.113.7 7777", "sendmsg", {"fd.name": re.compile(r".*->203\.0\.113\.7:7777")}),
}


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory, actor_binary: Path) -> Iterator[Sensor]:
    """A sensor whose only rules are about io_uring."""
    demand(lacking_for_io_uring())
    yield from sensor_under(RULES, tmp_path_factory.mktemp("ring"))


def _filled(stage: Stage, fields: dict[str, Expected]) -> dict[str, Expected]:
    names = {**stage.names, "etc": "/etc"}
    return {key: value.format_map(names) if isinstance(value, str) else value for key, value in fields.items()}


def _by(way: str) -> dict[str, Expected]:
    """Who did it, and whether its result is known: the submitter and nobody else."""
    return {"evt.res": "SUCCESS", "evt.is_res_assumed": way == "skip", "user.name": "root", "proc.pid": _positive}


def _positive(value: object) -> bool:
    return isinstance(value, int) and value > 0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", FILES)
def test_operation_on_files_is_told(operation: str, way: str, stage: Stage, ring: Sensor) -> None:
    steps, call, fields = FILES[operation]
    Path(stage.names["tmp"], "old").touch()
    step = f"ring {way} " + steps.replace("{etc}", "/etc")
    with ring.watch() as seen:
        stage.perform(Stand("ringer", (step,)))
    alert = seen.one(RULE, "Warning", {"evt.type": call, **_by(way), **_filled(stage, fields)})
    assert alert.fields["thread.tid"] == alert.fields["proc.pid"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("operation", SOCKETS)
def test_operation_on_sockets_is_told(operation: str, way: str, stage: Stage, ring: Sensor) -> None:
    steps, call, fields = SOCKETS[operation]
    prepare = ("private-network 203.0.113.7", "listen 203.0.113.7 9")
    with ring.watch() as seen:
        stage.perform(Stand("ringer", (*prepare, f"ring {way} {steps}")))
    seen.one(RULE, "Warning", {"evt.type": call, **_by(way), **_filled(stage, fields)})


@pytest.mark.parametrize("way", TOLD_AT_COMPLETION)
def test_a_connection_is_accepted_and_received_from(way: str, stage: Stage, ring: Sensor) -> None:
    with ring.watch() as seen:
        stage.perform(Stand("ringer", ("private-network 203.0.113.7", f"ring {way} serve 203.0.113.7 7999")))
    peers: dict[str, Expected] = {"fd.name": re.compile(r"203\.0\.113\.7:\d+->203\.0\.113\.7:7999"), **_by(way)}
    seen.one(RULE, "Warning", {"evt.type": "accept4", **peers})
    seen.one(RULE, "Warning", {"evt.type": "recvfrom", "evt.buffer": "first", **peers})
    seen.one(RULE, "Warning", {"evt.type": "recvmsg", "evt.buffer": "second", **peers})


def test_a_silent_accept_tells_of_its_listener(stage: Stage, ring: Sensor) -> None:
    with ring.watch() as seen:
        stage.perform(Stand("ringer", ("private-network 203.0.113.7", "ring skip serve 203.0.113.7 7999")))
    seen.one(RULE, "Warning", {"evt.type": "accept4", "fd.name": "203.0.113.7:7999", **_by("skip")})


@pytest.mark.parametrize("way", WAYS)
def test_a_listening_socket_is_made(way: str, stage: Stage, ring: Sensor) -> None:
    demand(lacking_for_io_uring(6, 11))
    with ring.watch() as seen:
        stage.perform(Stand("ringer", ("private-network 203.0.113.7", f"ring {way} listen 203.0.113.7 7998")))
    seen.one(RULE, "Warning", {"evt.type": "bind", **_by(way)})
    seen.one(RULE, "Warning", {"evt.type": "listen", "fd.name": "203.0.113.7:7998", **_by(way)})


@pytest.mark.parametrize("way", TOLD_AT_COMPLETION)
def test_failure_is_told(way: str, stage: Stage, ring: Sensor) -> None:
    with ring.watch() as seen:
        stage.perform(Stand("ringer", (f"try ring {way} open /etc/{{unique}}",)))
    name = f"/etc/{stage.names['unique']}"
    seen.one(RULE, "Warning", {"evt.type": "openat", "evt.res": "ENOENT", "fd.name": name})


def test_relative_names_start_where_the_submitter_was(stage: Stage, ring: Sensor) -> None:
    """The directory of submission counts, whatever happens before the result is looked at."""
    demand(lacking_for_io_uring(6, 1))
    with ring.watch() as seen:
        stage.perform(Stand("ringer", ("chdir {tmp}", "ring late mkdir here", "chdir {tmp}", "ring late create new")))
    seen.one(RULE, "Warning", {"evt.type": "mkdirat", "evt.arg.path": f"{stage.names['tmp']}/here"})
    seen.one(RULE, "Warning", {"evt.type": "openat", "fd.name": f"{stage.names['tmp']}/new"})


def test_a_full_queue_hides_nothing(stage: Stage, ring: Sensor) -> None:
    """Whose completion finds no room is not told: the operation is, as if it had succeeded."""
    with ring.watch() as seen:
        stage.perform(Stand("ringer", ("ring full open /etc/hostname",)))
    seen.one(RULE, "Warning", {"evt.type": "openat", "fd.name": "/etc/hostname"})


def test_a_system_call_is_no_io_uring(actors: Actors, ring: Sensor) -> None:
    with ring.watch() as seen:
        actors.perform("ringer", ("read /etc/hostname",))
    seen.one("By system call", "Notice", {"evt.type": "openat"})
    seen.none(RULE)


# Upstream's rules, unchanged.
UPSTREAM: tuple[tuple[str, str, str, str], ...] = (
    ("Read sensitive file untrusted", "Warning", "ring {way} open /etc/shadow", "ring {way} open /etc/hostname"),
    ("Read sensitive file untrusted", "Warning", "ring {way} openat2 /etc/shadow", "ring {way} openat2 /etc/hostname"),
    ("Write below etc", "Error", "ring {way} create /etc/{unique}", "ring {way} create {tmp}/etc"),
    (
        "Create Symlink Over Sensitive Files",
        "Warning",
        "ring {way} symlink /etc/shadow {tmp}/a",
        "ring {way} symlink /tmp {tmp}/b",
    ),
    (
        "Create Hardlink Over Sensitive Files",
        "Warning",
        "try ring {way} link /etc/shadow {tmp}/c",
        "ring {way} link {tmp}/old {tmp}/d",
    ),
)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("rule", "priority", "fires", "silent"), UPSTREAM)
def test_upstream_rules_fire(
    rule: str, priority: str, fires: str, silent: str, way: str, stage: Stage, yarak: Sensor
) -> None:
    demand(lacking_for_io_uring())
    Path(stage.names["tmp"], "old").touch()
    with yarak.watch() as seen:
        stage.perform(Stand("ringer", (fires.replace("{way}", way),)))
    seen.one(rule, priority, {"proc.name": "ringer", "user.name": "root"})
    with yarak.watch() as seen:
        stage.perform(Stand("ringer", (silent.replace("{way}", way),)))
    seen.none(rule)


@pytest.mark.parametrize("way", WAYS)
def test_a_link_hides_nothing(way: str, stage: Stage, yarak: Sensor) -> None:
    demand(lacking_for_io_uring())
    with yarak.watch() as seen:
        stage.perform(Stand("ringer", ("symlink /etc/shadow {tmp}/innocent", f"ring {way} open {{tmp}}/innocent")))
    seen.one("Read sensitive file untrusted", "Warning", {"proc.name": "ringer", "evt.path_match": "real"})


@pytest.mark.parametrize(("condition", "looked_at"), [("evt.type = openat", True), ("evt.type = chmod", False)])
def test_nothing_is_attached_that_rules_do_not_need(
    condition: str, looked_at: bool, actors: Actors, tmp_path: Path
) -> None:
    demand(lacking_for_io_uring())
    rules = tmp_path / "rules.yaml"
    rules.write_text(LONE_RULE.format(condition=condition))
    counters = counters_during([rules], lambda: actors.perform("ringer", ("ring plain open /etc/hostname",)))
    assert (counters["n_io_uring"] > 0) == looked_at
