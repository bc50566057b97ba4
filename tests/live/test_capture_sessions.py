"""Sessions and groups out of a recording are those that were told live, of processes that were there before it as of
those that are born meanwhile, on the host as in pid namespaces. Both are what the processes themselves see."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit.alerts import Alert
from livekit.command import run
from livekit.fixtures import alone, sensor_under
from livekit.recording import recording
from livekit.requirements import demand, demand_every_event, lacking_for_sensor

pytestmark = pytest.mark.live

COMM = "yk-sessions"
FIELDS = (
    "proc.sid", "proc.vpgid", "proc.pgid", "proc.vpid", "proc.is_sid_leader", "proc.is_vpgid_leader",
    "proc.is_pgid_leader", "proc.sname", "proc.sid.exe", "proc.sid.exepath", "proc.pgid.name", "proc.pgid.exe",
    "proc.pgid.exepath", "proc.vpgid.name", "proc.vpgid.exe", "proc.vpgid.exepath", "proc.tty",
)  # fmt: skip
RULES = f"""\
- rule: look
  desc: A process says who it is.
  condition: evt.type in (openat, execve) and proc.name startswith {COMM} and evt.rawres >= 0
  output: look %evt.type %evt.arg.name %proc.pid %proc.exepath {" ".join(f"%{name}" for name in FIELDS)}
  priority: DEBUG
"""
PROGRAM = f"""\
import ctypes, os, sys
CLONE_NEWPID = 0x20000000
libc = ctypes.CDLL(None, use_errno=True)
place = sys.argv[1]

def look(name):
    # The file's name is the process, its content what that sees.
    with open(f"{{place}}/{{name}}", "w") as file:
        file.write(f"{{os.getpid()}} {{os.getsid(0)}} {{os.getpgid(0)}}")

def child(*work):
    pid = os.fork()
    if pid == 0:
        try:
            [one() for one in work]
        finally:
            os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0

def named(name):
    return lambda: look(name)

def in_namespace(*work):
    def inside():
        assert libc.unshare(CLONE_NEWPID) == 0
        child(*work)
    child(inside)

def set_into(pidns, *work):
    def inside():
        assert libc.setns(pidns, CLONE_NEWPID) == 0
        child(*work)
    child(inside)

def run():
    os.execv(f"{{place}}/{COMM}-b", ["{COMM}-b", "-c", "pass"])

def family(name):
    look(name)
    child(named(f"{{name}}.child"))
    child(os.setsid, named(f"{{name}}.leader"), lambda: child(named(f"{{name}}.leader.child")), run)
    child(lambda: os.setpgid(0, 0), named(f"{{name}}.group"), lambda: child(named(f"{{name}}.group.child")), run)

def before():
    # There before the recording: leads a session inside its own namespace.
    os.setsid()
    print("ready", flush=True)
    sys.stdin.readline()
    family("inside")
    in_namespace(lambda: family("deeper"))

role = sys.argv[2]
if role == "before":
    in_namespace(before)
else:
    family("host")
    in_namespace(lambda: family("new"))
    pidns = os.open(f"/proc/{{sys.argv[3]}}/ns/pid", os.O_RDONLY)
    set_into(pidns, named("entered"), lambda: child(named("entered.child")))
"""


def names() -> list[str]:
    families = ("host", "new", "inside", "deeper")
    members = ("", ".child", ".leader", ".leader.child", ".group", ".group.child")
    return [*(f"{family}{member}" for family in families for member in members), "entered", "entered.child"]


Told = dict[tuple[str, str], Alert]
"""By the event and the process that looks."""


def told(alerts: list[Alert], place: Path) -> Told:
    """The alerts, by the process that has looked before."""
    found: Told = {}
    looked: dict[object, str] = {}
    for alert in alerts:
        pid, kind, file = (alert.fields[name] for name in ("proc.pid", "evt.type", "evt.arg.name"))
        if kind == "openat" and file and Path(file).parent == place and not Path(file).name.startswith(COMM):
            looked[pid] = Path(file).name
            found[kind, looked[pid]] = alert
        elif kind == "execve" and pid in looked:
            found[kind, looked[pid]] = alert
    return found


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Told, Told]]:
    """What the processes saw, by file, and what was told live and out of the recording."""
    demand(lacking_for_sensor())
    alone()
    folder = tmp_path_factory.mktemp("sessions")
    place, file, rules = folder / "seen", folder / "all.scap", folder / "rules.yaml"
    place.mkdir()
    for name in (COMM, f"{COMM}-b"):
        (place / name).symlink_to(sys.executable)
    for sensor in sensor_under(RULES, folder):
        command = [place / COMM, "-c", PROGRAM, place]
        waiting = subprocess.Popen([*command, "before"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert waiting.stdin is not None and waiting.stdout is not None
        try:
            assert waiting.stdout.readline() == "ready\n"
            inner = subprocess.check_output(["pgrep", "--ns", str(waiting.pid), "-P", str(waiting.pid)], text=True)
            (middle,) = inner.split()
            (first,) = Path(f"/proc/{middle}/task/{middle}/children").read_text().split()
            with sensor.watch() as seen, recording(file) as recorded:
                subprocess.run([*command, "during", first], check=True)
                waiting.communicate("go\n")
        finally:
            waiting.kill()
            waiting.wait()
        assert waiting.returncode == 0
        demand_every_event(recorded.lost)
        rules.write_text("- required_engine_version: 0.57.0\n" + RULES)
        done = run("replay", file, "-r", rules, "-o", "json_output=true", "-o", "priority=debug")
        assert done.returncode == 0, done.stderr
        replayed = [Alert.parse(line) for line in done.stdout.splitlines() if line.startswith("{")]
        yield place, told(seen.of("look"), place), told(replayed, place)
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", names())
def test_live_and_replayed_are_what_the_process_sees(name: str, both: tuple[Path, Told, Told]) -> None:
    place, live, replayed = both
    own = [int(word) for word in (place / name).read_text().split()]
    for alerts in (live, replayed):
        fields = alerts["openat", name].fields
        assert [fields["proc.vpid"], fields["proc.sid"], fields["proc.vpgid"]] == own


@pytest.mark.parametrize("name", FIELDS)
def test_the_same_is_told(name: str, both: tuple[Path, Told, Told]) -> None:
    _place, live, replayed = both
    assert {who for kind, who in live if kind == "openat"} == {*names()}
    assert {who for kind, who in live if kind == "execve"} == {n for n in names() if n.endswith((".leader", ".group"))}
    assert {at: alert.fields[name] for at, alert in live.items()} == {at: replayed[at].fields[name] for at in live}
