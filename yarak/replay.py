"""Captures replayed through rules: what the core needs, and what the service and the command make of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from yarak import compiler
from yarak.compiler import Compile, Inline
from yarak.config.settings import Settings
from yarak.errors import CaptureError, YarakError
from yarak.sensor import AlertLike, Started, format_settings, from_core

if TYPE_CHECKING:
    from yarak._core import Replay

EVENT_FORMAT: Final = "%evt.num %evt.outputtime %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.info"
"""How events are printed where nobody says how."""

ANY_EVENT: Final = "evt.num > 0"


def settings_json(
    settings: Settings,
    files: Sequence[str],
    *,
    hostname: str,
    begin: dict[str, int] | None = None,
    until: dict[str, int] | None = None,
) -> bytes:
    """The document that the core takes beside the plans; moments as `yarak.moments.parse` gives them."""
    return msgspec.json.encode(
        {
            "files": list(files),
            "from": begin,
            "until": until,
            "max_processes": settings.falco_libs.thread_table_size,
            "format": format_settings(settings),
            "hostname": hostname,
        }
    )


def open_core(
    settings: bytes, plan: bytes | None = None, condition: bytes | None = None, printer: bytes | None = None
) -> Replay:
    """Raises: CaptureError for a file that cannot be opened; YarakError when the core is not built."""
    try:
        from yarak import _core
    except ImportError as error:
        raise YarakError(f"Yarak's core cannot be loaded: {error}", hint="Build it with: make build") from None
    try:
        return _core.Replay(settings, plan, condition, printer)
    except _core.CoreError as error:
        raise from_core(error, CaptureError) from None


def condition_plan(
    condition: str,
    what: str,
    settings: Settings,
    output: str = "%evt.type",
    *,
    compiled: Compile = compiler.in_process,
) -> bytes:
    """The plan of one condition, as if it were a rule's; `what` it is called in errors.

    Raises: RulesError showing what is wrong in it.
    """
    rule = {
        "rule": what,
        "desc": what,
        "condition": condition,
        "output": output,
        "priority": "EMERGENCY",
        "warn_evttypes": False,
    }
    text = json.dumps([rule], ensure_ascii=False, indent=1)
    plain = msgspec.structs.replace(settings, rules=[], append_output=[])
    return compiler.accepted(compiled([Inline(what, text)], plain))


class ReplaySensor:
    """A replay in the sensor's place: see `yarak.sensor.SensorLike`."""

    def __init__(self, plan: bytes, settings: bytes) -> None:
        """Raises: CaptureError for a file that cannot be opened."""
        self._replay = open_core(settings, plan)

    def start(self) -> Started:
        """Nothing is there before the first event."""
        return {"rings": 0, "ring_bytes": 0, "cpus": 0, "processes": 0, "kernel": "", "late_strings": []}

    @property
    def ended(self) -> bool:
        """The file was read to its end."""
        return self._replay.ended

    def swap(self, plan: bytes, settings: bytes) -> None:
        """Raises: YarakError, always: a replay ends with the rules it began with."""
        raise YarakError("a replay keeps its rules")

    def wait(self, timeout: float) -> Sequence[AlertLike]:
        """Go on for at most so many seconds. Raises: CoreError for a damaged file."""
        return self._replay.wait(timeout)

    def take_gap(self) -> None:
        """Nothing is lost where events can wait."""

    def notices(self) -> list[dict[str, str | int]]:
        """No capture is written of a capture."""
        return []

    def counters(self) -> dict[str, int]:
        """Running totals by name."""
        return self._replay.counters()

    def stop(self) -> None:
        """Nothing runs between two waits."""


def moment(text: str | None) -> dict[str, Any] | None:
    """A point in time of the command line. Raises: ValueError."""
    from yarak import moments

    return None if text is None else moments.parse(text)
