"""Where alerts go: a registry of sinks, each behind its own queue and thread.

A new output is a file with a class that has `write`, `reopen` and `close`, and one line in `SINKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from yarak.config import Settings
from yarak.errors import OutputError
from yarak.log import Log
from yarak.outputs.internal import Internal
from yarak.outputs.message import Message
from yarak.outputs.sink import Sink
from yarak.outputs.worker import Worker

DEFAULT_CAPACITY: Final = 16384
"""Messages that wait for one sink when `outputs_queue.capacity` is 0."""


def _stdout(settings: Settings) -> Sink | None:
    from yarak.outputs.stdout import Stdout

    return Stdout() if settings.stdout_output.enabled else None


def _file(settings: Settings) -> Sink | None:
    from yarak.outputs.file import File

    chosen = settings.file_output
    return File(chosen.filename, chosen.keep_alive) if chosen.enabled else None


def _syslog(settings: Settings) -> Sink | None:
    from yarak.outputs.syslog import Syslog

    return Syslog() if settings.syslog_output.enabled else None


SINKS: Final[Mapping[str, Callable[[Settings], Sink | None]]] = MappingProxyType(
    {"stdout": _stdout, "file": _file, "syslog": _syslog}
)
"""Name → makes the sink, or None when the settings leave it off."""


class Outputs:
    """All enabled sinks.

    Raises: OutputError when none is enabled or one cannot be set up.
    """

    def __init__(self, settings: Settings, hostname: str, log: Log) -> None:
        self._hostname = hostname
        self._json = settings.json_output
        self._timeout = settings.output_timeout / 1000
        capacity = settings.outputs_queue.capacity or DEFAULT_CAPACITY
        sinks = {name: sink for name, make in SINKS.items() if (sink := make(settings)) is not None}
        if not sinks:
            raise OutputError("No output is enabled: enable stdout_output, file_output or syslog_output")
        self.workers = [
            Worker(name, sink, capacity, log, self.render, settings.buffered_outputs) for name, sink in sinks.items()
        ]

    def render(self, internal: Internal) -> Message:
        """Give an internal message the form that alerts have."""
        return internal.message(self._hostname, self._json)

    def send(self, message: Message) -> None:
        """Queue `message` for every sink; never waits."""
        for worker in self.workers:
            worker.put(message)

    def wait_for_room(self, message: Message) -> None:
        """Wait until every sink can take `message`, or has held one write for too long."""
        for worker in self.workers:
            worker.wait_for_room(message, self._timeout)

    def tell(self, internal: Internal) -> None:
        """Queue an internal message for every sink."""
        self.send(self.render(internal))

    def reopen(self) -> None:
        """Open files anew (SIGUSR1)."""
        for worker in self.workers:
            worker.reopen()

    def check(self) -> None:
        """Once in a while: tell of sinks that hang.

        Raises: OutputError when every sink's other side is gone, because alerts would go nowhere.
        """
        for worker in self.workers:
            worker.check(self._timeout)
        if all(worker.broken for worker in self.workers):
            raise OutputError("Every output is closed by its reader: nobody would see an alert")

    @property
    def lost(self) -> int:
        """Messages that did not reach a sink, summed over sinks."""
        return sum(worker.lost for worker in self.workers)

    def close(self) -> None:
        """Write what waits, within `output_timeout`."""
        for worker in self.workers:
            worker.close(self._timeout)
