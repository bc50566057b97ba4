"""Each sink against the real thing."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from yarak.config import Settings
from yarak.errors import OutputError
from yarak.log import Log
from yarak.outputs import SINKS, Outputs
from yarak.outputs.file import File
from yarak.outputs.message import Message
from yarak.outputs.stdout import Stdout
from yarak.outputs.syslog import Syslog

BATCH = (Message(4, "one"), Message(2, "zwei ü"))


def test_stdout_writes_lines() -> None:
    reader, writer = os.pipe()
    Stdout(writer).write(BATCH)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as file:
        assert file.read() == "one\nzwei ü\n"


@pytest.mark.parametrize("keep_alive", [True, False])
def test_file_appends_and_survives_rotation(tmp_path: Path, keep_alive: bool) -> None:
    path = tmp_path / "events.txt"
    path.write_text("before\n")
    sink = File(str(path), keep_alive)
    sink.write(BATCH)
    path.rename(tmp_path / "old")
    if keep_alive:
        sink.write([Message(5, "still the old")])
    sink.reopen()
    sink.write([Message(5, "new")])
    sink.close()
    assert (tmp_path / "old").read_text().startswith("before\none\nzwei ü\n")
    assert path.read_text() == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_file_without_a_name_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="filename is empty"):
        File("", keep_alive=False)
    with pytest.raises(OutputError, match="No such file or directory"):
        File(str(tmp_path / "none" / "events.txt"), keep_alive=False)


def test_syslog_without_a_socket_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("yarak.outputs.syslog.SOCKET", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError):
        Syslog().write(BATCH)


SEND = """
import socket, sys
from yarak.outputs.syslog import Syslog
from yarak.outputs.message import Message
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind("/dev/log")
server.settimeout(20)
Syslog().write([Message(4, "one"), Message(2, "two")])
for _ in range(2):
    sys.stdout.write(server.recv(4096).decode().rstrip(chr(0)) + chr(10))
"""


def test_syslog_sends_priority_and_line(tmp_path: Path) -> None:
    """In a mount namespace of its own with an empty /dev, so that the machine's log sees nothing."""
    script = 'mount -t tmpfs none /dev && exec "$0" -c "$1"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, sys.executable, SEND],
        capture_output=True, text=True, check=False, timeout=60, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    if done.returncode != 0 and "Operation not permitted" in done.stderr:
        assert os.environ.get("CI") != "true", done.stderr
        pytest.skip("mount namespaces need root")
    assert done.returncode == 0, done.stderr
    user = 1 << 3
    first, second = done.stdout.splitlines()
    assert first.startswith(f"<{user | 4}>") and first.endswith(": one")
    assert second.startswith(f"<{user | 2}>") and second.endswith(": two")


def test_registry_has_every_sink_behind_its_key() -> None:
    assert set(SINKS) == {"stdout", "file", "syslog"}
    assert all(make(Settings()) is None for make in SINKS.values())


def test_no_output_at_all_is_refused() -> None:
    with pytest.raises(OutputError, match="No output is enabled"):
        Outputs(Settings(), "h", Log())
