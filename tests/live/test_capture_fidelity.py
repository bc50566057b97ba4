"""A recording that is replayed says of every event what was said of it live, in every field that captures have."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from livekit.alerts import Alert
from livekit.calls import Outcome, perform
from livekit.command import run
from livekit.field_lists import BY_CAPTURE, COMM
from livekit.fields import field_of, field_rules, spelled
from livekit.recording import recording
from livekit.requirements import demand_every_event
from livekit.sensor import Sensor

pytestmark = pytest.mark.live

WORKLOADS = ("evt", "process", "user", "fd", "paths", "container")
"""Test files whose cases are made once more, under recording."""

REASONS = {
    "counted from the beginning of what is looked at": (
        "evt.num",
        "evt.reltime",
        "evt.reltime.s",
        "evt.reltime.ns",
    ),
    "counted from the rule's last alert, by clocks that are set now and then": (
        "evt.deltatime",
        "evt.deltatime.s",
        "evt.deltatime.ns",
    ),
    "the watcher and the recorder each read the clock when they start": (
        "evt.rawtime.ns",
        "evt.rawtime.s",
        "evt.outputtime",
        "proc.duration",
        "proc.ppid.duration",
        "proc.exe_ino.ctime_duration_pidns_start",
        "proc.exe_ino.ctime_duration_proc_start",
        "container.duration",
    ),
    "as told last, and a recording has more events that tell": (
        "proc.vmrss",
        "proc.vmsize",
        "thread.vmrss",
        "thread.vmrss.b",
        "thread.vmsize",
        "thread.vmsize.b",
    ),
    "each knows the names that it was told or asked for by then": (
        "fd.cip.name",
        "fd.lip.name",
        "fd.rip.name",
        "fd.sip.name",
    ),
    "captures do not say what was cut": (
        "evt.truncated",
        "evt.arglen.data",
    ),
    "captures do not follow a process that renames itself": (
        "proc.acmdline",
        "proc.acmdline[1]",
        "proc.aname",
        "proc.aname[1]",
        "proc.aname[2]",
        "proc.origin.name",
        "proc.pcmdline",
        "proc.pgid.name",
        "proc.pname",
        "proc.sname",
        "proc.vpgid.name",
    ),
    "captures tell of a cgroup at births alone": (
        "container.full_id",
        "container.host_ipc",
        "container.host_network",
        "container.host_pid",
        "container.id",
        "container.image",
        "container.image.digest",
        "container.image.id",
        "container.image.repository",
        "container.image.tag",
        "container.ip",
        "container.mounts",
        "container.name",
        "container.privileged",
        "container.start_ts",
        "container.type",
        "thread.cgroup.cpu",
        "thread.cgroup.memory",
        "thread.cgroup.pids",
        "thread.cgroups",
        "user.homedir",
        "user.shell",
        "fd.containerdirectory",
        "fd.containername",
    ),
    "captures have a table by open flags and names as given, live events the kernel's file": (
        "evt.arg[0]",
        "evt.arg[2]",
        "evt.args",
        "evt.buflen",
        "evt.buflen.out",
        "evt.category",
        "evt.info",
        "fd.connected",
        "fd.dev",
        "fd.dev.major",
        "fd.dev.minor",
        "fd.directory",
        "fd.filename",
        "fd.ino",
        "fd.name",
        "fd.nameraw",
        "fd.realpath",
        "fd.type",
        "fd.typechar",
        "fdlist.names",
        "fd.types",
    ),
    "captures have a table by the calls they hold, live events the kernel's": (
        "proc.fdopencount",
        "proc.fdusage",
    ),
    "captures have a socket's tuples: none before it is connected, 0.0.0.0 for what is not set, and no sides": (
        "fd.cip",
        "fd.cport",
        "fd.cproto",
        "fd.is_server",
        "fd.l4proto",
        "fd.lip",
        "fd.lport",
        "fd.lproto",
        "fd.name_changed",
        "fd.rip",
        "fd.rport",
        "fd.rproto",
        "fd.sport",
        "fd.sproto",
    ),
}
"""Why fields may differ, and which."""

DIFFERENT = {name: reason for reason, names in REASONS.items() for name in names}

OWN_CLOCK = (
    "evt.rawtime",
    "evt.time",
    "evt.time.s",
    "evt.time.iso8601",
    "evt.datetime",
    "evt.datetime.s",
    "proc.pid.ts",
    "proc.ppid.ts",
    "proc.pidns_init_start_ts",
)
"""Moments: the watcher and the recorder each stamp an event, and each know the wall clock by themselves."""

CLOCKS_APART, STAMPS_APART = 5_000_000, 1_000_000_000
"""ns: what the two clocks may differ by, and what an event's two moments, between which its CPU may have been lost."""

