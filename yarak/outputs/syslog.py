"""`syslog_output`: messages to the system's log, under their priority and the default facility."""

from __future__ import annotations

import os
import syslog
from collections.abc import Sequence

from yarak.outputs.message import Message

SOCKET = "/dev/log"


class Syslog:
    """syslog(3): priorities 0 to 7 are its levels; it reconnects by itself and tells nobody when it cannot."""

    def write(self, batch: Sequence[Message]) -> None:
        """Raises: OSError when there is no socket to send to."""
        os.stat(SOCKET)
        for message in batch:
            syslog.syslog(message.priority, message.line)

    def reopen(self) -> None:
        syslog.closelog()

    def close(self) -> None:
        """The process's own log lines use the same connection."""
