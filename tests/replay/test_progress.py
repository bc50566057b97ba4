"""The bar that shows how far a replay is: on a terminal alone, and gone when it has ended."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import pytest
from capture_files import openat, process, processes, write

START = 1_700_000_000_000_000_000
EVENTS = 300
COMMAND = (sys.executable, "-P", "-m", "yarak", "replay")
FORM = ("-p", "%evt.num %fd.name")
EXPECTED = [f"{number} /etc/passwd" for number in range(1, EVENTS + 1)]
ERASE_LINE = "\x1b[2K"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    events = (openat(START + turn, 70, 3, "passwd") for turn in range(EVENTS))
    return write(tmp_path / "made.scap", processes(process(70, 1, "cat", cwd="/etc")), *events)


class Terminal:
    """The far end of a pseudo-terminal; what is written to the near one is read until that is closed."""

    def __init__(self) -> None:
        self._far, self.near = pty.openpty()
        self._seen = bytearray()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while chunk := self._chunk():
            self._seen += chunk

    def _chunk(self) -> bytes:
        try:
            return os.read(self._far, 4096)
        except OSError:
            return b""  # the near end is closed everywhere

    def text(self) -> str:
        """Everything that was written."""
        os.close(self.near)
        self._reader.join()
        os.close(self._far)
        return self._seen.decode()


Done = subprocess.CompletedProcess[bytes]


def replay(file: Path | str, stdin: IO[bytes] | None, stdout: int, stderr: int) -> Done:
    """`yarak replay` as a process of its own; it prints `EXPECTED`."""
    package = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": package, "TERM": "xterm", "COLUMNS": "100"}
    command = (*COMMAND, str(file), *FORM)
    return subprocess.run(command, stdin=stdin, stdout=stdout, stderr=stderr, env=environment, timeout=60, check=False)


def test_a_terminal_shows_it_and_a_pipe_gets_the_events_alone(file: Path) -> None:
    terminal = Terminal()
    done = replay(file, None, subprocess.PIPE, terminal.near)
    shown = terminal.text()
    assert done.returncode == 0, shown
    assert done.stdout.decode().splitlines() == EXPECTED
    assert "100%" in shown and f"{EVENTS} events" in shown
    assert shown.rstrip("\r").endswith(ERASE_LINE)


def test_events_on_the_same_terminal_stand_whole_above_it(file: Path) -> None:
    terminal = Terminal()
    done = replay(file, None, terminal.near, terminal.near)
    shown = terminal.text()
    assert done.returncode == 0, shown
    lines = [line.rpartition(ERASE_LINE)[2].strip("\r") for line in shown.split("\n")]
    assert [line for line in lines if line in EXPECTED] == EXPECTED
    assert f"{EVENTS} events" in shown


def test_a_pipe_gets_none(file: Path) -> None:
    done = replay(file, None, subprocess.PIPE, subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")


def test_standard_input_has_none_since_its_end_is_not_known(file: Path) -> None:
    terminal = Terminal()
    with file.open("rb") as content:
        done = replay("-", content, subprocess.PIPE, terminal.near)
    assert terminal.text() == ""
    assert done.stdout.decode().splitlines() == EXPECTED
