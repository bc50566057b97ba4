"""What makes the upstream rules that concern containers fire, inside a real one, and what must not."""

from __future__ import annotations

import re

from livekit.alerts import Expected
from livekit.stage import Case, Inside, Run

LISTEN = ("listen 127.0.0.1 4000", "connect 127.0.0.1 4000")
ACTOR: dict[str, Expected] = {"user.name": "root", "user.uid": 0, "proc.name": "actor", "proc.exepath": "/bin/actor"}

CONTAINER_CASES = (
    Case(
        "Terminal shell in container",
        "Notice",
        fires=Run(("/bin/sh", "-c", ":"), inside=True, terminal=True),
        silent=Run(("/bin/sh", "-c", ":"), inside=True),
        fields={
            "user.name": "root",
            "proc.name": "sh",
            "proc.exepath": "/bin/busybox",
            "proc.pname": re.compile("runc.*|conmon"),
            "proc.cmdline": "sh -c :",
            "proc.tty": lambda tty: tty > 0,
            "evt.type": "execve",
        },
    ),
    Case(
        "Netcat Remote Code Execution in Container",
        "Warning",
        fires=Run(("/bin/nc", "127.0.0.1", "9", "-e", "/bin/true"), inside=True, tolerant=True),
        silent=Run(("/bin/nc", "127.0.0.1", "9"), inside=True, tolerant=True),
        fields={"proc.name": "nc", "proc.cmdline": "nc 127.0.0.1 9 -e /bin/true", "evt.type": "execve"},
    ),
    Case(
        "Packet socket created in container",
        "Notice",
        fires=Inside(("packet-socket",)),
        silent=Inside(("listen 127.0.0.1 4001",)),
        fields={**ACTOR, "evt.type": "socket", "evt.args": re.compile(r".*\(AF_PACKET\).*")},
    ),
    Case(
        "Redirect STDOUT/STDIN to Network Connection in Container",
        "Notice",
        fires=Inside((*LISTEN, "dup-connection 0")),
        silent=Inside((*LISTEN, "dup-connection 9")),
        fields={
            **ACTOR,
            "evt.type": "dup2",
            "fd.type": "ipv4",
            "fd.sip": "127.0.0.1",
            "fd.name": re.compile(r"127\.0\.0\.1:\d+->127\.0\.0\.1:4000"),
        },
    ),
    Case(
        "Linux Kernel Module Injection Detected",
        "Warning",
        fires=Inside(("try init-module",)),
        silent=Inside(("try delete-module yarak_none",)),
        fields={**ACTOR, "evt.type": "init_module", "evt.res": re.compile("E[A-Z]+"), "proc.args": "try init-module"},
    ),
    Case(
        "Linux Kernel Module Injection Detected",
        "Warning",
        fires=Inside(("try finit-module /bin/busybox",)),
        silent=Inside(("read /bin/busybox",)),
        fields={**ACTOR, "evt.type": "finit_module", "evt.res": re.compile("E[A-Z]+")},
    ),
    Case(
        "Detect release_agent File Container Escapes",
        "Critical",
        fires=Inside(("write /tmp/release_agent",)),
        silent=Inside(("write /tmp/release_notes",)),
        fields={
            **ACTOR,
            "fd.name": "/tmp/release_agent",
            "thread.cap_effective": re.compile(".*CAP_SYS_ADMIN.*"),
            "evt.type": "openat",
        },
    ),
    Case(
        "Drop and execute new binary in container",
        "Critical",
        fires=Run(("/bin/sh", "-c", "cp /bin/busybox /tmp/true && /tmp/true"), inside=True),
        silent=Run(("/bin/true",), inside=True),
        fields={"proc.name": "true", "proc.exepath": "/tmp/true", "proc.exe": "/tmp/true", "evt.type": "execve"},
    ),
)

API_SERVER = "127.0.0.7"
"""What a cluster's names call its API server, for the sensor that they are told to (test_upstream_rules.py)."""
CLUSTER_CASES = (
    Case(
        "Contact K8S API Server From Container",
        "Notice",
        fires=Inside((f"listen {API_SERVER} 6443", f"connect {API_SERVER} 6443")),
        silent=Inside(("listen 127.0.0.8 6443", "connect 127.0.0.8 6443")),
        fields={
            **ACTOR,
            "evt.type": "connect",
            "fd.name": re.compile(rf"127\.0\.0\.\d:\d+->{re.escape(API_SERVER)}:6443"),
            "fd.rport": 6443,
            "fd.type": "ipv4",
            "fd.l4proto": "tcp",
        },
    ),
)
