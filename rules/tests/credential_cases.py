"""Rules about reading credentials."""

from __future__ import annotations

from livekit.stage import Case, Run, Stand

SSH_HOME = ("private-mounts", "tmpfs /root", "mkdir /root/.ssh")
AWS_HOME = ("private-mounts", "tmpfs /root", "mkdir /root/.aws", "write /root/.aws/credentials")

CREDENTIAL_CASES = (
    Case(
        "Password store read by an unknown program",
        "Warning",
        fires=Stand("reader", ("read /etc/shadow",)),
        silent=Run(("passwd", "-S", "root")),
        fields={"fd.name": "/etc/shadow", "proc.exepath": "{bin}/reader", "user.name": "root", "container.id": "host"},
    ),
    Case(
        "Password store read by an unknown program",
        "Warning",
        fires=Stand("passwd", ("symlink /etc/shadow {tmp}/link", "read {tmp}/link")),
        silent=Stand("reader", ("read /etc/passwd",)),
        fields={"proc.exepath": "{bin}/passwd"},
    ),
    Case(
        "Private SSH key read by another program",
        "Error",
        fires=Stand("thief", (*SSH_HOME, "write /root/.ssh/id_ed25519", "read /root/.ssh/id_ed25519")),
        silent=Stand("thief", (*SSH_HOME, "write /root/.ssh/id_ed25519.pub", "read /root/.ssh/id_ed25519.pub")),
        fields={"fd.name": "/root/.ssh/id_ed25519", "proc.exepath": "{bin}/thief"},
    ),
    Case(
        "Cloud or cluster credentials copied",
        "Warning",
        fires=Stand("person", (*AWS_HOME, "spawn /bin/cat /root/.aws/credentials")),
        silent=Stand("client", (*AWS_HOME, "read /root/.aws/credentials")),
        fields={
            "fd.name": "/root/.aws/credentials",
            "proc.pname": "person",
            "proc.cmdline": "cat /root/.aws/credentials",
        },
    ),
)
