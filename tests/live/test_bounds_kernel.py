"""The kernel's own tables, filled: they keep to their bounds, what found no room is counted, and events go on being
told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from livekit.cgroup import own_folder
from livekit.maps import keys
from livekit.patience import PATIENCE
from livekit.probe import Probe
from livekit.requirements import demand, lacking_for_io_uring, lacking_for_sensor

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

MOUNTS, CGROUPS, NAMES, REQUESTS = 4096, 16_384, 4096, 16_384
"""Bounds, as sensor/maps.h has them."""
SECONDS = 120 * PATIENCE


@contextmanager
def running(folder: Path, rule: str, under: tuple[str, ...] = ()) -> Iterator[Probe]:
    demand(lacking_for_sensor())
    (folder / "rules.yaml").write_text(f"- rule: told\n  desc: Told.\n  priority: WARNING\n{rule}")
    probe = Probe(folder / "rules.yaml", {}, under=under)
    try:
        yield probe
    finally:
        probe.end()


class Worker:
    """A program that does a step at each line that it reads, and says so by a line."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def step(self, word: str = "") -> str:
        """Has it do the next step."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        assert said, f"it has ended: {self._process.wait(SECONDS)}"
        return said.strip()

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def working(*command: str) -> Iterator[Worker]:
    worker = Worker(list(command))
    try:
        yield worker
    finally:
        worker.end()


def told(probe: Probe) -> list[str]:
    alerts = [alert for look in probe.looks for alert in look["alerts"]]
    return [alert["output"].partition("Warning ")[2] for alert in alerts]


def wait_for(probe: Probe, wanted: Callable[[], bool]) -> dict[str, int]:
    """The counters, once it is so."""
    counters: dict[str, int] = probe.wait_for(lambda _look: wanted(), SECONDS)["counters"]
    return counters


# Mounts. The sensor goes by the mounts of the first process: here it sees its own namespace's in their place, so that
# nobody else on the host sees these, and all of them go with it.

OWN_MOUNTS = (
    "unshare", "--mount", "--propagation", "private", "sh", "-c",
    'mount --bind /proc/$$/mountinfo /proc/1/mountinfo && exec "$@"', "sh",
)  # fmt: skip
MOUNTED = MOUNTS + 100
MOUNT = f"""\
import ctypes, os, sys
place = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
def mount(number):
    path = f"{{place}}/{{number}}"
    os.mkdir(path)
    assert libc.mount(b"none", path.encode(), b"tmpfs", 0, b"size=4k") == 0, os.strerror(ctypes.get_errno())
    open(f"{{path}}/held", "w").close()
    os.symlink(f"{{path}}/held", f"{{place}}/link-{{number}}")
sys.stdin.readline()
for number in range({MOUNTED}):
    mount(number)
print("mounted", flush=True)
sys.stdin.readline()
for number in range({MOUNTED}):
    open(f"{{place}}/link-{{number}}").close()
print("looked", flush=True)
sys.stdin.readline()
for number in range({MOUNTED} - 10):
    assert libc.umount(f"{{place}}/{{number}}".encode()) == 0
print("unmounted", flush=True)
sys.stdin.readline()
mount({MOUNTED})
print("mounted", flush=True)
"""


def test_mounts(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    rule = f"""\
  condition: >
    evt.type in (open, openat) and fd.name startswith {place}/ and fd.name endswith /held and evt.is_open_write = false
  output: "%fd.realpath"
