"""The reference evaluator against the spec's sentences (rules-language.md, sections 9, 11, 12)."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from rules_helpers import parse

from yarak.rules.reference import Ancestors, matches

FIELDS: dict[str, Any] = {
    "proc.name": "Bash",
    "proc.pid": 42,
    "proc.aname": Ancestors(["sh", "systemd"]),
    "proc.aname[1]": "sh",
    "evt.failed": False,
    "evt.buffer": b"\xca\xfe\xba\xbe",
    "fd.name": "/etc/ssh/sshd_config",
    "fd.sip": ipaddress.ip_address("10.1.2.3"),
    "fd.types": ["file", "ipv4"],
    "empty.list": [],
    "argv.list": ["-a", "-bval", "--long", "-x", "-c", "last", "rest", "-a"],
    "b.six": "aGVsbG8",
}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("proc.name = Bash", True),
        ("proc.exe != x", False),
        ("not proc.exe = x", True),
        ("not (proc.exe != x)", True),
        ("proc.exe exists", False),
        ("proc.name exists", True),
        ("proc.name icontains BAS", True),
        ("proc.name glob 'B*h'", True),
        ("proc.name iglob 'b??h'", True),
        ("fd.name glob '/etc/*'", True),
        ("fd.name regex '/etc/.*'", True),
        ("fd.name regex 'etc'", False),
        ("fd.name pmatch (/etc/ssh)", True),
        ("fd.name pmatch (etc)", True),
        ("fd.name pmatch (/etc/ss)", False),
        ("fd.name pmatch (/*/ssh)", True),
        ("fd.name pmatch (/)", True),
        ("fd.name startswith oneof (/etc, /etc/ssh)", False),
        ("fd.name startswith anyof (/etc, /usr)", True),
        ("fd.name startswith allof (/etc, /etc/ssh)", True),
        ("proc.pid >= 42 and proc.pid < 43 and proc.pid in (1, 42)", True),
        ("evt.failed = false", True),
        ("evt.buffer bcontains feba and evt.buffer bstartswith CAFE", True),
        ("fd.sip = 10.0.0.0/8 and fd.sip in (10.1.2.3) and fd.sip != ::1", True),
        ("fd.types in (file, ipv4, x)", True),
        ("fd.types in (file)", False),
        ("fd.types intersects (file)", True),
        ("empty.list exists and empty.list in (x)", True),
        ("empty.list intersects (x)", False),
        ("proc.aname = systemd", True),
        ("proc.aname != systemd", True),
        ("not proc.aname = systemd", False),
        ("tolower(proc.name) = bash", True),
        ("basename(fd.name) = val(proc.name)", False),
        ("len(fd.types) = 2 and len(proc.name) = 4", True),
        ("concat(proc.name, '-', proc.aname[1]) = Bash-sh", True),
        ("concat(proc.name, proc.exe) exists", False),
        ("join('+', (proc.name, 'x', 5)) = Bash+x+5", True),
        ("join(',', fd.types) = 'file,ipv4'", True),
        ("b64(b.six) = hello", True),
        ("b64(proc.name) exists and b64(fd.name) exists", False),
        ("getopt(argv.list, 'ab:c:')[b] = val", True),
        ("getopt(argv.list, 'ab:c:')[c] = last", True),
        ("getopt(argv.list, 'ab:c:')[z] exists", False),
        ("getopt(argv.list, 'ab:c:') intersects ('?')", True),
    ],
)
def test_matches(condition: str, expected: bool) -> None:
    assert matches(parse(condition), FIELDS) is expected
