"""The 32-bit entry: a 64-bit program that calls `int 0x80` is seen like any other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit.ia32 import built, call_all
from livekit.probe import Look, Probe
from livekit.requirements import demand, lacking_for_sensor
from livekit.sensor import Sensor

pytestmark = pytest.mark.live

NAME = "yk-ia32"
RULE = f"""\
- rule: Told
  desc: Told.
  condition: >
    (proc.name = {NAME} or proc.cmdline = "/bin/true of-32-bits" or proc.args = of-32-bits)
    and evt.type in (open, _llseek, llseek, pread, preadv, pwritev, unlink, umount, umount2, rename, oldstat, mmap,
                     mmap2, socket, connect, semget, semctl, semop, clock_gettime, execve)
  output: "%evt.type|%fd.name|%proc.args|%evt.args"
  priority: WARNING
"""

EXPECTED = {
    "open": r"open\|/etc/shadow\|.*name=/etc/shadow .*",
    "seek with halves of an offset": r"llseek\|.*fd=\d+.* offset=4294967298 .*",
    "read at such an offset": r"pread\|/etc/shadow\|.* size=8 pos=17179869187",
    "read in parts at an offset in halves": r"preadv\|/etc/shadow\|.* size=11 .* pos=25769803781",
    "write in parts at such an offset": r"pwritev\|/etc/shadow\|.* size=11 pos=18446744065119617031",
    "unlink": r"unlink\|.*res=-2\(ENOENT\) path=/yk/missing",
    "umount without flags": r"umount\|.*res=-2\(ENOENT\) name=/yk/missing",
    "umount2": r"umount2\|.*res=-2\(ENOENT\) name=/yk/missing flags=2\(DETACH\)",
    "rename": r"rename\|.*res=-2\(ENOENT\) oldpath=/yk/missing newpath=/tmp",
    "a call that nothing else has": r"oldstat\|.*",
    "mmap from a structure": r"mmap\|.* length=8192 prot=1\(PROT_READ\) .*\|MAP_ANONYMOUS\) fd=-1.* offset=0",
    "mmap2": r"mmap2\|.* length=12288 prot=1\(PROT_READ\) .* pgoffset=\d+",
    "socket through socketcall": r"socket\|.* domain=2\(AF_INET\) type=2 proto=0",
    "connect through socketcall": r"connect\|127\.0\.0\.1:\d+->127\.0\.0\.1:9\|.*",
    "semget through ipc": r"semget\|.* key=1234 nsems=6 .*",
    "semctl through ipc": r"semctl\|.* semid=-1 semnum=7 cmd=\d+\(SETVAL\) val=5",
    "semop through ipc": (
        r"semop\|.* nsops=2 sem_num_0=1 sem_op_0=-2 sem_flg_0=1\(IPC_NOWAIT\) sem_num_1=3 sem_op_1=4 .* semid=-1"
    ),
    "a call with times of 64 bits": r"clock_gettime\|.*",
    "execve with pointers of 32 bits": r"execve\|.*\|of-32-bits\|.*",
}
TWICE = "connect through socketcall"
"""The program connects once more, by the call of that name."""


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("ia32") / NAME)


def outputs(looks: list[Look]) -> list[str]:
    return [alert["output"].removeprefix("Warning ") for look in looks for alert in look["alerts"]]


@pytest.fixture(scope="module")
def told(caller: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    demand(lacking_for_sensor())
    rules = tmp_path_factory.mktemp("rules") / "rules.yaml"
    rules.write_text(RULE)
    probe = Probe(rules, {}, all_syscalls=True)
    try:
        call_all(caller)
        probe.wait_for(lambda _look: any("|of-32-bits|" in output for output in outputs(probe.looks)))
        yield outputs(probe.looks)
    finally:
        probe.end()


@pytest.mark.parametrize("what", EXPECTED)
def test_told_as_the_native_call(what: str, told: list[str]) -> None:
    found = [output for output in told if re.search(rf"\b{EXPECTED[what]}", output)]
    assert len(found) == (2 if what == TWICE else 1), "\n".join(told)


def test_open_through_the_32_bit_entry_raises_the_same_alert(caller: Path, yarak: Sensor) -> None:
    with yarak.watch() as seen:
        call_all(caller)
    fields = {"fd.name": "/etc/shadow", "evt.type": "open", "proc.name": NAME}
    seen.one("Read sensitive file untrusted", "Warning", fields)
