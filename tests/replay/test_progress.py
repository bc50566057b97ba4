"""The bar that shows how far a replay is: on a terminal alone, and gone when it has ended."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

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


def environment() -> dict[str, str]:
    package = str(Path(__file__).parents[2])
    return {**os.environ, "PYTHONPATH": package, "TERM": "xterm", "COLUMNS": "100"}


def test_a_terminal_shows_it_and_a_pipe_gets_the_events_alone(file: Path) -> None:
    terminal = Terminal()
    command = [*COMMAND, str(file), *FORM]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal.near, env=environment(), timeout=60)
    shown = terminal.text()
    assert done.returncode == 0, shown
    assert done.stdout.decode().splitlines() == EXPECTED
    assert "100%" in shown and f"{EVENTS} events" in shown
    assert shown.rstrip("\r").endswith(ERASE_LINE)


def test_events_on_the_same_terminal_stand_whole_above_it(file: Path) -> None:
    terminal = Terminal()
    done = subprocess.run([*COMMAND, str(file), *FORM], stdout=terminal.near, stderr=terminal.near, env=environment(), timeout=60)
    shown = terminal.text()
    assert done.returncode == 0, shown
    lines = [line.rpartition(ERASE_LINE)[2].strip("\r") for line in shown.split("\n")]
    assert [line for line in lines if line in EXPECTED] == EXPECTED
    assert f"{EVENTS} events" in shown


def test_a_pipe_gets_none(file: Path) -> None:
    done = subprocess.run([*COMMAND, str(file), *FORM], capture_output=True, env=environment(), timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


def test_standard_input_has_none_since_its_end_is_not_known(file: Path) -> None:
    terminal = Terminal()
    with file.open("rb") as content:
        done = subprocess.run(
            [*COMMAND, "-", *FORM], stdin=content, stdout=subprocess.PIPE, stderr=terminal.near, env=environment(), timeout=60
        )
    assert terminal.text() == ""
    assert done.stdout.decode().splitlines() == EXPECTED
