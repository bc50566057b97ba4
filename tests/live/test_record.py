"""`yarak record`: files that are whole, ends that are clean, errors that say what to do."""

from __future__ import annotations

import gzip
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit.command import run
from livekit.fixtures import alone
from livekit.paths import REPOSITORY, yarak_command
from livekit.patience import PATIENCE
from livekit.recording import perform, recording
from livekit.requirements import demand, lacking_for_sensor

pytestmark = pytest.mark.live

SECTION, MACHINE, PROCESSES, EVENT, STATE_EVENT, DESCRIPTORS, INTERFACES, USERS, ADDITIONS = (
    0x0A0D0D0A, 0x201, 0x215, 0x216, 0x217, 0x218, 0x219, 0x220, 0xD9A70001,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _able() -> Iterator[None]:
    demand(lacking_for_sensor())
    alone()
    yield


def blocks(data: bytes) -> list[tuple[int, bytes]]:
    """Type and body of every block; AssertionError where a length or its repetition is wrong."""
    found, at = [], 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        assert length % 4 == 0 and at + length <= len(data)
        assert struct.unpack_from("<I", data, at + length - 4) == (length,)
        found.append((kind, data[at + 8 : at + length - 4]))
        at += length
    return found


def events(found: list[tuple[int, bytes]]) -> list[tuple[int, int, int]]:
    """Time, thread and id of every event."""
    heads = ((body[2:] if kind == EVENT else body[6:]) for kind, body in found if kind in (EVENT, STATE_EVENT))
    return [(ts, tid, number) for ts, tid, _, number in (struct.unpack_from("<QqIH", head) for head in heads)]


def test_a_recording_holds_everything_in_order(tmp_path: Path) -> None:
    file = tmp_path / "a.scap"
    with recording(file) as recorded:
        pid = perform("import os; os.rmdir('/nonexistent') if os.path.exists('/nonexistent') else None; os.dup2(1, 50)")
    found = blocks(file.read_bytes())
    kinds = [kind for kind, _ in found]
    assert kinds[:6] == [SECTION, MACHINE, INTERFACES, USERS, PROCESSES, ADDITIONS]
    first_event = kinds.index(EVENT)
    assert set(kinds[6:first_event]) == {DESCRIPTORS} and set(kinds[first_event:]) <= {EVENT, STATE_EVENT}
    told = events(found)
    assert len(told) == recorded.events and file.stat().st_size == recorded.bytes
    own = [number for _, tid, number in told if tid == pid]
    births, execve, dup2, end = {223, 225, 227, 335}, 293, 363, 186
    assert own[0] in births and own[-1] == end
    assert own.index(execve) < own.index(dup2)
    times = [ts for ts, tid, _ in told if tid == pid]
    assert times == sorted(times)
    assert file.stat().st_mode & 0o777 == 0o600


def test_compressed_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "a.scap.gz"
    with recording(file) as recorded:
        perform("pass")
    data = gzip.decompress(file.read_bytes())
    assert len(events(blocks(data))) == recorded.events
    assert file.stat().st_size == recorded.bytes < len(data)


def test_a_filter_keeps_what_readers_need_to_follow(tmp_path: Path) -> None:
    file = tmp_path / "a.scap"
    script = (
        f"import os; os.close(os.dup2(1, 50)); os.getpriority(0, 0); os.mkdir('{tmp_path}/d'); os.rmdir('{tmp_path}/d')"
    )
    with recording(file, "--filter", f"evt.type = mkdir and fs.path.name startswith {tmp_path}"):
        pid = perform(script)
    found = blocks(file.read_bytes())
    shown = [(kind, number) for kind, body in found for _, tid, number in events([(kind, body)]) if tid == pid]
    mkdir, rmdir, dup2, execve, generic = 277, 279, 363, 293, 1
    assert [number for kind, number in shown if kind == EVENT] == [mkdir]
    state = {number for kind, number in shown if kind == STATE_EVENT}
    assert {dup2, execve} <= state and not state & {generic, rmdir}


def test_the_time_is_up(tmp_path: Path) -> None:
    began = time.monotonic()
    done = run("record", tmp_path / "a.scap", "--duration", "1s")
    assert done.returncode == 0, done.stderr
    assert 1 <= time.monotonic() - began < 30 * PATIENCE
    assert done.stderr.count("\n") == 2 and "Recorded " in done.stderr


def test_rotated_files_stand_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.scap"
    with recording(file, "--rotate", "200kB,2") as recorded:
        for _ in range(40):
            perform("import os; [os.getpriority(0, 0) for _ in range(3000)]")
            if len(list(tmp_path.iterdir())) == 2 and not (tmp_path / "a-0001.scap").exists():
                break
    assert recorded.files > 2
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [f"a-{number:04}.scap" for number in (recorded.files - 1, recorded.files)]
    for path in tmp_path.iterdir():
        kinds = [kind for kind, _ in blocks(path.read_bytes())]
        assert kinds[0] == SECTION and PROCESSES in kinds


def test_standard_output(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*yarak_command(), "record", "-", "--quiet"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )
    assert process.stdout is not None
    first = process.stdout.read(4)
    process.send_signal(signal.SIGTERM)
    rest, errors = process.communicate(timeout=60 * PATIENCE)
    assert process.returncode == 0 and errors == b""
    assert blocks(first + rest)[0][0] == SECTION


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["/nonexistent/a.scap"], "there is no folder /nonexistent"),
        (["/"], "is a folder"),
        (["/dev/full"], "is no regular file"),
        (["a.scap", "--filter", "evt.type = nothing_like_it and"], "--filter"),
        (["a.scap", "--duration", "soon"], "'soon' is no time: write 30s, 5m, 1h30m"),
        (["a.scap", "--rotate", "10MB,none"], "'none' is no number of files to keep"),
        (["a.scap", "--rotate", "0"], "a file that is full at once is none"),
    ],
)
def test_what_cannot_be_recorded(tmp_path: Path, arguments: list[str], message: str) -> None:
    target = arguments[0] if arguments[0].startswith("/") else str(tmp_path / arguments[0])
    done = run("record", target, *arguments[1:])
    assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_ends_the_recording(tmp_path: Path) -> None:
    """A quiet machine has not so much to record: somebody opens files all the time."""
    mounts = f"mount -t tmpfs -o size=64k none {tmp_path}"
    with subprocess.Popen(["sh", "-c", "while :; do : </dev/null; done"]) as busy:
        try:
            done = run(
                "record",
                tmp_path / "a.scap",
                "--duration",
                "20s",
                under=("unshare", "--mount", "sh", "-c", f'{mounts} && exec "$0" "$@"'),
            )
        finally:
            busy.kill()
    assert done.returncode == 1
    assert "No space left on device" in done.stderr and str(tmp_path / "a.scap") in done.stderr
