"""Rules about the network. The address is of a documentation range and exists only in the stand-in's own namespace."""

from __future__ import annotations

import re

from livekit.stage import Case, Stand


def connected(port: int) -> tuple[str, ...]:
    """Steps that connect to port at an outside address, without leaving the machine."""
    return ("private-network 203.0.113.9", f"listen 203.0.113.9 {port}", f"connect 203.0.113.9 {port}")


NETWORK_CASES = (
    Case(
        "Network connection put in place of standard input",
        "Critical",
        fires=Stand("backdoor", (*connected(4444), "dup-connection 0")),
        silent=Stand("backdoor", (*connected(4444), "dup-connection 9")),
        fields={"fd.name": re.compile(r"203\.0\.113\.9:\d+->203\.0\.113\.9:4444"), "proc.exepath": "{bin}/backdoor"},
    ),
    Case(
        "SSH to an unusual port",
        "Informational",
        fires=Stand("ssh", connected(443)),
        silent=Stand("ssh", connected(22)),
        fields={"fd.name": re.compile(r"203\.0\.113\.9:\d+->203\.0\.113\.9:443"), "proc.exepath": "{bin}/ssh"},
    ),
    Case(
        "Raw packets read by an unknown program",
        "Notice",
        fires=Stand("sniffer", ("packet-socket",)),
        silent=Stand("sniffer", connected(80)),
        fields={"proc.exepath": "{bin}/sniffer", "evt.args": re.compile(r".*\(AF_PACKET\).*")},
    ),
)
