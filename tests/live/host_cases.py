"""What makes the upstream rules that concern the host fire, and what must not."""

from __future__ import annotations

import re

from livekit.alerts import Expected
from livekit.stage import Case, Run, Stand

BY_ROOT: dict[str, Expected] = {"user.name": "root", "user.uid": 0}


def by(name: str) -> dict[str, Expected]:
    """The fields by which the upstream outputs tell who did it, for the stand-in called name."""
    return {**BY_ROOT, "proc.name": name, "proc.exepath": f"{{bin}}/{name}"}


HOST_CASES = (
    Case(
        "Directory traversal monitored file read",
        "Warning",
        fires=Stand("traverser", ("read /tmp/../usr/../etc/hostname",)),
        silent=Stand("traverser", ("read /etc/hostname",)),
        fields={
            **by("traverser"),
            "fd.name": "/etc/hostname",
            "fd.nameraw": "/tmp/../usr/../etc/hostname",
            "evt.type": "openat",
        },
    ),
    Case(
        "Directory traversal monitored file read",
        "Warning",
        fires=Stand("prober", ("try read /tmp/../usr/../etc/{unique}",)),
        silent=Stand("prober", ("try read /etc/{unique}",)),
        fields={**by("prober"), "fd.name": "/etc/{unique}", "fd.nameraw": "/tmp/../usr/../etc/{unique}"},
    ),
    Case(
        "Read sensitive file trusted after startup",
        "Warning",
        fires=Stand("nginx", ("grow-old 5200", "read /etc/shadow")),
        silent=Stand("nginx", ("read /etc/shadow",)),
        fields={**by("nginx"), "fd.name": "/etc/shadow", "evt.type": "openat"},
    ),
    Case(
        "Read sensitive file untrusted",
        "Warning",
        fires=Stand("reader", ("read /etc/shadow",)),
        silent=Stand("reader", ("read /etc/passwd",)),
        fields={
            **by("reader"),
            "fd.name": "/etc/shadow",
            "evt.type": "openat",
            "proc.cmdline": "reader read /etc/shadow",
        },
    ),
    Case(
        "Read sensitive file untrusted",
        "Warning",
        fires=Stand("reader", ("legacy-read /etc/pam.d/other",)),
        silent=Stand("sshd", ("legacy-read /etc/shadow",)),
        fields={**by("reader"), "fd.name": "/etc/pam.d/other", "evt.type": "open"},
    ),
    Case(
        "Run shell untrusted",
        "Notice",
        fires=Stand("nginx", ("spawn /bin/sh -c :",)),
        silent=Stand("backup", ("spawn /bin/sh -c :",)),
        fields={
            **BY_ROOT,
            "proc.name": "sh",
            "proc.pname": "nginx",
            "proc.pexepath": "{bin}/nginx",
            "proc.cmdline": "sh -c :",
            "evt.type": "execve",
        },
    ),
    Case(
        "System user interactive",
        "Informational",
        fires=Stand("sshd", ("become 1", "spawn /bin/true")),
        silent=Stand("sshd", ("spawn /bin/true",)),
        fields={"user.name": "daemon", "user.uid": 1, "proc.name": "true", "proc.pname": "sshd", "evt.type": "execve"},
    ),
    Case(
        "Search Private Keys or Passwords",
        "Warning",
        fires=Run(("grep", "BEGIN RSA PRIVATE KEY", "/dev/null"), tolerant=True),
        silent=Run(("grep", "BEGIN CERTIFICATE", "/dev/null"), tolerant=True),
        fields={**BY_ROOT, "proc.name": "grep", "proc.cmdline": "grep BEGIN RSA PRIVATE KEY /dev/null"},
    ),
    Case(
        "Search Private Keys or Passwords",
        "Warning",
        fires=Run(("find", "{tmp}", "-name", "id_rsa")),
        silent=Run(("find", "{tmp}", "-name", "id_card")),
        fields={**BY_ROOT, "proc.name": "find", "proc.cmdline": "find {tmp} -name id_rsa"},
    ),
    Case(
        "Clear Log Activities",
        "Warning",
        fires=Stand("wiper", ("truncate {tmp}/auth.log",)),
        silent=Stand("wiper", ("append {tmp}/auth.log",)),
        fields={**by("wiper"), "fd.name": "{tmp}/auth.log", "evt.type": "openat"},
    ),
    Case(
        "Remove Bulk Data from Disk",
        "Warning",
        fires=Run(("sh", "-c", "echo scrap > {tmp}/scrap && shred -u {tmp}/scrap")),
        silent=Run(("sh", "-c", "echo scrap > {tmp}/scrap && rm {tmp}/scrap")),
        fields={**BY_ROOT, "proc.name": "shred", "proc.cmdline": "shred -u {tmp}/scrap"},
    ),
    Case(
        "Create Symlink Over Sensitive Files",
        "Warning",
        fires=Stand("linker", ("symlink /etc/shadow {tmp}/innocent",)),
        silent=Stand("linker", ("symlink /etc/hostname {tmp}/innocent2",)),
        fields={
            **by("linker"),
            "evt.arg.target": "/etc/shadow",
            "evt.arg.linkpath": "{tmp}/innocent",
            "evt.type": "symlink",
        },
    ),
    Case(
        "Create Hardlink Over Sensitive Files",
        "Warning",
        fires=Stand("linker", ("try link /etc/shadow {tmp}/copy", "try unlink {tmp}/copy")),
        silent=Stand("linker", ("write {tmp}/plain", "link {tmp}/plain {tmp}/copy2")),
        fields={**by("linker"), "evt.arg.oldpath": "/etc/shadow", "evt.arg.newpath": "{tmp}/copy", "evt.type": "link"},
    ),
    Case(
        "PTRACE attached to process",
        "Warning",
        fires=Stand("injector", ("attach",)),
        silent=Stand("injector", ("traceme",)),
        fields={**by("injector"), "evt.type": "ptrace", "proc.cmdline": "injector attach"},
    ),
    Case(
        "PTRACE anti-debug attempt",
        "Notice",
        fires=Stand("hider", ("traceme",)),
        silent=Stand("hider", ("attach",)),
        fields={**by("hider"), "evt.type": "ptrace", "proc.pname": "hider"},
    ),
    Case(
        "Find AWS Credentials",
        "Warning",
        fires=Run(("grep", "aws_secret_access_key", "/dev/null"), tolerant=True),
        silent=Run(("grep", "aws_region", "/dev/null"), tolerant=True),
        fields={**BY_ROOT, "proc.name": "grep", "proc.cmdline": "grep aws_secret_access_key /dev/null"},
    ),
    Case(
        "Execution from /dev/shm",
        "Warning",
        fires=Run(("sh", "-c", "cp /bin/true {shm}/tool && {shm}/tool")),
        silent=Run(("sh", "-c", "cp /bin/true {shm}/tool && cat {shm}/tool")),
        fields={**BY_ROOT, "proc.name": "tool", "proc.exepath": "{shm}/tool", "evt.res": "SUCCESS", "group.gid": 0},
    ),
    Case(
        "Disallowed SSH Connection Non Standard Port",
        "Notice",
        fires=Stand("ssh", ("private-network 203.0.113.7", "listen 203.0.113.7 443", "connect 203.0.113.7 443")),
        silent=Stand("ssh", ("private-network 203.0.113.7", "listen 203.0.113.7 22", "connect 203.0.113.7 22")),
        fields={
            **by("ssh"),
            "fd.name": re.compile(r"203\.0\.113\.7:\d+->203\.0\.113\.7:443"),
            "fd.type": "ipv4",
            "fd.l4proto": "tcp",
            "evt.type": "connect",
        },
    ),
    Case(
        "Fileless execution via memfd_create",
        "Critical",
        fires=Stand("dropper", ("exec-from-memory /bin/true",)),
        silent=Stand("dropper", ("spawn /bin/true",)),
        fields={
            **BY_ROOT,
            "proc.exepath": re.compile(r"/?memfd:stand-in.*"),
            "proc.pname": "dropper",
            "evt.res": "SUCCESS",
        },
    ),
    Case(
        "Write below etc",
        "Error",
        fires=Stand("editor", ("write /etc/{unique}", "unlink /etc/{unique}")),
        silent=Stand("editor", ("read /etc/passwd", "write {tmp}/etc")),
        fields={**by("editor"), "fd.name": "/etc/{unique}", "evt.type": "openat"},
    ),
    Case(
        "Write below root",
        "Error",
        fires=Stand("editor", ("write /root/{unique}", "unlink /root/{unique}")),
        silent=Stand("editor", ("write {tmp}/root",)),
        fields={**by("editor"), "fd.name": "/root/{unique}", "evt.type": "openat"},
    ),
    Case(
        "Write below root",
        "Error",
        fires=Stand("editor", ("write /{unique}", "unlink /{unique}")),
        silent=Stand("editor", ("append {tmp}/root",)),
        fields={**by("editor"), "fd.name": "/{unique}"},
    ),
)
