# ruff: noqa: E501 (one case, one line)
"""rules-language.md §9 to §12 as the core evaluates them: operators on types, literals, absent values, transformers."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

import pytest

pytest.importorskip("yarak._core", reason="the core is not built (make build)")

from yarak.testing import RuleSet

EVENTS: Final[dict[str, tuple[str, dict[str, Any], dict[str, Any]]]] = {
    "open": ("openat", {"name": "/etc/ssh/sshd_config", "flags": "O_RDONLY"}, {"result": 3, "fd": "/etc/ssh/sshd_config"}),
    "write": ("write", {"data": {"hex": "cafebabe00"}, "size": 5}, {"result": 5, "fd": "/tmp/x"}),
    "connect": ("connect", {"addr": "10.1.2.3:443"}, {"result": 0, "fd": {"num": 5, "socket": {"local": "192.168.1.5:40000", "remote": "10.1.2.3:443"}}}),
    "connect6": ("connect", {"addr": "[2001:db8::1]:53"}, {"result": 0, "fd": {"num": 5, "socket": {"local": "[2001:db8::2]:40000", "remote": "[2001:db8::1]:53"}}}),
}  # fmt: skip
PROCESS: Final = {
    "name": "Bash",
    "exepath": "/usr/bin/bash",
    "exe": "-bash",
    "args": ["aGVsbG8", "x"],
    "cwd": "/root/",
    "uid": 0,
    "loginuid": 1000,
    "env": {"A": "b c"},
    "parent": {"name": "sshd", "exepath": "/usr/sbin/sshd"},
}

GETOPT = "getopt(('-a', '-bval', '--long', '-x', '-c', 'last', 'rest', '-z'), 'ab:c:z')"
CLUSTER = "getopt(('-ab', '-c'), 'ab:c:')"

CASES: Final[dict[str, dict[str, bool]]] = {
    "open": {
        # text
        "proc.name = Bash": True,
        "proc.name == Bash": True,
        "proc.name = bash": False,
        "proc.name != bash": True,
        "proc.name != Bash": False,
        "proc.name exists": True,
        "proc.name contains as": True,
        "proc.name contains AS": False,
        "proc.name icontains AS": True,
        "proc.name icontains ''": True,
        "proc.name startswith Ba": True,
        "proc.name startswith a": False,
        "proc.name endswith sh": True,
        "proc.name endswith ''": True,
        "proc.name glob B*h": True,
        "proc.name glob b*h": False,
        "proc.name glob 'B?s[gh]'": True,
        "proc.name glob 'B?s[!h]'": False,
        "proc.name glob B*x": False,
        "proc.name iglob b*H": True,
        "fd.name glob /etc/*": True,
        "fd.name glob '*.conf'": False,
        "fd.name glob '/etc/ssh?sshd_config'": True,
        r"proc.name glob '\\Bash'": True,
        r"proc.name glob 'B\\*h'": False,
        "proc.name regex 'B.*'": True,
        "proc.name regex 'as'": False,
        "proc.name regex 'B(a|as|ash)'": True,
        "proc.name regex '(Ba|Bas)(sh|h)'": True,
        "proc.name regex '[[:alpha:]]+'": True,
        "proc.name regex '^Bash$'": True,
        "fd.name regex '/etc/[^/]+/.*_config'": True,
        "proc.name < 5": False,
        "proc.name > 5": True,
        "proc.name in (x, Bash)": True,
        "proc.name in (x, bash)": False,
        "proc.name in ()": False,
        "proc.name intersects (x, Bash)": True,
        "proc.name = anyof (x, Bash)": True,
        "proc.name != anyof (x, Bash)": True,
        "proc.name != allof (x, Bash)": False,
        "proc.name startswith oneof (B, Ba)": False,
        "proc.name startswith oneof (B, x)": True,
        "proc.name startswith anyof (B, Ba)": True,
        "proc.name startswith allof (B, Ba)": True,
        "proc.name startswith allof (B, x)": False,
        "proc.name glob allof (B*, *h)": True,
        "proc.name regex anyof ('x', 'B.*')": True,
        "proc.name contains oneof (x, y)": False,
        # paths
        "fd.name pmatch (/etc)": True,
        "fd.name pmatch (etc)": True,
        "fd.name pmatch (/etc/)": True,
        "fd.name pmatch (//etc//ssh)": True,
        "fd.name pmatch (/et)": False,
        "fd.name pmatch (/etc/ssh/sshd_config)": True,
        "fd.name pmatch (/etc/ssh/sshd_config/x)": False,
        "fd.name pmatch (/)": True,
        "fd.name pmatch (/*/ssh)": True,
        "fd.name pmatch ('/e?c/s[a-s]h')": True,
        "fd.name pmatch (/*/*/*/*)": False,
        "fd.name pmatch (/usr, /etc/ssh/x, /etc)": True,
        "fd.name pmatch (/etc/x, /*/ssh)": True,
        "fd.name pmatch (/usr)": False,
        # numbers
        "fd.num = 3": True,
        "fd.num = +3": True,
        "fd.num = ' 3'": True,
        "fd.num != 4": True,
        "fd.num < 4": True,
        "fd.num <= 3": True,
        "fd.num > 3": False,
        "fd.num >= 3": True,
        "fd.num in (1, 3)": True,
        "fd.num intersects (1, 2)": False,
        "fd.num > -1": True,
        "fd.num = anyof (1, 3)": True,
        "user.loginuid = 1000": True,
        "user.uid = 0": True,
        "user.uid < 4294967295": True,
        # truth values
        "evt.is_open_read = true": True,
        "evt.is_open_read != true": False,
        "evt.is_open_write = false": True,
        "evt.failed in (false)": True,
        # absent values
        "fd.sip exists": False,
        "fd.sip = 10.0.0.1": False,
        "fd.sip != 10.0.0.1": False,
        "fd.sip in (10.0.0.1)": False,
        "not fd.sip = 10.0.0.1": True,
        "not fd.sip != 10.0.0.1": True,
        "not (fd.sip = 10.0.0.1 or fd.sip exists)": True,
        "not (fd.sip = 10.0.0.1 and proc.name = Bash)": True,
        "proc.aname[7] = x": False,
        "not proc.aname[7] = x": True,
        "proc.env[NONE] exists": True,
        "proc.env[NONE] = ''": True,
        "proc.env[A] = 'b c'": True,
        "proc.name = val(fs.path.target)": False,
        "not proc.name = val(fs.path.target)": True,
        "proc.name != val(fs.path.target)": False,
        # ancestors
        "proc.aname = sshd": True,
        "proc.aname != sshd": True,
        "proc.aname = nothing": False,
        "not proc.aname = sshd": False,
        "not proc.aname = nothing": True,
        "proc.aname in (x, sshd)": True,
        "proc.aname[1] = sshd": True,
        "proc.aname[1] != sshd": False,
        "proc.aname[0] = Bash": True,
        # transformers
        "tolower(proc.name) = bash": True,
        "toupper(proc.name) = BASH": True,
        "tolower(toupper(proc.name)) = bash": True,
        "toupper(fd.name) startswith /ETC": True,
        "basename(fd.name) = sshd_config": True,
        "basename(proc.name) = Bash": True,
        "basename(proc.cwd) = ''": True,
        "len(proc.name) = 4": True,
        "len(fd.name) > 4": True,
        "b64(proc.args) exists": False,
        "b64(basename('x')) exists": False,
        "concat(proc.name, '-', proc.pname) = Bash-sshd": True,
        "concat(proc.name, fs.path.target) exists": False,
        "not concat(proc.name, fs.path.target) exists": True,
        "join('+', (proc.name, 'x', 5)) = Bash+x+5": True,
        "join('', ()) = ''": True,
        "join(',', (fs.path.target)) exists": False,
        "len(concat(proc.name, 'é')) = 6": True,
        f"{GETOPT}[a] = a": True,
        f"{GETOPT}[b] = val": True,
        f"{GETOPT}[c] = last": True,
        f"{GETOPT}[x] exists": False,
        f"{GETOPT}[z] exists": False,
        f"{GETOPT} intersects ('?')": True,
        f"len({GETOPT}) = 6": True,
        f"{CLUSTER}[b] = '-c'": True,
        f"{CLUSTER}[c] exists": False,
        "getopt(('-c'), 'c:')[c] = ''": True,
        "getopt(('-'), 'c')[c] exists": False,
        "getopt(('--', '-c'), 'c')[c] exists": False,
        "getopt(('', '-c'), 'c')[c] exists": False,
        "getopt(('-c1', '-c2'), 'c:')[c] = 2": True,
        # fields on the right side
        "proc.name = val(proc.name)": True,
        "proc.name = val(proc.pname)": False,
        "proc.name != val(proc.pname)": True,
        "proc.name = tolower(proc.name)": False,
        "tolower(proc.name) = tolower(proc.name)": True,
        "fd.num = val(fd.num)": True,
        "proc.name contains val(proc.name)": True,
        "proc.name in val(proc.name)": True,
        "proc.name startswith val(proc.pname)": False,
        # order of and, or, not
        "proc.name = x or proc.name = Bash and fd.num = 3": True,
        "(proc.name = x or proc.name = Bash) and fd.num = 4": False,
        "not proc.name = x and fd.num = 3": True,
        "proc.name = proc.name": False,
    },
    "write": {
        "evt.buffer exists": True,
        r"evt.buffer bcontains feba": True,
        "evt.buffer bcontains FEBA": True,
        "evt.buffer bcontains fe": True,
        "evt.buffer bcontains aaaa": False,
        "evt.buffer bstartswith cafe": True,
        "evt.buffer bstartswith feba": False,
        "evt.buffer contains x": False,
        "evt.buffer startswith x": False,
        "evt.buffer endswith x": False,
        "evt.buffer = x": False,
        "evt.buffer != x": True,
        "evt.buffer in (x, y)": False,
        "len(evt.buffer) = 5": True,
        "b64(evt.buffer) exists": False,
        "evt.is_io_write = true": True,
    },
    "connect": {
        "fd.sip = 10.1.2.3": True,
        "fd.sip = 10.1.2.4": False,
        "fd.sip != 10.1.2.4": True,
        "fd.sip = ::1": False,
        "fd.sip != ::1": True,
        "fd.sip in (1.1.1.1, 10.1.2.3)": True,
        "fd.sip intersects (10.1.2.3)": True,
        "fd.sip exists": True,
        "fd.snet = 10.0.0.0/8": True,
        "fd.snet = 10.1.2.3/32": True,
        "fd.snet = 10.2.0.0/16": False,
        "fd.snet != 10.2.0.0/16": True,
        "fd.snet in (192.168.0.0/16, 10.0.0.0/8)": True,
        "fd.snet = 2001:db8::/32": False,
        "fd.snet != 2001:db8::/32": True,
        "fd.snet = 0.0.0.0/0": True,
        "fd.ip = 10.1.2.3": True,
        "fd.ip = 192.168.1.5": True,
        "fd.ip = 1.1.1.1": False,
        "fd.ip != 1.1.1.1": True,
        "fd.ip != 10.1.2.3": False,
        "fd.ip in (10.1.2.3)": True,
        "fd.net = 192.168.0.0/16": True,
        "fd.port = 443": True,
        "fd.port = 40000": True,
        "fd.port = https": True,
        "fd.port != 443": False,
        "fd.port in (80, 443)": True,
        "fd.sport = https": True,
        "fd.sport = 443": True,
        "fd.sport > 400": True,
        "fd.sport < 400": False,
        "fd.sip = val(fd.sip)": True,
        "fd.sip = val(fd.cip)": False,
        "fd.sip = anyof (10.1.2.3, 1.1.1.1)": True,
        "fd.sip != allof (1.1.1.1, 2.2.2.2)": True,
    },
    "connect6": {
        "fd.sip = 2001:db8::1": True,
        "fd.sip = 2001:DB8:0:0::1": True,
        "fd.sip = 10.1.2.3": False,
        "fd.sip != 10.1.2.3": True,
        "fd.snet = 2001:db8::/32": True,
        "fd.snet = 2001:db9::/32": False,
        "fd.snet = 10.0.0.0/8": False,
        "fd.snet != 10.0.0.0/8": True,
        "fd.sport = domain": True,
    },
}


@cache
def holding(event: str) -> frozenset[str]:
    """The conditions that hold for an event, all compiled into one plan."""
    rules = [
        {
            "rule": condition,
            "desc": "d",
            "condition": condition,
            "output": "o",
            "priority": "INFO",
            "warn_evttypes": False,
        }
        for condition in CASES[event]
    ]
    found = RuleSet.of_text(json.dumps(rules), rule_matching="all")
    name, params, more = EVENTS[event]
    found.process({**PROCESS, "pid": 500})
    found.event(name, params, process=500, **more)
    return frozenset(found._trial.holding(0))


@pytest.mark.parametrize(
    ("event", "condition", "expected"),
    [(event, condition, expected) for event, cases in CASES.items() for condition, expected in cases.items()],
)
def test_it_holds(event: str, condition: str, expected: bool) -> None:
    assert (condition in holding(event)) is expected
