"""`yarak replay` on real and on made-up captures; what is expected was worked out by hand."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from capture_files import (
    SHADOW_RULE,
    Replayed,
    chars,
    event,
    i64,
    openat,
    process,
    processes,
    section,
    shared,
    u32,
    write,
)

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """cat, in /etc, opens files one second after the other."""
    return write(
        tmp_path / "made.scap",
        processes(process(1, 0, "init"), process(70, 1, "cat", cwd="/etc")),
        openat(START, 70, 3, "passwd"),
        openat(START + SECOND, 70, 4, "shadow"),
        event(START + 2 * SECOND, 70, 5, i64(0, 4)),
        openat(START + 3 * SECOND, 70, 4, "/etc/../etc/shadow"),
    )


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "rules.yaml"
    file.write_text(SHADOW_RULE)
    return file


def test_rules_see_the_captures_processes_and_time(replayed: Replayed, made: Path, rules: Path) -> None:
    alerts = [json.loads(line) for line in replayed(made, "-r", rules, "--json")]
    assert [alert["rule"] for alert in alerts] == ["Shadow", "Shadow"]
    assert [alert["output"].split(" ", 2)[2].split(" container_id")[0] for alert in alerts] == [
        "cat read /etc/shadow (2)",
        "cat read /etc/shadow (4)",
    ]
    assert alerts[0]["time"] == "2023-11-14T22:13:21.000000000Z"


def test_events_are_printed(replayed: Replayed, made: Path) -> None:
    assert replayed(made, "-p", "%evt.num %evt.type %fd.num %fd.name %proc.pname") == [
        "1 openat 3 /etc/passwd init",
        "2 openat 4 /etc/shadow init",
        "3 close 4 /etc/shadow init",
        "4 openat 4 /etc/shadow init",
    ]
    usual = replayed(made, "--print")
    assert len(usual) == 4 and usual[2].endswith("0 cat (70) < close res=0 fd=4(<f>/etc/shadow)")


def test_a_filter_chooses_events_for_rules_and_for_printing(replayed: Replayed, made: Path, rules: Path) -> None:
    assert replayed(made, "-p", "%evt.num", "--filter", "evt.type=openat and fd.num=4") == ["2", "4"]
    assert len(replayed(made, "-r", rules, "--filter", "evt.num > 2")) == 1


@pytest.mark.parametrize(
    ("begin", "until", "expected"),
    [
        ("1s", None, ["2", "3", "4"]),
        (None, "1s", ["1", "2"]),
        ("500ms", "2500ms", ["2", "3"]),
        ("1700000002", None, ["3", "4"]),
        ("2023-11-14T22:13:22Z", "2023-11-14T22:13:22.5Z", ["3"]),
    ],
)
def test_a_span_of_time(
    replayed: Replayed, made: Path, begin: str | None, until: str | None, expected: list[str]
) -> None:
    span = [*(["--at", begin] if begin else []), *(["--until", until] if until else [])]
    assert replayed(made, "-p", "%evt.num", *span) == expected


def test_state_comes_from_before_the_span_too(replayed: Replayed, made: Path) -> None:
    assert replayed(made, "-p", "%fd.name", "--at", "2s", "--until", "2s") == ["/etc/shadow"]


def test_several_files_are_numbered_through_and_each_has_its_own_state(
    replayed: Replayed, made: Path, tmp_path: Path
) -> None:
    other = write(tmp_path / "other.scap", event(START, 70, 5, i64(0, 3)))
    packed = tmp_path / "packed.scap.gz"
    packed.write_bytes(gzip.compress(made.read_bytes()))
    printed = replayed(packed, other, "-p", "%evt.num %proc.name %fd.name.")
    assert printed[0] == "1 cat /etc/passwd." and printed[4] == "5 <NA> ."


def test_users_are_the_captures(replayed: Replayed, tmp_path: Path) -> None:
    added = event(START, -1, 354, [u32(7777), u32(7777), chars("ann"), chars("/home/ann"), chars("/bin/sh"), chars("")])
    file = write(tmp_path / "a.scap", processes(process(70, 1, "cat", uid=7777)), added, openat(START, 70, 3, "/a"))
    assert replayed(file, "-p", "%user.name %user.homedir", "--filter", "evt.type=openat") == ["ann /home/ann"]


def test_processes_are_the_same_whether_descriptors_are_looked_at_or_not(replayed: Replayed) -> None:
    """Descriptors that nobody looks at are not followed."""
    file = shared() / "curl_google.scap"
    form = "%evt.num %evt.type %proc.name %proc.pid %proc.pname %proc.cmdline %proc.exepath %user.name %thread.tid"
    alone, beside = replayed(file, "-p", form), replayed(file, "-p", f"{form}|%fd.name")
    assert len(alone) > 500
    assert alone == [line.rpartition("|")[0] for line in beside]


def test_printed_events_as_json(replayed: Replayed, made: Path) -> None:
    first = json.loads(replayed(made, "-p", "%evt.num %fd.name", "--json")[0])
    assert first == {"evt.num": 1, "evt.time": START, "fd.name": "/etc/passwd"}


def test_what_stands_before_damage_is_replayed(replayed: Replayed, made: Path, tmp_path: Path) -> None:
    whole = made.read_bytes()
    cut = tmp_path / "cut.scap"
    cut.write_bytes(whole[:-10])
    assert replayed(cut, "-p", "%evt.num", exit_code=1) == ["1", "2", "3"]
    error = replayed.err  # type: ignore[attr-defined]
    assert f"{cut}: the file ends in the middle of a block: 10 bytes are missing (at byte " in error


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        (b"PK\3\4", [], "no capture file"),
        (b"", [], "empty"),
        (section(), ["--filter", "evt.type = "], "--filter"),
        (section(), ["--filter", "no.field = 1"], "no.field"),
        (section(), ["--print", "%no.field"], "no.field"),
        (section(), ["--at", "noon"], "noon"),
    ],
)
def test_what_cannot_be_replayed(
    replayed: Replayed, tmp_path: Path, content: bytes, arguments: list[str], message: str
) -> None:
    file = tmp_path / "a.scap"
    file.write_bytes(content)
    replayed(file, "-p", "%evt.num", *arguments, exit_code=1)
    assert message in replayed.err  # type: ignore[attr-defined]


def test_a_file_that_is_not_there(replayed: Replayed) -> None:
    replayed("/nonexistent.scap", "-p", exit_code=1)
    assert "/nonexistent.scap: No such file" in replayed.err  # type: ignore[attr-defined]


def test_a_real_capture(replayed: Replayed) -> None:
    form = "%evt.num %evt.type %fd.name"
    printed = replayed(shared() / "test_ipv6_client.scap", "-p", form, "--filter", "fd.type=ipv6")
    assert printed == [
        "200 socket ",
        "201 sendto :::0->::1:2345",
        "203 connect ::1:38255->::1:2345",
        "204 sendto ::1:38255->::1:2345",
        "206 connect ::1:38255->2001:4860:4860::8888:53",
        "207 sendto ::1:38255->2001:4860:4860::8888:53",
        "210 sendto ::1:38255->::1:2345",
    ]
