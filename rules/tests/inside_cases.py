"""Rules about containers, performed inside a real one. Its id is unknown here; that it is not the host's is enough."""

from __future__ import annotations

import re

from livekit.alerts import Expected
from livekit.stage import Case, Inside, Run

CONTAINER: dict[str, Expected] = {"container.id": re.compile("[0-9a-f]{12}")}
ACTOR: dict[str, Expected] = {**CONTAINER, "proc.exepath": "/bin/actor"}

INSIDE_CASES = (
    Case(
        "Interactive shell in a container",
        "Notice",
        fires=Run(("/bin/sh", "-c", ":"), inside=True, terminal=True),
        silent=Run(("/bin/sh", "-c", ":"), inside=True),
        fields={**CONTAINER, "proc.cmdline": "sh -c :", "proc.tty": lambda tty: tty > 0},
    ),
    Case(
        "Program not of the image run in a container",
        "Critical",
        fires=Run(("/bin/sh", "-c", "cp /bin/busybox /tmp/true && /tmp/true"), inside=True),
        silent=Run(("/bin/true",), inside=True),
        fields={**CONTAINER, "proc.exepath": "/tmp/true"},
    ),
    Case(
        "Host control file written from a container",
        "Emergency",
        fires=Inside(("open-for-writing /proc/sys/kernel/core_pattern",)),
        silent=Inside(("read /proc/sys/kernel/core_pattern",)),
        fields={**ACTOR, "fd.name": "/proc/sys/kernel/core_pattern"},
    ),
    Case(
        "Host control file written from a container",
        "Emergency",
        fires=Inside(("creat /tmp/release_agent",)),
        silent=Inside(("creat /tmp/release_notes",)),
        fields={**ACTOR, "fd.name": "/tmp/release_agent"},
    ),
    Case(
        "Disk mounted in a container",
        "Critical",
        fires=Inside(("try mount /dev/yarak-none /mnt ext4",)),
        silent=Inside(("private-mounts", "tmpfs /mnt")),
        fields={**ACTOR, "evt.arg.dev": "/dev/yarak-none", "evt.arg.type": "ext4", "evt.res": re.compile("E[A-Z]+")},
    ),
    Case(
        "Raw disk or memory opened in a container",
        "Critical",
        fires=Inside(("write /dev/sdzz",)),
        silent=Inside(("write /dev/notes",)),
        fields={**ACTOR, "fd.name": "/dev/sdzz"},
    ),
    Case(
        "Namespace changed inside a container",
        "Warning",
        fires=Inside(("unshare mount",)),
        silent=Inside(("unshare uts",)),
        fields={**ACTOR, "evt.type": "unshare"},
    ),
    Case(
        "Namespace changed inside a container",
        "Warning",
        fires=Inside(("setns /proc/self/ns/uts",)),
        silent=Inside(("read /proc/self/ns/uts",)),
        fields={**ACTOR, "evt.type": "setns"},
    ),
    Case(
        "Password store read by an unknown program",
        "Warning",
        fires=Inside(("write /etc/shadow", "read /etc/shadow")),
        silent=Inside(("read /etc/passwd",)),
        fields={**ACTOR, "fd.name": "/etc/shadow"},
    ),
)
