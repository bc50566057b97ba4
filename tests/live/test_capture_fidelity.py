"""A capture written live and replayed says of every event what was said live."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from livekit.command import run
from livekit.fixtures import alone
from livekit.recording import perform
from livekit.requirements import demand, lacking_for_sensor
from livekit.sensor import OPTIONS, Sensor

pytestmark = pytest.mark.live

FIELDS = (
    "evt.type", "evt.res", "evt.rawres", "evt.args", "evt.cpu", "evt.category", "evt.is_io", "evt.failed", "fd.num",
    "fd.type", "fd.name", "fd.directory", "fd.filename", "fd.sip", "fd.sport", "fd.cip", "fd.cport", "fd.l4proto",
    "fs.path.name", "fs.path.source", "fs.path.target", "proc.pid", "proc.ppid", "proc.name", "proc.cmdline",
    "proc.exe", "proc.exepath", "proc.args", "proc.cwd", "proc.pname", "proc.pcmdline", "proc.aname[2]", "proc.sid",
    "proc.vpid", "proc.tty", "proc.loginuid", "proc.exe_ino", "proc.is_exe_writable", "proc.env[MARK]",
    "thread.tid", "thread.vtid", "thread.cap_effective", "user.uid", "user.name", "group.gid", "group.name",
    "container.id",
)  # fmt: skip

RULE = """\
- rule: Everything of the script
  desc: d
  condition: >
    evt.type != asyncevent and (proc.name = {name} or proc.pname = {name}) and proc.cmdline contains {mark}
    and not evt.type in (mmap, munmap, brk, futex, mprotect)
  output: "{fields}"
  priority: DEBUG
  capture: true
  capture_duration: 2000
"""

SCRIPT = """
import os, socket, subprocess, sys, threading
folder = {folder!r}  # {mark}
os.chdir(folder)
os.mkdir("d"); open("d/a", "w").write("text"); os.rename("d/a", "d/b"); os.chmod("d/b", 0o640)
os.symlink("b", "d/l"); open("d/l").read(); os.unlink("d/b")
fd = os.open("/etc/hostname", 0); os.read(fd, 10); os.dup2(fd, 60); os.close(fd); os.fstat(60); os.close(60)
server = socket.create_server(("127.0.0.1", 0)); client = socket.create_connection(server.getsockname())
peer, _ = server.accept(); client.send(b"ping"); peer.recv(4); client.close(); peer.close()
unix = socket.socket(socket.AF_UNIX); unix.bind(folder + "/socket"); unix.listen()
other = socket.socket(socket.AF_UNIX); other.connect(folder + "/socket"); other.send(b"x"); other.close()
udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); udp.sendto(b"x", ("::1", 5353))
subprocess.run(["/bin/sh", "-c", "cat /etc/hostname > /dev/null # {mark}"], env={{"MARK": "1"}})
thread = threading.Thread(target=open, args=["/etc/os-release"]); thread.start(); thread.join()
try: os.open("/nonexistent/{mark}", 0)
except OSError: pass
"""


@pytest.fixture(autouse=True)
def _able() -> Iterator[None]:
    demand(lacking_for_sensor())
    alone()
    yield


def _told(lines: list[str]) -> list[dict[str, Any]]:
    alerts = [json.loads(line) for line in lines if line.startswith("{")]
    return [alert["output_fields"] for alert in alerts if alert["rule"] == "Everything of the script"]


def test_replay_says_what_was_said_live(tmp_path: Path) -> None:
    mark, name = "yarak-fidelity", Path(sys.executable).name[:15]
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULE.format(name=name, mark=mark, fields=" ".join(f"{field}=%{field}" for field in FIELDS)))
    options = ("capture.enabled=true", f"capture.path_prefix={tmp_path}/cap", "capture.lookback=5000")
    sensor = Sensor([rules], tmp_path / "sensor", [*OPTIONS, *options])
    try:
        sensor.wait_until_armed()
        with sensor.watch():
            perform(SCRIPT.format(folder=str(tmp_path), mark=mark))
        sensor.wait_for_log("Capture file ")
    finally:
        assert sensor.stop() == 0, sensor.log
    (file,) = [path for path in tmp_path.glob("cap_*") if re.fullmatch(r"cap_\d+_\d+\.scap", path.name)]
    done = run("replay", file, "-r", rules, "-o", "json_output=true", "-o", "rule_matching=all", "-o", "priority=debug")
    assert done.returncode == 0, done.stderr
    live, replayed = _told(sensor.lines), _told(done.stdout.splitlines())
    assert len(live) > 100
    assert [one["evt.type"] for one in replayed] == [one["evt.type"] for one in live]
    different = {
        (one["evt.type"], field, repr(one.get(field)), repr(again.get(field)))
        for one, again in zip(live, replayed, strict=True)
        for field in FIELDS
        if one.get(field) != again.get(field)
    }
    assert not different, "\n".join(map(str, sorted(different)))