"""
    with (
        running(tmp_path, rule, OWN_MOUNTS) as probe,
        working("nsenter", "--mount", "--target", str(probe.pid), sys.executable, "-c", MOUNT, str(place)) as worker,
    ):
        before = len(keys(probe.pid, "mounts"))
        worker.step()
        wait_for(probe, lambda: len(keys(probe.pid, "mounts")) == MOUNTS)
        probe.wait_for(lambda look: look["counters"]["n_mounts_untold"] >= MOUNTED + before - MOUNTS)
        # A file's real name is found either way; those without a place in the table by the mounts of who opens it.
        worker.step()
        wait_for(probe, lambda: len(told(probe)) >= MOUNTED)
        assert sorted(told(probe)) == sorted(f"{place}/{number}/held" for number in range(MOUNTED))
        assert len(keys(probe.pid, "mounts")) == MOUNTS
        # Where there is room again, nothing is untold.
        worker.step()
        wait_for(probe, lambda: len(keys(probe.pid, "mounts")) == before + 10)
        count = probe.looks[-1]["counters"]["n_mounts_untold"]
        worker.step()
        assert wait_for(probe, lambda: len(keys(probe.pid, "mounts")) == before + 11)["n_mounts_untold"] == count


# Cgroups: the table puts out the longest unused, and asks again.

GROUPS = CGROUPS + 1000
MOVE = f"""\
import os, sys
place, seen, told = sys.argv[1:]
def look_from(number, file):
    with open(f"{{place}}/{{number:064x}}/cgroup.procs", "w") as procs:
        procs.write("0")
    open(file).close()
sys.stdin.readline()
for number in range({GROUPS}):
    os.mkdir(f"{{place}}/{{number:064x}}")
    look_from(number, seen)
print("moved", flush=True)
look_from(int(sys.stdin.readline()), told)
print("back", flush=True)
"""


@contextmanager
def groups() -> Iterator[Path]:
    """A folder for cgroups, which go with whoever is in them."""
    outside = own_folder()
    place = outside / f"yk-bounds-{os.getpid()}" / "docker"
    place.mkdir(parents=True)
    try:
        yield place
    finally:
        for group in place.iterdir():
            if group.is_dir():
                for pid in (group / "cgroup.procs").read_text().split():
                    (outside / "cgroup.procs").write_text(pid)
                group.rmdir()
        place.rmdir()
        place.parent.rmdir()


def test_cgroups(tmp_path: Path) -> None:
    seen, file = tmp_path / "seen", tmp_path / "told"
    seen.touch()
    file.touch()
    rule = f"""\
  condition: >
    evt.type in (open, openat) and fd.name in ({seen}, {file}) and container.id != host
    and (fd.name = {file} or container.id = nobody)
  output: "%container.full_id"
"""

    def known() -> set[int]:
        return {int.from_bytes(key, "little") for key in keys(probe.pid, "cgroups")}

    with (
        groups() as place,
        running(tmp_path, rule) as probe,
        working(sys.executable, "-c", MOVE, str(place), str(seen), str(file)) as worker,
    ):
        worker.step()
        ids = [(place / f"{number:064x}").stat().st_ino for number in range(GROUPS)]
        wait_for(probe, lambda: ids[-1] in known() or probe.looks[-1]["counters"]["n_events_to_userspace"] > GROUPS)
        left = known()
        assert CGROUPS // 2 < len(left) <= CGROUPS
        forgotten = next(number for number, one in enumerate(ids) if one not in left)
        worker.step(str(forgotten))
        wait_for(probe, lambda: bool(told(probe)))
        assert told(probe) == [f"{forgotten:064x}"]
        counters = wait_for(probe, lambda: ids[forgotten] in known())
        assert counters["n_cgroups_forgotten"] == 0 and not any(look["gap"] for look in probe.looks)


# Requests of io_uring: names first, then those without.

RINGER = "yk-ringer"
ENTRIES = 4096
WAITING = {"names": NAMES + 100, "requests": REQUESTS + 100}
RING = f"""\
import ctypes, mmap, os, socket, struct, sys
OPENAT, RECV, MKDIRAT = 18, 27, 37
IOSQE_ASYNC, SQ_RING, SQES = 1 << 4, 0, 0x10000000
place, entries = sys.argv[1], {ENTRIES}
libc = ctypes.CDLL(None, use_errno=True)
params = ctypes.create_string_buffer(120)
ring = libc.syscall(425, entries, params)
assert ring >= 0, os.strerror(ctypes.get_errno())
head, tail, mask, number, flags, dropped, array = struct.unpack_from("7I", params.raw, 40)
rings = mmap.mmap(ring, array + 4 * entries, flags=mmap.MAP_SHARED, offset=SQ_RING)
sqes = mmap.mmap(ring, 64 * entries, flags=mmap.MAP_SHARED, offset=SQES)
submitted = 0
def submit(requests):
    global submitted
    for at in range(0, len(requests), entries):
        batch = requests[at:at + entries]
        begin, = struct.unpack_from("I", rings, tail)
        for place_in_ring, sqe in enumerate(batch, begin):
            index = place_in_ring & (entries - 1)
            sqes[64 * index:64 * index + 64] = (sqe + struct.pack("IQ", 0, submitted)).ljust(64, b"\\0")
            submitted += 1
            struct.pack_into("I", rings, array + 4 * index, index)
        struct.pack_into("I", rings, tail, (begin + len(batch)) & 0xffffffff)
        assert libc.syscall(426, ring, len(batch), 0, 0, 0, 0) == len(batch)