Both = tuple[dict["Key", Alert], dict["Key", Alert]]


@pytest.fixture(scope="module")
def both(call_watcher: Sensor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Alerts of the same events: live, and out of the recording."""
    folder = tmp_path_factory.mktemp("fidelity")
    file, rules = folder / "all.scap", folder / "rules.yaml"
    rules.write_text("- required_engine_version: 0.57.0\n" + field_rules())
    program = caller(folder)
    outcomes: dict[str, Outcome] = {}
    began = time.time_ns()
    with call_watcher.watch() as seen, recording(file) as recorded:
        for name in WORKLOADS:
            outcomes |= perform(Path(__file__).with_name(f"test_fields_{name}.py"), [str(program)])
    assert not [outcome.error for outcome in outcomes.values() if outcome.error]
    options = [
        word for option in ("json_output=true", "rule_matching=all", "priority=debug") for word in ("-o", option)
    ]
    done = run("replay", file, "-r", rules, *options)
    assert done.returncode == 0, done.stderr
    # What the watcher lost it has told by now.
    demand_every_event(recorded.lost + lost_since(began, call_watcher))
    replayed = [Alert.parse(line) for line in done.stdout.splitlines() if line.startswith("{")]
    yield by_key(told(seen.alerts)), by_key(told(replayed))


def lost_since(began: int, watcher: Sensor) -> int:
    return sum(
        alert.fields["n_events_lost"]
        for alert in watcher.alerts
        if alert.tells_loss and alert.fields["until_ns"] >= began
    )


def caller(folder: Path) -> Path:
    """The helper as a program of its name: captures do not follow a process that renames itself."""
    program = folder / COMM
    where = str(Path(__file__).parent)
    lines = ("import sys", f"sys.path.insert(0, {where!r})", "from livekit.caller import main", "main(sys.argv[1])")
    program.write_text("\n".join([f"#!{sys.executable}", *lines]))
    program.chmod(0o755)
    return program


def told(alerts: list[Alert]) -> list[Alert]:
    return [alert for alert in alerts if alert.rule.startswith("fields ")]


Key = tuple[int, str, int]
"""Thread, event, and the how manieth of these it is."""


def by_key(alerts: list[Alert]) -> dict[Key, Alert]:
    found: dict[Key, Alert] = {}
    counts: Counter[tuple[int, str]] = Counter()
    for alert in alerts:
        thread, event = alert.fields["thread.tid"], alert.fields["evt.type"]
        found[thread, event, counts[thread, event]] = alert
        counts[thread, event] += 1
    return found


def test_the_same_events_are_told(both: Both) -> None:
    live, replayed = both
    assert len(live) > 200
    # More are told out of the recording: those of processes that have taken another name live.
    assert not {*live} - {*replayed}


@pytest.mark.parametrize("name", [n for n in spelled() if field_of(n) not in BY_CAPTURE and n not in DIFFERENT])
def test_the_same_is_told(name: str, both: Both) -> None:
    live, replayed = both
    if name in OWN_CLOCK:
        pairs = [(live[at].fields[name], replayed[at].fields[name]) for at in live]
        assert [pair for pair in pairs if (pair[0] is None) != (pair[1] is None)] == []
        apart = [abs(one - other) for one, other in pairs if one is not None]
        assert median(apart) < CLOCKS_APART and max(apart) < STAMPS_APART
        return
    different = {
        (at[1], json.dumps(live[at].fields[name]), json.dumps(replayed[at].fields[name]))
        for at in live
        if live[at].fields[name] != replayed[at].fields[name]
    }
    assert not different, sorted(different)[:5]
