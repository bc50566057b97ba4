"""Enter events that old captures have and upgrading passes on: numbered like any event, and for no one to see."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from capture_files import Replayed, chars, event, i64, process, processes, u32, write

START = 1_700_000_000_000_000_000
AT_FDCWD = -100
SOCKADDR = b"\x02\x7f\x00\x00\x01\x50\x00"
NAME, FLAGS, MODE = chars("/etc/shadow"), u32(1), u32(0)
ENTERS: dict[int, list[bytes]] = {
    2: [NAME, FLAGS, MODE],
    22: [*i64(3), SOCKADDR],
    58: [NAME, MODE],
    306: [*i64(AT_FDCWD), NAME, FLAGS, MODE],
    326: [*i64(AT_FDCWD), NAME, FLAGS, MODE, u32(0)],
    292: [chars("/bin/cat")],
    330: [*i64(AT_FDCWD), chars("/bin/cat"), u32(0)],
}
"""Event → its parameters in the encoding that is passed on (core/schema/upgrades.tsv)."""
CLOSE = 5
RULES = """
- {rule: Anything, desc: d, condition: evt.num > 0, output: "%evt.num %evt.type", priority: INFO}
- {rule: Begun, desc: d, condition: evt.dir = ">", output: "%evt.num", priority: INFO}
- rule: Named
  desc: d
  condition: evt.type in (open, connect, creat, openat, openat2, execve, execveat)
  output: "%evt.num"
  priority: INFO
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Each of the calls begins, and in between something ends."""
    blocks = [processes(process(70, 1, "cat"))]
    for turn, (kind, params) in enumerate(ENTERS.items()):
        blocks.append(event(START + 2 * turn, 70, kind, params))
        blocks.append(event(START + 2 * turn + 1, 70, CLOSE, i64(0, 3)))
    return write(tmp_path / "old.scap", *blocks)


NUMBERS = [str(2 * turn + 2) for turn in range(len(ENTERS))]


@pytest.mark.parametrize("more", [[], ["--filter", "evt.num > 0"], ["--filter", "evt.type = close"]])
def test_they_have_numbers_and_are_not_printed(replayed: Replayed, file: Path, more: list[str]) -> None:
    assert replayed(file, "-p", "%evt.num", *more) == NUMBERS


def test_no_rule_sees_them(replayed: Replayed, file: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    alerts = replayed(file, "-r", rules, "-o", "rule_matching=all")
    assert [line.split()[2:4] for line in alerts] == [[number, "close"] for number in NUMBERS]


def test_their_time_bounds_a_span(replayed: Replayed, file: Path) -> None:
    assert replayed(file, "-p", "%evt.num", "--at", "1ns") == NUMBERS
    assert replayed(file, "-p", "%evt.num", "--until", "2ns") == NUMBERS[:1]


def test_what_only_the_enter_event_has_is_the_exit_event_s(replayed: Replayed, tmp_path: Path) -> None:
    """connect of 2022 told the address when it began alone."""
    tuple_ = b"\x02" + bytes((127, 0, 0, 1)) + struct.pack("<H", 40000) + bytes((127, 0, 0, 1)) + struct.pack("<H", 80)
    begun = event(START, 70, 22, [*i64(3), SOCKADDR])
    for params in ([*i64(0), tuple_], [*i64(0), tuple_, *i64(3)]):
        ended = event(START + 1, 70, 23, params)
        file = write(tmp_path / "old.scap", processes(process(70, 1, "cat")), begun, ended)
        assert replayed(file, "-p", "%evt.num %fd.num %evt.arg.addr") == ["2 3 127.0.0.1:80"]