def sqe(op, fd, address, length, flags=0):
    return struct.pack("=BBHiQQI", op, flags, 0, fd, 0, address, length)
def step(said):
    print(said, flush=True)
    sys.stdin.readline()
sys.stdin.readline()
fifo = ctypes.create_string_buffer(f"{{place}}/fifo".encode())
submit([sqe(OPENAT, -100, ctypes.addressof(fifo), 0, IOSQE_ASYNC)] * {WAITING["names"]})
step("names")
silent, other = socket.socketpair()
space = ctypes.create_string_buffer(16)
submit([sqe(RECV, silent.fileno(), ctypes.addressof(space), 16)] * {WAITING["requests"]})
step("requests")
made = ctypes.create_string_buffer(f"{{place}}/made".encode())
submit([sqe(MKDIRAT, -100, ctypes.addressof(made), 0o700)])
step("made")
"""
MKDIRAT_ALONE = (
    RING.partition("sys.stdin.readline()\nfifo")[0]
    + """
sys.stdin.readline()
made = ctypes.create_string_buffer(f"{place}/later".encode())
submit([sqe(MKDIRAT, -100, ctypes.addressof(made), 0o700)])
step("made")
"""
)


def test_requests_of_io_uring(tmp_path: Path) -> None:
    demand(lacking_for_io_uring())
    program = tmp_path / RINGER
    program.symlink_to(sys.executable)
    os.mkfifo(tmp_path / "fifo")
    rule = f"""\
  condition: evt.type in (openat, recvfrom, mkdirat) and evt.is_io_uring = true and proc.name = {RINGER}
  output: "%evt.type %evt.is_res_assumed %evt.arg.path"
"""

    def of(kind: str) -> list[str]:
        return [line for line in told(probe) if line.startswith(kind)]

    with running(tmp_path, rule) as probe:
        with working(str(program), "-c", RING, str(tmp_path)) as worker:
            assert worker.step() == "names"
            wait_for(probe, lambda: len(keys(probe.pid, "ring_names")) == NAMES)
            untold = WAITING["names"] - NAMES
            wait_for(probe, lambda: len(of("openat")) >= untold)
            assert of("openat") == ["openat true <NA>"] * untold
            assert worker.step() == "requests"
            wait_for(probe, lambda: len(keys(probe.pid, "ring_requests")) == REQUESTS)
            untold = WAITING["requests"] + NAMES - REQUESTS
            wait_for(probe, lambda: len(of("recvfrom")) >= untold)
            assert of("recvfrom") == ["recvfrom true <NA>"] * untold
            assert len(keys(probe.pid, "ring_users")) <= REQUESTS
            assert worker.step() == "made"
            wait_for(probe, lambda: bool(of("mkdirat")))
            # Whatever comes of it, which waits behind what opens the pipe.
            assert of("mkdirat") == [f"mkdirat true {tmp_path}/made"]
            probe.wait_for(lambda look: look["counters"]["n_io_uring_unknown"] == len(told(probe)))
        # What waited is cancelled with its ring, more than its completion queue holds: there is room again.
        for name in ("ring_names", "ring_requests", "ring_users"):
            wait_for(probe, lambda name=name: not keys(probe.pid, name))  # type: ignore[misc]
        with working(str(program), "-c", MKDIRAT_ALONE, str(tmp_path)) as worker:
            assert worker.step() == "made"
            wait_for(probe, lambda: len(of("mkdirat")) == 2)
        assert of("mkdirat")[1] == f"mkdirat false {tmp_path}/later"
    shutil.rmtree(tmp_path)
